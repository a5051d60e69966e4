# SPDX-License-Identifier: Apache-2.0
"""script/drill leaves nothing behind, however it ends. What it drills is not tried here."""

import glob
import os
import shutil
import signal

from harness import ROOT, ck, ck_eq, limit, read_file, wait_until

DRILL = os.path.join(ROOT, "tests/drill/run")


def may_drill():
    return os.geteuid() == 0 and shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin")


def namespaces_of(folder):
    """Processes of the drill in that folder, by their network namespace."""
    own = os.readlink("/proc/self/ns/net")
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            mounts = read_file(f"/proc/{pid}/mountinfo")
            if os.readlink(f"/proc/{pid}/ns/net") != own and folder in mounts:
                found.append(int(pid))
        except OSError:
            pass
    return found


def ck_nothing_left(pid, folder):
    wait_until(lambda: not namespaces_of(folder), "the end of all processes")
    ck(not os.path.exists(folder), f"{folder} is left")
    ck_eq(glob.glob(f"/sys/fs/cgroup/*/playbookd-drill-{pid}"), [], "control groups")
    images = glob.glob("/sys/block/loop*/loop/backing_file")
    ck(not any(folder in read_file(image) for image in images), "a loop device is left")
    ck(folder not in read_file("/proc/self/mounts"), "a mount is left")


def start_drill(t):
    """A drill that has begun, and its folder."""
    os.environ["TMPDIR"] = t.folder
    drill = t.start("drill", "/usr/bin/python3", DRILL, "instance")
    drill.wait_log("Opareta is up", timeout=90)
    folder = glob.glob(t.path("playbookd-drill-*"))[0]
    ck(len(namespaces_of(folder)) > 20, "no processes are found")
    return drill, folder


@limit(150)
def test_a_drill_that_is_told_to_end_leaves_nothing(t):
    if not may_drill():
        return
    drill, folder = start_drill(t)
    drill.kill(signal.SIGTERM)
    ck_eq(drill.wait_exit(30), 1, "exit status")
    ck_nothing_left(drill.pid, folder)


@limit(150)
def test_the_processes_of_a_drill_end_with_it_even_when_it_is_killed(t):
    if not may_drill():
        return
    drill, folder = start_drill(t)
    drill.kill(signal.SIGKILL)
    drill.wait_exit(10)
    wait_until(lambda: not namespaces_of(folder), "the end of all processes")
    ck(folder not in read_file("/proc/self/mounts"), "a mount is left")
    # Nobody is there to remove these two; the next drill does not mind them.
    for path in glob.glob(f"/sys/fs/cgroup/*/playbookd-drill-{drill.pid}"):
        for below, _, _ in os.walk(path, topdown=False):
            wait_until(lambda: removed(below), f"{below} to be free")


def removed(path):
    try:
        os.rmdir(path)
        return True
    except FileNotFoundError:
        return True
    except OSError:
        return False
