"""power_loss - cut the power of the disk under playbookd, again and again, and look what is left.

The storage directory is on an ext4 of its own, in a file, mounted through a loop device. The power cut is
the file system's shutdown ioctl without a flush of its log: whatever was not made durable is gone. Then
every process is killed, the file system is mounted again and the daemon started. The effects of steps
are written outside of it, as those of real steps would be.

An alert counts as acknowledged only when its 200 was there before the cut began (the fence): after it
the kernel may answer from memory what the disk will never have. The invariants are those of kill_loop;
a step that ran, and whose end the power took with it, makes its run interrupted.
"""

import collections
import fcntl
import os
import random
import signal
import struct
import subprocess
import time

from harness import alive, ck, ck_eq, own_children, wait_until
from invariants import (
    ck_acked, ck_effects, ck_no_process_left, ck_store, read_effects, wait_all_over,
)
from kill_loop import CONFIG, Clients
from processes import descendants, kill

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
SIZE = 256 << 20  # more than --storage.min-free


def must(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    ck(done.returncode == 0, f"{' '.join(argv)}: {done.stderr.strip()}")


class Disk:
    """An ext4 in a file, mounted at folder/fs."""

    def __init__(self, folder):
        self.image = os.path.join(folder, "disk.img")
        self.path = os.path.join(folder, "fs")
        self.mounted = False
        with open(self.image, "wb") as f:
            f.truncate(SIZE)
        os.mkdir(self.path)
        must("mkfs.ext4", "-q", "-F", self.image)
        self.mount()

    def mount(self):
        must("mount", "-o", "loop", self.image, self.path)
        self.mounted = True

    def cut_power(self):
        """Returns the time just before: what was answered by then has to be there."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fence = time.monotonic()
            fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
            return fence
        finally:
            os.close(fd)

    def unmount(self):
        """Once nobody has a file of it open any more."""

        def done():
            return subprocess.run(["umount", self.path], capture_output=True,
                                  check=False).returncode == 0

        wait_until(done, "the file system to be free", every=0.01)
        self.mounted = False

    def give_up(self):
        """After a failure, whose traceback may keep files open."""
        if self.mounted:
            must("umount", "--lazy", self.path)


class FencedClients(Clients):
    """When each alert was acknowledged is kept, too; what came after a fence is taken back."""

    def __init__(self, daemon_of):
        self.times = {}
        super().__init__(daemon_of)

    def post(self, body):
        answered = super().post(body)
        if answered:
            instance = body["alerts"][0]["labels"]["instance"]
            self.times.setdefault(instance, time.monotonic())
        return answered

    def fenced(self, cuts):
        """Those whose 200 came while there was power."""
        return [instance for instance, at in self.times.items()
                if not any(fence <= at <= back for fence, back in cuts)]


def kill_everything():
    """At a power cut no process goes on: shims and steps neither."""
    found = descendants()
    while found:
        for pid in found:
            kill(pid)
        for pid in own_children():
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        found = [pid for pid in descendants() if alive(pid)]


def power_loss(t, cycles, say=lambda text: None):
    """Returns figures, or raises Failed."""
    disk = Disk(t.folder)
    try:
        return cut_again_and_again(t, disk, cycles, say)
    finally:
        kill_everything()
        disk.give_up()


def start(t, n, listen):
    text = CONFIG % {"effects": t.path("effects")} if n == 0 else None
    return t.daemon(text, name=f"playbookd-{n}", storage="fs/data", listen=listen)


def cut_again_and_again(t, disk, cycles, say):
    daemon = [start(t, 0, "127.0.0.1:0")]
    clients = FencedClients(lambda: daemon[0])
    cuts, began = [], time.monotonic()
    try:
        for n in range(cycles):
            time.sleep(random.uniform(0.05, 0.6))
            fence = disk.cut_power()
            daemon[0].kill(signal.SIGKILL)
            kill_everything()
            daemon[0].wait_exit()
            cuts.append((fence, time.monotonic()))
            disk.unmount()
            disk.mount()
            daemon[0] = start(t, n + 1, daemon[0].address)
            if (n + 1) % 50 == 0:
                say(f"{n + 1} cuts, {len(clients.acked)} acknowledged, "
                    f"{time.monotonic() - began:.0f} s")
    finally:
        clients.stop()
    wait_all_over(daemon[0])
    ck_eq(daemon[0].stop(), 0, "exit status of the last daemon")
    took = time.monotonic() - began
    db = daemon[0].store()
    effects, acked = read_effects(t.path("effects")), clients.fenced(cuts)
    ck_eq(clients.wrong, [], "answers that lose an alert")
    ck_acked(db, acked)
    statuses = ck_effects(db, effects, ("interrupted",))
    ck_store(db, acked)
    db.close()
    ck_no_process_left()
    return {"cuts": cycles, "seconds": round(took), "acknowledged": len(acked),
            "effects": sum(effects.values()), "runs": dict(collections.Counter(statuses))}
