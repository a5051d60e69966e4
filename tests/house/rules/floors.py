# SPDX-License-Identifier: Apache-2.0
"""The include graph goes only downwards."""

from .rooms import FLOOR_OF, ROLE_FLOOR
from .tree import c_files, includes, top_folder, rule


def own_includes(root):
    for path in c_files(root, "include", "src"):
        for number, is_outside, name in includes(root, path):
            if not is_outside:
                yield f"{path}:{number}", top_folder(path), name


@rule(
    bad_tree={
        "include/base/a.h": '#include "sys/b.h"\n',
        "src/sys/b.c": '#include "sys/b.h"\n#include "domain/label.h"\n',
        "src/domain/c.c": "# include \"base/a.h\"\n#include \"wire/w.h\"\n",
        "src/wire/w.c": '#include "config/config.h"\n#include "w.h"\n',
        "src/attic/x.c": '#include "base/a.h"\n',
        "src/main/m.c": '#include "core/core.h"\n',
    },
    bad_finds=[
        "^include/base/a.h:1: base .* sys",
        "^src/attic/x.c:1: .*attic",
        "^src/domain/c.c:2: domain .* wire",
        "^src/sys/b.c:2: sys .* domain",
        "^src/wire/w.c:2: .*w.h",
    ],
)
def includes_go_down(root):
    problems = []
    for where, room, name in own_includes(root):
        other = name.split("/")[0]
        if room not in FLOOR_OF or other not in FLOOR_OF:
            problems.append(f"{where}: no floor is known for '{room}' including '{name}'")
        elif FLOOR_OF[other] > FLOOR_OF[room]:
            problems.append(f"{where}: {room} (floor {FLOOR_OF[room]}) includes '{name}' of {other}"
                            f" (floor {FLOOR_OF[other]})")
    return problems


@rule(
    bad_tree={
        "include/front/front.h": '#include "core/core.h"\n',
        "src/executor/executor.c": '#include "executor/shim.h"\n#include "front/front.h"\n',
        "src/main/m.c": '#include "core/core.h"\n#include "front/front.h"\n',
    },
    bad_finds=[
        "^include/front/front.h:1: the role front .* core",
        "^src/executor/executor.c:2: the role executor .* front",
    ],
)
def no_role_includes_another(root):
    problems = []
    for where, room, name in own_includes(root):
        other = name.split("/")[0]
        roles = FLOOR_OF.get(room) == ROLE_FLOOR and FLOOR_OF.get(other) == ROLE_FLOOR
        if roles and room != other:
            problems.append(f"{where}: the role {room} includes '{name}' of the role {other}")
    return problems
