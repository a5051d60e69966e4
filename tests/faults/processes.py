# SPDX-License-Identifier: Apache-2.0
"""processes - which processes there are below us; how to end one, and what is left of it."""

import os
import signal

from harness import alive, own_children, read_file


def name_of(pid):
    return read_file(f"/proc/{pid}/comm").strip()


def kill(pid):
    """False when it ended by itself just before."""
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def kill_ours(pid):
    """What the status names may be gone: kill none but our own. Was it there?"""
    return pid in descendants() and alive(pid) and kill(pid)


def parent_of(pid):
    """Its number, or None when it is gone."""
    after_name = read_file(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(after_name[1]) if after_name else None


def descendants():
    found, look = [], own_children()
    while look:
        pid = look.pop()
        found.append(pid)
        for task in listdir(f"/proc/{pid}/task"):
            look += [int(p) for p in read_file(f"/proc/{pid}/task/{task}/children").split()]
    return found


def listdir(path):
    try:
        return os.listdir(path)
    except FileNotFoundError:
        return []


def reap_orphans(*but):
    """Shims that outlived their executor are our children now; of others somebody waits."""
    for pid in own_children():
        if pid not in but and not alive(pid):
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
