# SPDX-License-Identifier: Apache-2.0
"""Each source says under which license it is, and the license is there."""

from .tree import rule

FOLDERS = (".ci", "config", "include", "migrations", "script", "src", "tests")
MARK = "SPDX-License-Identifier: Apache-2.0"
C_LINE = f"/* {MARK} */"
HASH_LINE = f"# {MARK}"
LINE_OF = {".c": C_LINE, ".h": C_LINE, ".build": HASH_LINE, ".py": HASH_LINE, ".sh": HASH_LINE}
TITLE = "Apache License\n                           Version 2.0, January 2004\n"


def sources(root):
    """(path, text, the line that it must have) of each source that is not empty."""
    files = [root / "meson.build", root / "meson_options.txt"]
    for folder in FOLDERS:
        files += sorted((root / folder).rglob("*"))
    for file in files:
        if not file.is_file() or "__pycache__" in file.parts:
            continue
        text = file.read_text(errors="replace")
        is_script = text.startswith("#!") or file.name == "meson_options.txt"
        line = LINE_OF.get(file.suffix) or (HASH_LINE if is_script else None)
        if text and line:
            yield file.relative_to(root), text, line


@rule(
    bad_tree={
        "LICENSE": "MIT License\n",
        "meson.build": "project('x')\n",
        "meson_options.txt": f"{HASH_LINE}\noption('x')\n",
        "src/base/a.c": f'{C_LINE}\n#include "base/a.h"\n',
        "include/base/a.h": f"\n{C_LINE}\n",
        "script/a": f"#!/bin/sh\n{HASH_LINE}\n",
        "script/b": "#!/bin/sh\n# Do b.\n",
        "tests/c.py": f'"""c"""\n{HASH_LINE}\n',
        "tests/__init__.py": "",
        "tests/seed": "text\n",
    },
    bad_finds=["^LICENSE: ", "^include/base/a.h:1: ", "^meson.build:1: ", "^script/b:2: ", "^tests/c.py:1: "],
)
def sources_say_their_license(root):
    problems = []
    if not (root / "LICENSE").is_file() or TITLE not in (root / "LICENSE").read_text():
        problems.append("LICENSE: is not the text of Apache-2.0")
    for path, text, line in sources(root):
        at = 1 if text.startswith("#!") else 0
        if text.split("\n")[at] != line:
            problems.append(f"{path}:{at + 1}: expected '{line}'")
    return problems
