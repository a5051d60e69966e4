# SPDX-License-Identifier: Apache-2.0
"""How long functions are, and that each public one is tested."""

import re

from .csource import Source
from .structure import FOLDERS, Tree, tree_of
from .tree import NOISE, c_files, rule

LINES_MAX = 70
WORD = re.compile(r"[A-Za-z_]\w*")
# A role's unit test starts the whole role, and with it what only the role's own files use. The core
# has the simulation for that, in place of its loop. What stands in main/ are the programs themselves;
# them and the loop are what tests/e2e runs.
BY_NAME_OR_SIMULATED = "core"
PROGRAMS = "main"
LOOP = "core_role_main"


def body(lines):
    return "{\n" + "\t;\n" * lines + "}\n"


@rule(
    bad_tree={
        "src/base/a.c": "int ok(void)\n" + body(67) + "\nstatic int long_one(\n\tint x)\n" + body(67),
        "include/base/a.h": "static inline int long_too(void)\n" + body(68),
        "tests/unit/test_a.c": "TEST(tested)\n" + body(80) + "int rows[] = " + body(90) + ";\n",
    },
    bad_finds=["^include/base/a.h:1: long_too.. has 71", "^src/base/a.c:72: long_one.. has 71",
               "^tests/unit/test_a.c:1: tested.. has 83"],
)
def no_function_is_long(root):
    problems = []
    for path in c_files(root, "include", "src", "tests"):
        problems += [f"{path}:{item.first}: {item.name}() has {item.lines} lines, more than {LINES_MAX}"
                     for item in Source((root / path).read_text()).items
                     if item.is_function and item.lines > LINES_MAX]
    return problems


def words_of(root, folder):
    """The words in the code of all C files there."""
    texts = ((root / path).read_text() for path in c_files(root, folder))
    return {word for text in texts for word in WORD.findall(NOISE.sub("", text))}


def reached(tree, modules):
    """All functions to which those in these modules lead, by whatever they call."""
    found = set()
    left = [node for node in tree.nodes if node.module in modules]
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += node.calls
    return found


@rule(
    bad_tree={
        "include/base/a.h": "int a_named(void);\nint a_reached(void);\nint a_alone(void);\n",
        "src/base/a.c": "int a_named(void)\n{\n\treturn a_reached();\n}\nint a_reached(void)\n{\n}\n"
                        "int a_alone(void)\n{\n}\n",
        "include/core/b.h": "int b_named(void);\nint b_reached(void);\nint b_simulated(void);\n",
        "src/core/b.c": "int b_named(void)\n{\n\treturn b_reached();\n}\nint b_reached(void)\n{\n}\n"
                        "int b_simulated(void)\n{\n}\nint b_starts(void)\n{\n\tb_simulated();\n}\n",
        "include/main/m.h": "int m_go(void);\n",
        "src/main/m.c": "int m_go(void)\n{\n\treturn a_alone();\n}\nint main(void)\n{\n\treturn m_go();\n}\n",
        "tests/unit/test_a.c": "int main(void)\n{\n\t/* a_alone() */\n\ta_named();\n\tb_named();\n}\n",
        "tests/sim/world.c": "int main(void)\n{\n\tworld_go();\n}\n",
        "tests/world/world.c": "void world_go(void)\n{\n\tb_starts();\n}\n",
    },
    bad_finds=["^base/a: no test .* a_alone", "^core/b: neither .* b_reached"],
)
def every_public_function_is_tested(root):
    tree, named = Tree(root, folders=(*FOLDERS, "tests")), words_of(root, "tests")
    ours = set(tree_of(root).modules)
    tested = reached(tree, set(tree.modules) - ours)
    simulated = reached(tree, {module for module in tree.modules if module.startswith("sim/")})
    problems = []
    for name, node in tree.public.items():
        floor = node.module.split("/")[0]
        is_tested = name in named or node in simulated or floor == PROGRAMS or name == LOOP
        if not node.item.is_function or node.module not in ours or is_tested:
            continue
        if floor == BY_NAME_OR_SIMULATED:
            problems.append(f"{node.module}: neither does a test name {name}(),"
                            f" nor does the simulation reach it")
        elif node not in tested:
            problems.append(f"{node.module}: no test reaches {name}()")
    return sorted(problems)
