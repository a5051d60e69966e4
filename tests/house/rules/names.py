# SPDX-License-Identifier: Apache-2.0
"""How files and functions are called."""

import re

from .structure import tree_of
from .tree import rule

# The functions of these begin otherwise: how, and why that is easier to read.
PREFIXES = {
    "base/clock": (r"duration_", "spans of time are read and written as the times are"),
    "base/cleanup": (r"take_fd", "TAKE() for a descriptor"),
    "base/mem": (r"x[a-z]+|arena_", "xmalloc() is called so everywhere; an arena is a piece of memory"),
    "domain/playbook": (r"(param|params|step)_", "what a playbook is made of"),
    "store/deliveries": (r"decisions_", "what was decided about each alert of a delivery"),
    "store/paged_levels": (r"notified_", "who knows of a level that was paged"),
    "sys/db": (r"stmt_", "a statement is nothing without its database"),
    "sys/httpc_send": (r"sending_", "a part of httpc alone, about one of its things"),
    "sys/httpc_target": (r"target_", "a part of httpc alone, about one of its things"),
    "sys/yaml_node": (r"yaml_", "the reading half of yaml"),
}


@rule(
    bad_tree={
        "include/domain/check.h": "", "src/domain/check.c": "", "src/config/check.c": "",
        "include/core/run/check.h": "", "include/domain/run.h": "", "src/domain/run.c": "",
    },
    bad_finds=["^check: .*config/check core/run/check domain/check$"],
)
def no_two_files_have_one_name(root):
    called = {}
    for module in tree_of(root).modules:
        called.setdefault(module.rpartition("/")[2], []).append(module)
    return [f"{name}: the name of several files: {' '.join(modules)}"
            for name, modules in sorted(called.items()) if len(modules) > 1]


def numbers_of(noun):
    """The noun as it is, of one and of many."""
    found = {noun, noun + "s", noun + "es", noun.removesuffix("s"), noun.removesuffix("es")}
    found.add(re.sub("ies$", "y", noun))
    found.add(re.sub("y$", "ies", noun))
    return found


def begins_with(name, noun):
    return any(name == word or name.startswith(word + "_") for word in numbers_of(noun))


@rule(
    bad_tree={
        "include/base/mem.h": "void *xmalloc(void);\nint mem_push(void);\nint push_mem(void);\n",
        "include/core/run/queue.h": "int queue_add(void);\nstatic inline int queued(void)\n{\n}\n",
        "include/store/policies.h": "int policy_add(int (*each)(int));\nint policies_of(void);\n"
                                    "void policy(void);\n",
        "include/domain/label.h": "int labels_get(void);\nint labelled(void);\n",
        "src/domain/label.c": "int anything(void)\n{\n}\n",
    },
    bad_finds=["^include/base/mem.h: push_mem", "^include/core/run/queue.h: queued",
               "^include/domain/label.h: labelled"],
)
def functions_begin_with_their_file(root):
    problems = []
    for path, source in tree_of(root).sources.items():
        if not path.endswith(".h"):
            continue
        module = path.removeprefix("include/").removesuffix(".h")
        other, _ = PREFIXES.get(module, ("(?!)", ""))
        names = source.declared + [item.name for item in source.items if item.is_function]
        problems += [f"{path}: {name}() does not begin with the name of its file" for name in names
                     if not begins_with(name, module.rpartition("/")[2]) and not re.match(other, name)]
    return problems
