"""What the pages print is what the program prints."""

import os
import re

from harness import PLAYBOOKD, ck, ck_eq

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, heading):
    """(language, text) of each fenced block below a heading of a page."""
    with open(os.path.join(ROOT, page), encoding="utf-8") as f:
        text = f.read().partition(f"\n## {heading}\n")[2].split("\n## ")[0]
    return [match.groups() for match in BLOCK.finditer(text)]


def test_the_flags_of_the_readme_are_those_of_help(t):
    status, out, err = t.command(PLAYBOOKD, "--help")
    ck_eq((status, err), (0, ""), "status, errors")
    ck(("", out) in blocks("README.md", "Flags"), f"README.md does not have:\n{out}")


def test_the_example_with_nearly_everything_is_right(t):
    (_, config), (_, verdict) = blocks("docs/configuration.md", "An example with nearly everything")
    path = t.write("playbookd.yml", config)
    status, out, err = t.command(PLAYBOOKD, "check-config", path)
    ck_eq((status, out.replace(path, "playbookd.yml"), err), (0, verdict, ""), "status, output, errors")
