# SPDX-License-Identifier: Apache-2.0
"""What the compiler and the linker must have put into the program that people run."""

import platform
import re
import subprocess

# A program that has none of it, and what must be found missing.
WEAK_FLAGS = ["-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-fcf-protection=none",
              "-Wl,-z,norelro", "-Wl,-z,lazy", "-Wl,-z,execstack", "-Wl,-rpath,/nowhere"]
WEAK_FINDS = ["^bind", "^exec", "^fortif", "^library", "^not pos", "^relro", "^stack"]

ENDBR = b"\xf3\x0f\x1e\xfa"
# More than the start files bring along.
ENDBR_MIN = 50
IS_X86 = platform.machine() == "x86_64"
if IS_X86:
    WEAK_FINDS = ["^bind", "^control flow"] + WEAK_FINDS[1:]


def readelf(program, flag):
    command = ["readelf", "--wide", flag, str(program)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def contents(program):
    with open(program, "rb") as file:
        return file.read()


def has(pattern, text):
    return re.search(pattern, text, re.MULTILINE) is not None


def program_is_hardened(program):
    header = readelf(program, "--file-header")
    segments = readelf(program, "--program-headers")
    dynamic = readelf(program, "--dynamic")
    symbols = readelf(program, "--dyn-syms")
    rows = [
        ("not position independent",
         has(r"Type:\s+DYN", header) and has(r"FLAGS_1.*\bPIE\b", dynamic)),
        ("relro: no read-only relocations", has(r"^\s*GNU_RELRO\b", segments)),
        ("binds lazily: relro is partial", has(r"\bBIND_NOW\b|FLAGS_1.*\bNOW\b", dynamic)),
        ("executable stack or none declared", has(r"^\s*GNU_STACK.*\sRW\s", segments)),
        ("stack is not protected", has(r"__stack_chk_fail", symbols)),
        ("fortified calls are missing", has(r"__\w+_chk@", symbols)),
        ("library search path in it", not has(r"\((RPATH|RUNPATH)\)", dynamic)),
    ]
    if IS_X86:
        # Debian 12's own start files lack the mark, so the linker cannot give it to the program.
        marks = contents(program).count(ENDBR)
        rows.append(("control flow: functions are not marked as targets", marks > ENDBR_MIN))
    return sorted(complaint for complaint, good in rows if not good)
