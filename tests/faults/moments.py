# SPDX-License-Identifier: Apache-2.0
"""moments - when something is killed: at the moment that matters, not only at any.

A random moment is seldom one of the few between two lines of a program. So some kills wait for what
the victim does: one of its system calls, or the folder of a run that is about to begin.
"""

import ctypes
import os
import select
import subprocess

from harness import Failed
from strace import Injection

IN_CREATE = 0x100
LIBC = ctypes.CDLL(None, use_errno=True)


def wait_new_entry(folder, timeout):
    """Until something is made in it. False: nothing was."""
    fd = LIBC.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if LIBC.inotify_add_watch(fd, os.fsencode(folder), IN_CREATE) < 0:
            return False
        return bool(select.select([fd], [], [], timeout)[0])
    finally:
        os.close(fd)


def kill_at_call(t, pid, calls, nth, timeout):
    """SIGKILL it instead of the nth of these calls. False: it has not made so many in time."""
    try:
        injection = Injection(t, pid, f"{','.join(calls)}:signal=KILL:when={nth}", follow=False)
    except Failed:  # it is gone
        return False
    try:
        injection.popen.wait(timeout)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        injection.end()
