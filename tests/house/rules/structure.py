# SPDX-License-Identifier: Apache-2.0
"""The structure of the C tree: which file calls which, which room, in which circles.

A file is a module, x.c and x.h together, called by its path below src/ without the end. It calls
another when anything in it names a function that the other defines: as a call, as a callback, in a
table. A macro names what its text names; a table of another file counts when it names functions.
"""

import functools
import sys

from .csource import Source
from .rooms import is_upward, room_of
from .tree import c_files, includes

FOLDERS = ("include", "src")


class Node:
    """A function, or a table that may name some. calls: the nodes that it names, in order."""

    def __init__(self, module, item):
        self.module = module
        self.item = item
        self.name = item.name
        self.calls = []

    def counts(self):
        """Does who names it call something by that?"""
        return self.item.is_function or bool(self.calls)


def is_in(module, folder):
    return not folder or module == folder or module.startswith(folder + "/")


def module_of(path):
    return path.split("/", 1)[1].rpartition(".")[0]


class Steps:
    """What a walk passes through: places (files, or rooms) in the order in which they are entered.

    returns: how often one that was entered before is entered from another one. turns: how many calls
    lead to one that the walk came through and is not out of yet, so that calls form a circle.
    """

    def __init__(self):
        self.places, self.path = [], []
        self.returns, self.turns = 0, 0

    def enter(self, place):
        if self.path and self.path[-1] != place:
            self.returns += place in self.places
        if place not in self.places:
            self.places.append(place)
        self.path.append(place)

    def see(self, place):
        self.turns += place != self.path[-1] and place in self.path

    def leave(self):
        self.path.pop()


class Tree:
    """All of a tree. classed: module → room, for files that are not in the folder of their room."""

    def __init__(self, root, classed=None, folders=FOLDERS):
        self.classed = classed or {}
        self.sources = {path: Source((root / path).read_text()) for path in c_files(root, *folders)}
        self.modules = sorted({module_of(path) for path in self.sources})
        self.nodes, self.own, self.public, self.macros = [], {}, {}, {}
        self.includes = set()
        for path in self.sources:
            self.take_in(root, path)
        for node in self.nodes:
            self.connect(node)
        self.calls = {(a.module, b.module) for a in self.nodes for b in a.calls
                      if a.module != b.module and b.counts()}

    def take_in(self, root, path):
        module, source = module_of(path), self.sources[path]
        is_header = path.endswith(".h")
        for item in source.items:
            node = Node(module, item)
            self.nodes.append(node)
            if item.name:
                self.own[module, item.name] = node
            if item.name and (is_header or not item.is_static):
                self.public[item.name] = node
        for name, words in source.macros.items():
            self.macros["" if is_header else module, name] = words
        for _, is_outside, name in includes(root, path):
            used = name.removesuffix(".h")
            if not is_outside and used != module:
                self.includes.add((module, used))

    def meant(self, module, name, within=()):
        """The nodes that a word in the module means: none, one, or all that a macro stands for."""
        words = self.macros.get((module, name)) or self.macros.get(("", name))
        if words and name not in within:
            return [node for word in words for node in self.meant(module, word, (*within, name))]
        node = self.own.get((module, name)) or self.public.get(name)
        return [node] if node else []

    def connect(self, node):
        found = {id(other): other for name in node.item.names for other in self.meant(node.module, name)}
        node.calls = [other for other in found.values() if other is not node]

    @staticmethod
    def folder(module):
        return module.rpartition("/")[0]

    def room(self, module):
        return self.classed.get(module) or room_of(self.folder(module))

    def lines(self, module):
        return sum(source.lines for path, source in self.sources.items() if module_of(path) == module)

    def between_rooms(self, arrows):
        """(room, room) → how many of the arrows between files go from one to the other."""
        counted = {}
        for a, b in sorted(arrows):
            rooms = self.room(a), self.room(b)
            if rooms[0] != rooms[1]:
                counted[rooms] = counted.get(rooms, 0) + 1
        return counted

    def upward(self, arrows):
        return sorted((a, b) for a, b in arrows if is_upward(self.room(a), self.room(b)))

    def functions(self):
        return [node for node in self.nodes if node.item.is_function]

    def walk(self, name, under=""):
        """Reads on from a function, depth first and each one once: (steps by file, steps by room).

        Only what is in the folder under is entered, and nothing of base, on which all stand.
        """
        files, rooms, seen = Steps(), Steps(), set()

        def read(node):
            seen.add(node)
            files.enter(node.module)
            rooms.enter(self.room(node.module))
            for other in node.calls:
                files.see(other.module)
                rooms.see(self.room(other.module))
                if other not in seen and is_in(other.module, under) and not is_in(other.module, "base"):
                    read(other)
            files.leave()
            rooms.leave()

        allow_depth(len(self.nodes))
        read(self.public[name])
        return files, rooms

    def why(self, a, b):
        """'caller() names called()' for each call that makes the arrow."""
        return sorted(f"{node.name}() names {other.name}()" for node in self.nodes if node.module == a
                      for other in node.calls if other.module == b and other.counts())


@functools.cache
def tree_of(root):
    """For all who only look: a tree is read once."""
    return Tree(root)


def allow_depth(count):
    sys.setrecursionlimit(max(sys.getrecursionlimit(), count + 1000))


def circles(arrows):
    """The sets of two and more that all lead to each other, the largest first (Tarjan)."""
    onward = {}
    for a, b in sorted(arrows):
        onward.setdefault(a, []).append(b)
        onward.setdefault(b, [])
    number, low, stack, found = {}, {}, [], []

    def visit(at):
        number[at] = low[at] = len(number)
        stack.append(at)
        for other in onward[at]:
            if other not in number:
                visit(other)
            if other in stack:
                low[at] = min(low[at], low[other])
        if low[at] == number[at]:
            start = stack.index(at)
            found.append(sorted(stack[start:]))
            del stack[start:]

    allow_depth(len(onward))
    for at in onward:
        if at not in number:
            visit(at)
    return sorted((circle for circle in found if len(circle) > 1), key=lambda circle: (-len(circle), circle))
