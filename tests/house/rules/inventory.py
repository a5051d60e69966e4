# SPDX-License-Identifier: Apache-2.0
"""What is there is numbered, built and run; what is looked for is there."""

import ast
import re

from .tree import c_files, rule

QUOTED = re.compile(r"'([^']+)'")


def quoted(root, path):
    """Everything in quotes in a build file; nothing when there is no such file."""
    file = root / path
    if not file.exists():
        return set()
    lines = [line.split("#")[0] for line in file.read_text().split("\n")]
    return set(QUOTED.findall("\n".join(lines)))


@rule(
    bad_tree={
        "meson.build": "'migrations/0001_first.sql' 'migrations/0003_third.sql'",
        "migrations/0001_first.sql": "",
        "migrations/0003_third.sql": "",
        "migrations/0004_Fourth.sql": "",
        "migrations/notes.txt": "",
    },
    bad_finds=[
        "^migrations/0003_third.sql: .*0002",
        "^migrations/0004_Fourth.sql: .*NNNN_noun.sql",
        "^migrations/0004_Fourth.sql: not .* meson.build",
        "^migrations/notes.txt: .*NNNN_noun.sql",
        "^migrations/notes.txt: not .* meson.build",
    ],
)
def migrations_are_numbered_without_gaps(root):
    problems = []
    embedded = quoted(root, "meson.build")
    for number, file in enumerate(sorted((root / "migrations").iterdir()), 1):
        path = f"migrations/{file.name}"
        if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", file.name):
            problems.append(f"{path}: is not called NNNN_noun.sql")
        elif int(file.name[:4]) != number:
            problems.append(f"{path}: expected number {number:04}")
        if path not in embedded:
            problems.append(f"{path}: not embedded by meson.build")
    return problems


@rule(
    bad_tree={
        "meson.build": "files('src/base/err.c', 'src/base/gone.c')",
        "src/base/err.c": "",
        "src/base/dead.c": "",
    },
    bad_finds=["^src/base/dead.c: not in meson.build", "^src/base/gone.c: in meson.build"],
)
def every_source_is_built(root):
    listed = {p for p in quoted(root, "meson.build") if p.startswith("src/") and p[-2:] == ".c"}
    there = {p for p in c_files(root, "src") if p.endswith(".c")}
    problems = [f"{p}: not in meson.build" for p in there - listed]
    problems += [f"{p}: in meson.build, but not there" for p in listed - there]
    return sorted(problems)


@rule(
    bad_tree={
        "tests/meson.build": "# a room's library\n'err': base,\n",
        "tests/fuzz/meson.build": "'wire': wire,\n",
        "tests/unit/test_err.c": "",
        "tests/unit/test_buf.c": "",
        "tests/unit/test.c": "",
        "tests/stories/story_repair.c": "",
        "tests/fuzz/fuzz_wire.c": "",
        "tests/fuzz/fuzz_config.c": "",
        "tests/fuzz/corpus/wire/seed": "",
    },
    bad_finds=[
        "^tests/fuzz/fuzz_config.c: no seeds",
        "^tests/fuzz/fuzz_config.c: not in tests/fuzz/meson.build",
        "^tests/stories/story_repair.c: not in tests/meson.build",
        "^tests/unit/test_buf.c: not in tests/meson.build",
    ],
)
def every_test_is_run(root):
    problems = []
    for kind, build_file in (("unit/test_", "tests/meson.build"),
                             ("stories/story_", "tests/meson.build"),
                             ("fuzz/fuzz_", "tests/fuzz/meson.build")):
        start = "tests/" + kind
        listed = quoted(root, build_file)
        for path in c_files(root, "tests"):
            if path.startswith(start) and path.endswith(".c") and path[len(start):-2] not in listed:
                problems.append(f"{path}: not in {build_file}")
    for file in sorted((root / "tests/fuzz").glob("fuzz_*.c")):
        seeds = root / "tests/fuzz/corpus" / file.stem[len("fuzz_"):]
        if not seeds.is_dir() or not any(seeds.iterdir()):
            problems.append(f"tests/fuzz/{file.name}: no seeds in tests/fuzz/corpus/")
    return problems


def edits_of(text):
    """(file, what stands there) of each edit in a program that makes mutants: a row of three texts."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            texts = [part.value for part in node.elts if isinstance(part, ast.Constant)]
            if len(texts) == 3 and str(texts[0]).startswith(("include/", "src/")):
                yield texts[0], texts[1]


@rule(
    bad_tree={
        "src/base/a.c": "int a;\nint b;\n",
        "tests/mutants.py": 'A = [("src/base/a.c", "int a;\\n" "int b;", "")]\n'
                            'B = ("src/base/gone.c", "x", "y")\n',
        "tests/sim/teeth": '#!/usr/bin/python3\nC = [(1, 2, 3), ("src/base/a.c", "int c;", "")]\n',
        "tests/sim/other": "#!/bin/sh\nfi (\n",
    },
    bad_finds=["^tests/mutants.py: src/base/gone.c is not there", "^tests/sim/teeth: .*src/base/a.c.*'int c;'"],
)
def every_mutant_finds_its_place(root):
    problems = []
    for file in sorted(root.glob("tests/**/*")):
        if not file.is_file() or not (file.name == "mutants.py" or "teeth" in file.name):
            continue
        for path, there in edits_of(file.read_text()):
            program, target = file.relative_to(root), root / path
            if not target.is_file():
                problems.append(f"{program}: {path} is not there")
            elif there not in target.read_text():
                problems.append(f"{program}: does not stand in {path}: {there!r}")
    return problems
