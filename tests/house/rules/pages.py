# SPDX-License-Identifier: Apache-2.0
"""README.md and the pages of docs/ say what is there: paths, flags, links, decisions."""

import itertools
import re
import subprocess

from .tree import rule

README = "README.md"
API = "docs/api.md"
OPERATING = "docs/operating.md"
OPTIONS = "src/main/options.c"
ROUTE = re.compile(r"^### `([A-Z]+) (/[^`]*)`\n\n.* Right: `(\w+)`", re.MULTILINE)
# `POST /a/7/b`, as it is named on a page; a star behind it: with the operator's token.
SPAN = re.compile(r"`([A-Z]+) (/[^`?]*)[^`]*`( \\?\*)?")
OPTION = re.compile(r'^\t\{ "([a-z.-]+)", (NULL|"[A-Z]+"), (?:NULL|"[^"]*"|\w+),\s+(NULL)?', re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def section(text, title):
    """What stands below a heading of the second order."""
    return text.partition(f"\n## {title}\n")[2].split("\n## ")[0]


def route_patterns(text):
    """(method, pattern that its paths match, is the operator's token needed) of each route of the API's page."""
    return [(method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), right == "operate")
            for method, path, right in ROUTE.findall(text)]


@rule(
    bad_tree={
        API: "# x\n\n### `GET /a`\n\nAll. Right: `read`.\n\n### `GET /a/{id}`\n\nOne. Right: `read`.\n\n"
             "### `POST /a/{id}/end`\n\nEnd. Right: `operate`.\n",
        README: "# x\n`GET /a?b=c` `GET /a/{id}` `GET /gone` `POST /a/7/end` * `POST /a/7` `/etc`\n"
                "```\n`GET /code`\n```\n",
        "docs/a.md": "| `GET /a` * |\n",
    },
    bad_finds=[
        "^README.md: there is no 'GET /gone'",
        "^README.md: there is no 'POST /a/7'",
        "^docs/a.md: 'GET /a': .* token",
    ],
)
def every_route_that_a_page_names_is_there(root):
    routes = route_patterns((root / API).read_text())
    problems = []
    for page in [root / README, *sorted((root / "docs").glob("*.md"))]:
        for method, path, star in SPAN.findall(FENCED.sub("", page.read_text())):
            rights = [operate for verb, pattern, operate in routes if verb == method and pattern.fullmatch(path)]
            where = f"{page.relative_to(root)}: "
            if not rights:
                problems.append(f"{where}there is no '{method} {path}' in {API}")
            elif star and not rights[0]:
                problems.append(f"{where}'{method} {path}': nobody needs the operator's token for it")
    return problems


def api_page_is_printed_from_the_tables(root, program):
    """program prints what the page must be."""
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    there = (root / API).read_text()
    if there == printed:
        return []
    pairs = itertools.zip_longest(there.split("\n"), printed.split("\n"))
    number, (old, new) = next((i, pair) for i, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return [f"{API}:{number}: '{old}', where script/api-page prints '{new}'"]


OTHER_PAGE = {API: "# The API\n\n### `GET /a`\n"}
OTHER_PROGRAM = "#!/bin/sh\nprintf '# The API\\n\\n### `GET /b`\\n'\n"
OTHER_FINDS = ["^docs/api.md:3: '### `GET /a`', .* '### `GET /b`'$"]


@rule(
    bad_tree={
        OPTIONS: '\t{ "file", "FILE", NULL,\n\t\t\t"which", AT(file) },\n\t{ "help", NULL, NULL, "this" },\n'
                 '\t{ "role", "ROLE", NULL, NULL, AT(role) },\n',
        OPERATING: "# x\n\n## Flags\n\n  --file=FILE   which\n  --gone   x\n",
    },
    bad_finds=["^docs/operating.md: '--gone' is no flag", "^docs/operating.md: '--help' is missing"],
)
def every_flag_is_in_the_page_of_operating(root):
    text = section((root / OPERATING).read_text(), "Flags")
    there = set(re.findall(r"^  (--[a-z.-]+(?:=[A-Z]+)?)", text, re.MULTILINE))
    known = {f"--{name}" + ("" if value == "NULL" else "=" + value.strip('"'))
             for name, value, hidden in OPTION.findall((root / OPTIONS).read_text()) if not hidden}
    problems = [f"{OPERATING}: '{flag}' is missing" for flag in known - there]
    return sorted(problems + [f"{OPERATING}: '{flag}' is no flag" for flag in there - known])


def anchors(text):
    """What a heading is called in a link, as GitHub and its like make it."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@rule(
    bad_tree={
        README: "# Top of all\n[a](docs/a.md#a-b-c) [b](docs/gone.md) [c](#top-of-all) [d](#no)\n",
        "docs/a.md": "# A: b, `c`\n```\n# not this\n```\n[x](../README.md#bottom) [y](https://example.org/)\n",
    },
    bad_finds=["^README.md: .*#no$", "^README.md: .*docs/gone.md$", "^docs/a.md: .*README.md#bottom$"],
)
def every_link_leads_somewhere(root):
    problems = []
    for page in [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]:
        for link in LINK.findall(FENCED.sub("", page.read_text())):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if re.match(r"[a-z]+:", link):
                continue
            if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                problems.append(f"{page.relative_to(root)}: leads nowhere: {link}")
    return problems


@rule(
    bad_tree={
        "docs/decisions/0001-first.md": "# 1. First\n",
        "docs/decisions/0003-third.md": "# 2. Third\n",
    },
    bad_finds=["^docs/decisions/0003-third.md: .*'# 3. '", "^docs/decisions/0003-third.md: .*0002"],
)
def decisions_are_numbered_without_gaps(root):
    problems = []
    for number, file in enumerate(sorted((root / "docs/decisions").iterdir()), 1):
        path = f"docs/decisions/{file.name}"
        if not re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", file.name):
            problems.append(f"{path}: expected number {number:04}")
        if not file.read_text().startswith(f"# {int(file.name[:4])}. "):
            problems.append(f"{path}: does not begin with '# {int(file.name[:4])}. '")
    return problems
