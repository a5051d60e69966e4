# SPDX-License-Identifier: Apache-2.0
"""docs/configuration.md is complete: it has a row for every key that the loader knows."""

import re

from .tree import rule

PAGE = "docs/configuration.md"
TABLE = re.compile(r"^(?:static )?const struct spec (\w+)\[\] = \{\n(.*?)^\};", re.MULTILINE | re.DOTALL)
KEY = re.compile(r'^\t\{ "(\w+)",', re.MULTILINE)
# "<!-- FILE.c: TABLE -->" stands above the table of the page that describes it.
MARK = re.compile(r"^<!-- (\w+\.c): (\w+) -->$", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)`", re.MULTILINE)


def known_keys(root):
    """(file, table) → the keys in it, of every table of the loader."""
    known = {}
    for file in sorted((root / "src/config").glob("*.c")):
        for table, rows in TABLE.findall(file.read_text()):
            known[file.name, table] = KEY.findall(rows)
    return known


def described_keys(root):
    """The same as the page has it: the rows between a mark and the next mark or heading."""
    parts = MARK.split((root / PAGE).read_text())
    return {
        (file, table): ROW.findall(text.split("\n#")[0])
        for file, table, text in zip(parts[1::3], parts[2::3], parts[3::3])
    }


@rule(
    bad_tree={
        "src/config/a.c": 'static const struct spec a_keys[] = {\n\t{ "one", "x" },\n'
                          '\t{ "two", "y",\n\t\t\t.max = 3 },\n\t{ 0 },\n};\n'
                          'const struct spec b_keys[] = {\n\t{ "three", "z" },\n};\n',
        PAGE: "<!-- a.c: a_keys -->\n| `one` | |\n| `gone` | |\n\n## Next\n| `two` | |\n"
              "<!-- a.c: c_keys -->\n| `four` | |\n",
    },
    bad_finds=[
        "^docs/configuration.md: .*'four' .* c_keys",
        "^docs/configuration.md: .*'gone' .* a_keys",
        "^src/config/a.c: 'three' of b_keys",
        "^src/config/a.c: 'two' of a_keys",
    ],
)
def every_key_is_described(root):
    known = known_keys(root)
    described = described_keys(root)
    problems = []
    for at in sorted(known.keys() | described.keys()):
        keys, rows = set(known.get(at, [])), set(described.get(at, []))
        file, table = at
        problems += [f"src/config/{file}: '{key}' of {table} is not in {PAGE}" for key in keys - rows]
        problems += [f"{PAGE}: there is no '{key}' in {file}, {table}" for key in rows - keys]
    return sorted(problems)
