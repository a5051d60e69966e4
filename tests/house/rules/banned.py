# SPDX-License-Identifier: Apache-2.0
"""What may stand nowhere."""

import re

from .tree import c_files, code_lines, rule

UNBOUNDED = re.compile(r"\b(strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|gets|strtok"
                       r"|alloca|mktemp|tmpnam|tempnam|asctime|ctime|gmtime|localtime)\s*\(")
STARTS_SHELL = re.compile(r"\b(system|popen|wordexp)\s*\(")
SHELL_TEXT = re.compile(r'\bsh"?\s*,?\s*"?-[a-z]*c\b')
READS_CLOCK = re.compile(r"\b(clock_wall_ms|clock_mono_ms|clock_gettime|gettimeofday|time)\s*[(,}]")
ASKS_PORT = re.compile(r"\b(ports->(?:wall|mono)_ms)\s*\(")
# Written so that this file does not contain them.
LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")

TEXT_SUFFIXES = {".c", ".h", ".py", ".sql", ".yml", ".yaml", ".build", ".txt", ".js", ".css", ".html"}


def matches_in_code(root, pattern, complaint):
    problems = []
    for path in c_files(root, "include", "src"):
        for number, line in code_lines((root / path).read_text()):
            match = pattern.search(line)
            if match:
                problems.append(f"{path}:{number}: {match.group(1)}(): {complaint}")
    return problems


@rule(
    bad_tree={
        "src/sys/a.c": 'system("reboot");\n/* system(x) */\nspawn_system(1);\n',
        "src/sys/b.c": 'char *argv[] = { "/bin/sh", "-c", text };\nchar *ok[] = { "sh", "-eu" };\n',
        "src/sys/c.c": 'snprintf(text, 9, "sh -c %s", x);\npopen (x, "r");\n',
    },
    bad_finds=["^src/sys/a.c:1: system", "^src/sys/b.c:1: ", "^src/sys/c.c:1: ", "^src/sys/c.c:2: popen"],
)
def no_shell_gets_a_text(root):
    problems = matches_in_code(root, STARTS_SHELL, "starts a shell")
    for path in c_files(root, "include", "src"):
        for number, line in enumerate((root / path).read_text().split("\n"), 1):
            if SHELL_TEXT.search(line):
                problems.append(f"{path}:{number}: a shell gets a text as its program")
    return sorted(problems)


@rule(
    bad_tree={
        "src/base/a.c": 'strcpy(a, b);\n/* strcpy(a,\n b) */ strcat(a, "x");\nmy_strcat(a);\n',
        "include/base/b.h": "static inline void f(char *a) { sprintf(a, \"gets(\"); }\n",
        "src/base/c.c": 'snprintf(a, 3, "%s", "gets(x)");\ngmtime_r(&a, &b);\n',
    },
    bad_finds=["^include/base/b.h:1: sprintf", "^src/base/a.c:1: strcpy", "^src/base/a.c:3: strcat"],
)
def no_unbounded_copy(root):
    return matches_in_code(root, UNBOUNDED, "has no bound, or state that all share")


@rule(
    bad_tree={
        "src/core/a.c": "int64_t now = clock_wall_ms();\n/* clock_mono_ms() */\nclock_format(now);\n",
        "src/core/run/b.c": "clock_gettime(CLOCK_REALTIME, &now);\nage = time(NULL);\n",
        "src/core/state/ports.c": "struct ports real = { clock_wall_ms, clock_mono_ms };\n",
        "src/core/state/turn.c": "turn->wall_ms = turn->ports->wall_ms();\n",
        "src/core/run/d.c": "now = run->ground->ports->mono_ms();\nnow = run->ground->turn.mono_ms;\n",
        "src/front/c.c": "now = clock_mono_ms();\n",
    },
    bad_finds=["^src/core/a.c:1: clock_wall_ms", "^src/core/run/b.c:1: clock_gettime",
               "^src/core/run/b.c:2: time", "^src/core/run/d.c:1: ports->mono_ms"],
)
def only_the_ports_of_the_core_read_a_clock(root):
    """A turn has one time, which turn_begin() stamps."""
    found = matches_in_code(root, READS_CLOCK, "the time is the turn's")
    found += [problem for problem in matches_in_code(root, ASKS_PORT, "the time is the turn's")
              if not problem.startswith(("src/core/core.c:", "src/core/state/turn.c:"))]
    return sorted(problem for problem in found
                  if problem.startswith("src/core/") and not problem.startswith("src/core/state/ports.c:"))


@rule(
    bad_tree={"tests/meson.build": "x = executable('x', link_args: ['-Wl,--wrap=clock_wall_ms'])\n"},
    bad_finds=["^tests/meson.build:1: "],
)
def tests_replace_nothing_by_the_linker(root):
    """What a test brings along goes in by a port (core/state/ports.h)."""
    return [f"{file.relative_to(root)}:{number}: --wrap"
            for file in sorted(root.rglob("meson.build"))
            for number, line in enumerate(file.read_text().split("\n"), 1) if "--wrap" in line]


@rule(
    bad_tree={
        "src/base/a.c": "/* TO" "DO: check */\n",
        "script/b": "# FIX" "ME\n",
        "src/base/c.c": "/* todo lists are fine */\n",
    },
    bad_finds=["^script/b:1: ", "^src/base/a.c:1: "],
)
def nothing_is_left_for_later(root):
    problems = []
    for folder in ("config", "include", "migrations", "script", "src", "tests"):
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and (file.suffix in TEXT_SUFFIXES or not file.suffix):
                problems += marks_in(root, file)
    return problems


def marks_in(root, file):
    text = file.read_text(errors="replace")
    return [
        f"{file.relative_to(root)}:{number}: something is left for later: {line.strip()}"
        for number, line in enumerate(text.split("\n"), 1)
        if LATER.search(line)
    ]
