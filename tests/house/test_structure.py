# SPDX-License-Identifier: Apache-2.0
"""What rules/csource and rules/structure see, in small made-up trees."""

import pathlib
import subprocess

from rules import structure
from rules.csource import Source
from rules.tree import planted

COMMAND = pathlib.Path(__file__).resolve().parents[2] / "script/structure"

SOURCE = """\
#include "a.h"
#define TWICE(x) \\
	both(x, x)
/* not_this(); { */
struct seen {
	int (*go)(int at);
};
enum { ONE = 1, TWO };
typedef int (*visit)(int);
static int inner(const struct seen *seen, int outer)
{
	int near = '{' + "}"[0];

	return seen->go(near) + first(outer) + TWICE(second) + near;
}

__attribute__((format(printf, 1, 2))) int shown(const char *fmt, ...);
int declared(int x);
MAKES(one, maker)
MAKES(two, maker);
const struct row table[] = {
	{ "a", inner },
	{ .go = handler },
};
static const struct kind {
	int (*act)(void);
} kinds[] = { { act_on } }, more;
int outer;
void last(
		int x)
{
	each(table, &callback);
}
MAKES(body)
{
}
"""


def items():
    return {item.name: item for item in Source(SOURCE).items}


def functions_and_tables_are_found():
    source = Source(SOURCE)
    assert [item.name for item in source.items] == ["inner", "", "", "table", "kinds", "last", "body"], source.items
    assert [item.name for item in source.items if item.is_function] == ["inner", "last", "body"]
    assert source.declared == ["shown", "declared"], source.declared
    assert source.macros == {"TWICE": ["both", "x", "x"]}, source.macros


def functions_have_their_lines():
    assert (items()["inner"].first, items()["inner"].last, items()["inner"].lines) == (10, 15, 6)
    assert (items()["last"].first, items()["last"].lines) == (29, 5)
    assert items()["body"].lines == 3
    assert items()["inner"].is_static and not items()["last"].is_static


def members_types_and_locals_are_no_names():
    names = items()["inner"].names
    assert {"first", "second", "TWICE"} <= set(names), names
    assert not {"go", "seen", "outer", "near", "not_this"} & set(names), names
    assert items()["kinds"].names == ["act_on"] + ["more"], items()["kinds"].names
    assert {"inner", "handler"} <= set(items()["table"].names)
    assert items()["last"].names == ["int", "each", "table", "callback"], items()["last"].names


TREE = {
    "include/base/list.h": "void list_add(int x);\n#define list_twice(x) list_add(x + x)\n",
    "src/base/list.c": '#include "base/list.h"\nvoid list_add(int x)\n{\n}\n',
    "include/core/core.h": "int core_now(void);\n",
    "src/core/core.c": "static int (*const table[])(void) = { run_start };\n"
                       "int core_now(void)\n{\n\treturn table[0]() + view_row();\n}\n",
    "include/core/run/start.h": "int run_start(void);\nstatic inline int run_half(void)\n{\n\treturn 1;\n}\n",
    "src/core/run/start.c": '#include "core/run/start.h"\n#include "core/view/row.h"\n'
                            "static int view_row(void)\n{\n\treturn 0;\n}\n"
                            "int run_start(void)\n{\n\tlist_twice(1);\n\treturn view_row() + run_end();\n}\n",
    "include/core/run/end.h": "int run_end(void);\n",
    "src/core/run/end.c": "int run_end(void)\n{\n\treturn run_half() + run_start() + core_now();\n}\n",
    "include/core/view/row.h": "int view_row(void);\n",
    "src/core/view/row.c": "int view_row(void)\n{\n\tlist_add(1);\n\treturn 0;\n}\n",
}


def arrows_lead_to_who_defines():
    with planted(TREE) as root:
        tree = structure.Tree(root)
        assert tree.calls == {
            ("core/core", "core/run/start"), ("core/core", "core/view/row"),
            ("core/run/start", "base/list"), ("core/run/start", "core/run/end"),
            ("core/run/end", "core/run/start"), ("core/run/end", "core/core"),
            ("core/view/row", "base/list"),
        }, tree.calls
        assert tree.includes == {("core/run/start", "core/view/row")}, tree.includes
        assert tree.why("core/run/end", "core/core") == ["run_end() names core_now()"]


def rooms_stand_in_their_order():
    with planted(TREE) as root:
        tree = structure.Tree(root)
        assert tree.room("core/run/start") == "core/run" and tree.room("core/core") == "core"
        assert tree.between_rooms(tree.calls)["core", "core/view"] == 1
        assert tree.upward(tree.calls) == [("core/run/end", "core/core")]
        lower = structure.Tree(root, {"core/core": "core/view"})
        assert lower.upward(lower.calls) == [("core/core", "core/run/start")], lower.upward(lower.calls)


def circles_are_found():
    with planted(TREE) as root:
        found = structure.circles(structure.Tree(root).calls)
    assert found == [["core/core", "core/run/end", "core/run/start"]], found
    arrows = {("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "c"), ("x", "a")}
    assert structure.circles(arrows) == [["c", "d", "e"], ["a", "b"]], structure.circles(arrows)
    assert structure.circles({("a", "b"), ("b", "c"), ("a", "c")}) == []


def a_walk_counts_where_it_comes_back():
    with planted(TREE) as root:
        files, rooms = structure.Tree(root).walk("run_start")
    assert files.places == ["core/run/start", "core/run/end", "core/core", "core/view/row"], files.places
    # From run_end to run_half; on from there to run_start, and from the table of core to it.
    assert (files.returns, files.turns) == (1, 3), (files.returns, files.turns)
    assert rooms.places == ["core/run", "core", "core/view"], rooms.places
    assert (rooms.returns, rooms.turns) == (0, 1), (rooms.returns, rooms.turns)


def the_command_prints_all_of_it():
    with planted(TREE) as root:
        def printed(*options):
            command = [COMMAND, "--tree", root, *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        whole = printed()
        for expected in ("core/run       2     21", "Arrows between files: 7, of which between rooms: 5",
                         "  core/run > core (1)", "Circles of rooms: 1\n  2: core core/run",
                         "longest 5 ("):
            assert expected in whole, whole
        assert "core/run/end > core/core core/run/start" in printed("--files")
        assert "Arrows between files: 1" in printed("--includes")
        assert "run_start: 4 files, comes back 1 times, turns round 3 times" in printed("--walk", "run_start")
        assert "run_start: 2 files, comes back 1 times" in printed("--walk", "run_start", "--under", "core/run")
        assert printed("--why", "core/run/end", "core/core") == "run_end() names core_now()\n"


TESTS = [
    functions_and_tables_are_found,
    functions_have_their_lines,
    members_types_and_locals_are_no_names,
    arrows_lead_to_who_defines,
    rooms_stand_in_their_order,
    circles_are_found,
    a_walk_counts_where_it_comes_back,
    the_command_prints_all_of_it,
]
