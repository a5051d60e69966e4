# SPDX-License-Identifier: Apache-2.0
"""One word for one thing: the old ones of tests/house/words.txt stand nowhere any more."""

import re

from .csource import WORD
from .tree import NOISE, c_files, gone, line_of, rule, top_folder

# What stands below all that the words are about has words of its own.
BELOW = ("base", "sys")
LIST = "tests/house/words.txt"
ROW = re.compile(r"^(file|part|name|key|text) +(\S.*?) {2,}(\S.*)$", re.MULTILINE)
# They tell what was, or translate.
OLD_PAGES = ("docs/decisions/", "docs/glossary.md")
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|SET|VALUES)\b")
FENCED_OR_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`|\]\([^)\n]*\)", re.MULTILINE | re.DOTALL)


def words(root, kind):
    """(pattern, what is said now) for each row of that kind."""
    rows = ROW.findall((root / LIST).read_text())
    return [(old, now) for its_kind, old, now in rows if its_kind == kind]


def code_problems(root, path, rows, keys):
    text = (root / path).read_text()
    problems = [f"{path}:{line_of(text, match.start())}: {match[1]}: say {now}"
                for pattern, now in keys for match in pattern.finditer(text)]
    for number, line in enumerate(NOISE.sub(gone, text).split("\n"), 1):
        for name in dict.fromkeys(WORD.findall(line)):
            problems += [f"{path}:{number}: {name}: say {now}"
                         for pattern, now in rows if pattern.search(name)]
    return problems


@rule(
    bad_tree={
        LIST: "# x\nfile  round      evaluation\npart  rounds?    evaluation\nname  (see|each)_row   on_row\n"
              "part  (?<!in_)flights?   in_flight\nkey   err   error\n",
        "src/core/round.c": '#include "core/round.h"\nint around(int in_flight)\n{\n'
                            '\tlog_info("err", LOG_STR("err", in_flight));\n}\n',
        "include/sys/b.h": "int round(int x);\n",
        "include/core/a.h": "/* a round */\n#define A_ROUND_MAX 1\nint see_row(int see_rows, int round);\n"
                            "int flights_add(int add_flight);\n",
    },
    bad_finds=[
        "^include/core/a.h:2: A_ROUND_MAX: say evaluation", "^include/core/a.h:3: round: ",
        "^include/core/a.h:3: see_row: say on_row", "^include/core/a.h:4: add_flight: ",
        "^include/core/a.h:4: flights_add: ", "^src/core/round.c: say evaluation",
        "^src/core/round.c:4: err: say error",
    ],
)
def no_name_has_an_old_word(root):
    files = [(re.compile(old), now) for old, now in words(root, "file")]
    rows = [(re.compile(rf"(?:^|_)(?:{old})(?:_|$)", re.IGNORECASE), now) for old, now in words(root, "part")]
    rows += [(re.compile(rf"^(?:{old})$", re.IGNORECASE), now) for old, now in words(root, "name")]
    keys = [(re.compile(rf'\bLOG_\w+\("({old})"'), now) for old, now in words(root, "key")]
    problems = []
    for path in c_files(root, "include", "src"):
        if top_folder(path) in BELOW:
            continue
        stem = path.rpartition("/")[2][:-2]
        problems += [f"{path}: say {now}" for pattern, now in files if pattern.fullmatch(stem)]
        problems += code_problems(root, path, rows, keys)
    return problems


def sentences_of_c(path, text):
    """(place in text, the comment or message) for each that people read."""
    for match in NOISE.finditer(text):
        said = match[0]
        is_sql = path.startswith("src/store/") or SQL.search(said)
        is_message = said[0] == '"' and " " in said and not is_sql
        if is_message or said.startswith(("/*", "//")):
            yield match.start(), said


def sentences(root):
    """(path, its text, place, sentence) of all that stands in the sources and pages for people."""
    for path in c_files(root, "include", "src"):
        text = (root / path).read_text()
        for at, said in sentences_of_c(path, text):
            yield path, text, at, said
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        path = str(page.relative_to(root))
        if page.is_file() and not path.startswith(OLD_PAGES):
            text = FENCED_OR_CODE.sub(lambda match: re.sub(r"[^\n]", "x", match[0]), page.read_text())
            yield path, text, 0, text


@rule(
    bad_tree={
        LIST: "text  told(?! apart)   notified\ntext  people called   paged\npart  x   y\n",
        "src/core/a.c": '/* Who is\n * told. */\nf("told", "they are told", "SELECT told FROM a",'
                        ' told("cannot be told apart"));\n',
        "src/store/b.c": 'static const char sql[] = "told (at)";\n/* told */\n',
        "README.md": "# Told\n`told` and [x](told.md)\n```\ntold\n```\nuntold people\ncalled\n",
        "docs/decisions/0001-who-is-told.md": "told\n",
        "docs/glossary.md": "told\n",
    },
    bad_finds=[
        "^README.md:1: 'Told': say notified", "^README.md:6: 'people called': say paged",
        "^src/core/a.c:2: 'told'", "^src/core/a.c:3: 'told'", "^src/store/b.c:2: 'told'",
    ],
)
def no_text_has_an_old_word(root):
    rows = [(re.compile(r"\b(?:" + old.replace(" ", r"[\s*]+") + r")\b", re.IGNORECASE), now)
            for old, now in words(root, "text")]
    problems = []
    for path, text, place, said in sentences(root):
        for pattern, now in rows:
            for match in pattern.finditer(said):
                line = line_of(text, place + match.start())
                problems.append(f"{path}:{line}: '{' '.join(match[0].split())}': say {now}")
    return sorted(problems)
