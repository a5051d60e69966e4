# SPDX-License-Identifier: Apache-2.0
"""Reading the tree: its C files, their text without comments and strings, and their includes."""

import contextlib
import pathlib
import re
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


@contextlib.contextmanager
def planted(files):
    """A tree of these files, path → text, for as long as it is looked at."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        yield root


def c_files(root, *folders):
    """The paths below root, as text, of all C files in those of its folders, sorted."""
    found = []
    for folder in folders:
        found += [p for p in (root / folder).rglob("*") if p.suffix in (".c", ".h")]
    return sorted(str(p.relative_to(root)) for p in found)


def top_folder(path):
    """'core' for src/core/run/queue.c and for include/core/core.h."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else ""


def blank(match):
    """As many lines as there were, and nothing in them."""
    return '""' + "\n" * match.group().count("\n")


def gone(match):
    """The same without a sign of it."""
    return " " + "\n" * match.group().count("\n")


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def code_lines(text):
    """(number, line) of C text without comments and without what stands in strings."""
    return enumerate(NOISE.sub(blank, text).split("\n"), 1)


def includes(root, path):
    """(line number, is it <…>, what is included) for each include of the file."""
    for number, line in enumerate((root / path).read_text().split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == "<", match.group(2)


def rule(bad_tree, bad_finds):
    """Marks a rule: root → problems. In bad_tree it must find bad_finds, a pattern for each."""

    def mark(function):
        function.bad_tree = bad_tree
        function.bad_finds = bad_finds
        return function

    return mark
