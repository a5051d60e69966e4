# SPDX-License-Identifier: Apache-2.0
"""include/ mirrors src/."""

import re

from .tree import c_files, includes, rule

HEADER_ONLY = {
    "base/cleanup": "macros and attributes",
    "core/state/ground": "what all rooms of the core stand on, as one struct",
}
# The struct of a room, core/run/run_room.h, has no source either.
ROOM = re.compile(r"core/(\w+)/\1_room")
# Programs: nothing of theirs is for others.
SOURCE_ONLY = {
    "main/playbookctl",
    "main/playbookd",
}


def modules(root, folder, suffix):
    return {p[len(folder) + 1 : -2] for p in c_files(root, folder) if p.endswith(suffix)}


def own_header_problems(root, module):
    """A source includes its own header before anything else: so the header stands by itself."""
    first = next(includes(root, f"src/{module}.c"), (1, False, ""))
    if first[2] != f"{module}.h":
        return [f"src/{module}.c:{first[0]}: the first include is not its own header"]
    return []


@rule(
    bad_tree={
        "include/base/cleanup.h": "",
        "include/base/only.h": "",
        "include/core/run/run_room.h": "",
        "include/core/run/queue_room.h": "",
        "include/base/order.h": "",
        "include/base/right.h": "",
        "include/base/odd.c": "",
        "src/base/order.c": '#include <stdio.h>\n#include "base/order.h"\n',
        "src/base/right.c": '#include "base/right.h"\n#include <stdio.h>\n',
        "src/base/hidden.h": "",
        "src/core/alone.c": '#include "base/right.h"\n',
        "src/main/playbookd.c": "",
    },
    bad_finds=[
        "^include/base/odd.c: a source",
        "^include/base/only.h: .* src/base/only.c",
        "^include/core/run/queue_room.h: .* src/core/run/queue_room.c",
        "^src/base/hidden.h: a header",
        "^src/base/order.c:1: the first include",
        "^src/core/alone.c: .* include/core/alone.h",
    ],
)
def header_and_source_belong_together(root):
    headers = modules(root, "include", ".h")
    sources = modules(root, "src", ".c")
    problems = [f"include/{m}.c: a source in include/" for m in modules(root, "include", ".c")]
    problems += [f"src/{m}.h: a header in src/" for m in modules(root, "src", ".h")]
    problems += [
        f"include/{m}.h: there is no src/{m}.c" for m in headers - sources - set(HEADER_ONLY)
        if not ROOM.fullmatch(m)
    ]
    problems += [
        f"src/{m}.c: there is no include/{m}.h" for m in sources - headers - SOURCE_ONLY
    ]
    for module in sources & headers:
        problems += own_header_problems(root, module)
    return sorted(problems)
