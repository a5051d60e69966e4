# SPDX-License-Identifier: Apache-2.0
"""Comments and strings stand as they were written, so that a table is a table and grep finds a message."""

import re

from .tree import NOISE, c_files, gone, line_of, rule

LAYOUT = ".clang-format"
OFF = ("ReflowComments: false", "BreakStringLiterals: false")
LITERAL = r'"(?:\\.|[^"\\\n])*"'
# It ends with a space, or within a conversion, and goes on in the next line.
BROKEN = re.compile(rf'(?P<first>"(?:\\.|[^"\\\n])*(?: |(?<!%)%)")[ \t]*\\?\n\s*(?={LITERAL})')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# A line break that a formatter moved leaves the star at the next word.
SWALLOWED = re.compile(r"^\s*\*[^\s*/]", re.MULTILINE)
COLUMNS = 100


@rule(
    bad_tree={LAYOUT: "ColumnLimit: 100\nReflowComments: false\n"},
    bad_finds=["^.clang-format: .*BreakStringLiterals"],
)
def the_formatter_leaves_text_alone(root):
    lines = (root / LAYOUT).read_text().split("\n")
    return [f"{LAYOUT}: has no '{line}'" for line in OFF if line not in lines]


@rule(
    bad_tree={
        "src/base/a.c": 'f("a message that "\n\t\t"goes on");\ng("a%%"\n"b" /* "x "\n"y" */, "b "\n, "c");\n',
        "src/base/b.c": 'f("one line\\n"\n  "the next");\nf("SELECT a"\n  " FROM b");\n'
                        'f("%" PRId64\n  " of it");\n',
        "include/base/c.h": '#define C \\\n\t"one " \\\n\t"two"\n',
        "tests/unit/test_d.c": 'f("100 %"\n"d", "x \\" "\n"y");\n',
    },
    bad_finds=[
        "^include/base/c.h:2: ", "^src/base/a.c:1: .*that \"",
        "^tests/unit/test_d.c:1: ", "^tests/unit/test_d.c:2: ",
    ],
)
def no_string_is_broken(root):
    problems = []
    for path in c_files(root, "include", "src", "tests"):
        text = COMMENT.sub(gone, (root / path).read_text())
        for match in BROKEN.finditer(text):
            at = f"{path}:{line_of(text, match.start())}"
            problems.append(f"{at}: a string goes on in the next line: {match['first']}")
    return problems


@rule(
    bad_tree={
        "include/base/a.h": "/*\n * a - b.\n *\n *\tone    two\n *three   four\n */\n/* x */\nint *a;\n",
        "src/base/a.c": "/* Of that\n *which is. */\nint f(void)\n{\n\t*a = 1;\n\tg(\"/*\",\n\t\t*b);\n}\n",
        "include/base/b.h": "/*\n * " + "x" * 98 + "\n * " + "é" * 97 + "\n */\n",
    },
    bad_finds=["^include/base/a.h:5: .*: \\*three", "^include/base/b.h:2: .*101 columns", "^src/base/a.c:2: "],
)
def comments_are_as_written(root):
    problems = []
    for path in c_files(root, "include", "src", "tests"):
        text = (root / path).read_text()
        for comment in NOISE.finditer(text):
            if comment[0].startswith("/*"):
                problems += wrong_lines(path, line_of(text, comment.start()), comment[0])
    return problems


def wrong_lines(path, first, comment):
    lines = enumerate(comment.split("\n"), first)
    problems = []
    for number, line in lines:
        columns = len(line.expandtabs(8))
        if SWALLOWED.match(line) and number > first:
            problems.append(f"{path}:{number}: a line break was moved: {line.strip()[:60]}")
        if columns > COLUMNS:
            problems.append(f"{path}:{number}: a comment of {columns} columns")
    return problems
