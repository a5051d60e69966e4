# SPDX-License-Identifier: Apache-2.0
"""Who calls whom: down, never up, never in a circle."""

from .rooms import APART
from .structure import circles, tree_of
from .tree import rule


def header(*names):
    return "".join(f"int {name}(void);\n" for name in names)


def source(name, *called):
    return f"int {name}(void)\n{{\n" + "".join(f"\t{other}();\n" for other in called) + "}\n"


@rule(
    bad_tree={
        "include/sys/a.h": header("a_go"), "src/sys/a.c": source("a_go", "b_go", "d_go"),
        "include/sys/b.h": header("b_go"), "src/sys/b.c": source("b_go", "c_go"),
        "include/sys/c.h": header("c_go"),
        "src/sys/c.c": "static const struct row rows[] = { { a_go } };\n" + source("c_go"),
        "include/sys/d.h": header("d_go"), "src/sys/d.c": source("d_go", "d_go"),
    },
    bad_finds=["^src/: 3 files .*: sys/a sys/b sys/c$"],
)
def files_do_not_call_in_circles(root):
    return [f"src/: {len(circle)} files call each other in a circle: {' '.join(circle)}"
            for circle in circles(tree_of(root).calls)]


@rule(
    bad_tree={
        "include/core/core.h": header("core_now"),
        "src/core/core.c": source("core_now", "api_go", "read_one"),
        "include/core/api/api.h": header("api_go"), "src/core/api/api.c": source("api_go", "row_write"),
        "include/core/api/read/read_one.h": header("read_one"),
        "src/core/api/read/read_one.c": source("read_one", "do_it"),
        "include/core/api/command/do_it.h": header("do_it"),
        "src/core/api/command/do_it.c": source("do_it", "row_write"),
        "include/core/view/row.h": header("row_write"),
        "src/core/view/row.c": '#include "core/api/api.h"\n' + source("row_write", "core_now", "list_add"),
        "include/base/list.h": header("list_add"), "src/base/list.c": source("list_add"),
    },
    bad_finds=[
        "^core/api/read/read_one: core/api/command/do_it .*: read_one.. names do_it",
        "^core/view/row: core/api/api .*: an include",
        "^core/view/row: core/core .*: row_write.. names core_now",
    ],
)
def rooms_use_what_is_below(root):
    tree = tree_of(root)
    problems = [f"{a}: {b} stands above it: {', '.join(tree.why(a, b))}" for a, b in tree.upward(tree.calls)]
    problems += [f"{a}: {b} stands above it: an include" for a, b in tree.upward(tree.includes)]
    problems += [f"{a}: {b} is none of its business: {', '.join(tree.why(a, b))}"
                 for a, b in tree.calls if (tree.folder(a), tree.folder(b)) in APART]
    return sorted(problems)
