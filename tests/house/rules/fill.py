# SPDX-License-Identifier: Apache-2.0
"""What a local holds that was never set, in each build."""

import json
import pathlib
import re

FILL = re.compile(r"-ftrivial-auto-var-init=(\w+)")

# The commands of a bad build, and what must be found wrong in it.
BAD_BUILD = [
    {"file": "hidden.c", "command": "gcc -fsanitize=address -ftrivial-auto-var-init=zero"},
    {"file": "lucky.c", "command": "gcc -fsanitize=undefined"},
    {"file": "late.c", "command": "gcc -fsanitize=address -ftrivial-auto-var-init=pattern "
                                  "-ftrivial-auto-var-init=zero"},
    {"file": "good.c", "command": "gcc -fsanitize=address -ftrivial-auto-var-init=pattern"},
    {"file": "shipped.c", "command": "gcc -O3 -ftrivial-auto-var-init=pattern"},
]
BAD_FINDS = ["hidden.c and 1 more: expected pattern, found zero$",
             "lucky.c and 0 more: expected pattern, found none$",
             "shipped.c and 0 more: expected zero, found pattern$"]


def locals_are_filled(build):
    """Zero does the least harm, and hides the mistake: so zero for people, a pattern for tests."""
    wrong = {}
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        wanted = "pattern" if "-fsanitize=" in entry["command"] else "zero"
        found = (FILL.findall(entry["command"]) or ["none"])[-1]
        if found != wanted:
            wrong.setdefault((found, wanted), []).append(entry["file"])
    return sorted(f"{build}: {files[0]} and {len(files) - 1} more: expected {wanted}, found {found}"
                  for (found, wanted), files in wrong.items())
