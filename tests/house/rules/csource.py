# SPDX-License-Identifier: Apache-2.0
"""What a C file defines and what that names, read without a compiler.

An item is what stands at the outermost level and can name a function: a function, or an object with
its initialiser, such as a table of handlers. Types and declarations are no items.
"""

import re

from .tree import gone

NOISE = re.compile(
    r'/\*.*?\*/|//[^\n]*|^[ \t]*#(?:[^\n\\]|\\.)*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL | re.MULTILINE)
ATTRIBUTE = re.compile(r"\b__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
DEFINE = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\([^)\n]*\))?((?:[^\n\\]|\\.)*)", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
TOKEN = re.compile(r"\n|[A-Za-z_]\w*|->|[^\s\w]")
WORD = re.compile(r"[A-Za-z_]\w*")
# A name behind another word is something new, of that type; not behind these.
NO_TYPES = {"return", "else", "case", "do", "goto", "extern", "static", "const"}


class Item:
    """names: the words in it that may be functions or tables, its own or others'.

    What a macro makes has no name here, unless its body follows.
    """

    def __init__(self, name, is_function, is_static, first, last, names):
        self.name = name
        self.is_function = is_function
        self.is_static = is_static
        self.first = first
        self.last = last
        self.names = names

    @property
    def lines(self):
        return self.last - self.first + 1


class Source:
    """declared: the functions that it declares. macros: name → the words that it stands for."""

    def __init__(self, text):
        self.lines = text.count("\n")
        self.macros = {name: WORD.findall(COMMENT.sub("", body)) for name, body in DEFINE.findall(text)}
        self.items = []
        self.declared = []
        for words, first, last in chunks(ATTRIBUTE.sub(gone, NOISE.sub(gone, text))):
            self.add(words, first, last)

    def add(self, words, first, last):
        words = without_types(words)
        begin = next((at for at, word in enumerate(words) if word in "=("), 0)
        if words[0] == "typedef" or begin == 0:
            return
        name, is_function = name_before(words, begin), words[-1] == "}"
        if is_function or "=" in words or begin == 1:
            is_static = "static" in words[:3] or begin == 1
            self.items.append(Item(name, is_function, is_static, first, last, names_in(words[begin:])))
        elif WORD.match(name):
            self.declared.append(name)


def without_types(words):
    """The bodies of structs, unions and enums away, also of those whose object follows at once."""
    begin = next((at for at, word in enumerate(words) if word in "=({"), 0)
    if not words[begin] == "{":
        return words
    depth, end = 1, begin + 1
    while depth:
        depth += (words[end] == "{") - (words[end] == "}")
        end += 1
    return words[:begin] + words[end:]


def name_before(words, begin):
    """name = …, name[] = …, name(…), (*name)(…), and TEST(name) {…}."""
    if begin == 1:
        return words[2] if words[-1] == "}" else ""
    if words[begin + 1] == "*":
        return next(word for word in words[begin + 2 :] if word != "const")
    return words[words.index("[") - 1] if words[begin - 1] == "]" else words[begin - 1]


def chunks(text):
    """(words, first line, last line) of each thing at the outermost level.

    It ends with ";", with the "}" of a function, or as a macro that makes something: NAME(…).
    """
    words, line, first, last, depth = [], 1, 1, 1, 0
    is_body = False
    for token in TOKEN.findall(text):
        if token == "\n":
            line += 1
            continue
        if depth == 0 and token != "{" and is_macro(words):
            yield words, first, last
            words = []
        if not words:
            first = line
        if token == "{" and depth == 0:
            is_body = words[-1:] == [")"] and "=" not in words
        depth += (token in "({[") - (token in ")}]")
        words.append(token)
        last = line
        if depth == 0 and (token == ";" or (token == "}" and is_body)):
            if len(words) > 1:
                yield words, first, last
            words = []
    if is_macro(words):
        yield words, first, last


def is_macro(words):
    return words[1:2] == ["("] and words[-1] == ")" and words[0].isupper()


def names_in(words):
    """In their order; without members, the tags of types, and what is declared in them."""
    names, own = {}, set()
    before = ""
    for at, word in enumerate(words):
        if WORD.match(word) and before not in (".", "->"):
            if words[at + 1 : at + 2] != ["("] and (before == "*" or is_type(before)):
                own.add(word)
            names[word] = True
        before = word
    return [name for name in names if name not in own]


def is_type(word):
    return WORD.match(word) and word not in NO_TYPES
