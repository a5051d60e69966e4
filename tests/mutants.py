# SPDX-License-Identifier: Apache-2.0
"""mutants - a copy of the sources with a guard taken out, for a test that must notice.

    with mutants.Copy() as copy:
        with copy.broken(edits):
            program = copy.build("playbookd")

An edit is (file, what stands there, what stands there instead). What is to be replaced must be in the
file: when it is not any more, the mutant is no mutant, and the program ends with exit status 2.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COPIED = ("meson.build", "meson_options.txt", "src", "include", "migrations", "script", "tests")

# The commit at the end of a turn moves behind the messages that wait for it.
MESSAGES_BEFORE_COMMIT = [
    ("src/core/state/turn.c",
     "if (db_in_transaction(turn->db) && db_commit(turn->db, err) < 0) {\n"
     "\t\tdrop_held(turn);\n\t\treturn -1;\n\t}\n", ""),
    ("src/core/state/turn.c",
     "\tdrop_held(turn);\n\treturn 0;\n}",
     "\tdrop_held(turn);\n\treturn db_in_transaction(turn->db) ? db_commit(turn->db, err) : 0;\n}"),
]


def give_up(why):
    print(f"teeth: {why}", file=sys.stderr)
    sys.exit(2)


def must(what, *argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        give_up(f"{what}:\n{done.stdout}{done.stderr}")


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        give_up(f"not there any more: {path}")


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def applied(root, edits):
    """The text of each file that the edits change, by its path."""
    texts = {}
    for name, before, after in edits:
        path = os.path.join(root, name)
        text = texts.get(path) or read(path)
        if before not in text:
            give_up(f"not in {name} any more: {before!r}")
        texts[path] = text.replace(before, after, 1)
    return texts


def check_anchors(all_edits):
    """Are all of them in the sources, without building anything?"""
    for edits in all_edits:
        applied(ROOT, edits)
    print(f"{len(all_edits)} mutants can be made")


class Copy:
    """The sources in a folder of their own, which is removed in the end."""

    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="playbookd-teeth-")
        self.sources = os.path.join(self.folder, "sources")
        self.options = options

    def __enter__(self):
        os.mkdir(self.sources)
        for name in COPIED:
            source, target = os.path.join(ROOT, name), os.path.join(self.sources, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, target)
        must("meson", "meson", "setup", self.build_folder, self.sources, *self.options)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def build_folder(self):
        return os.path.join(self.folder, "build")

    def build(self, target):
        """Its path, once it is there."""
        must("it does not compile", "ninja", "-C", self.build_folder, target)
        return os.path.join(self.build_folder, target)

    @contextlib.contextmanager
    def broken(self, edits):
        texts = applied(self.sources, edits)
        whole = {path: read(path) for path in texts}
        try:
            for path, text in texts.items():
                write(path, text)
            yield
        finally:
            for path, text in whole.items():
                write(path, text)
