# SPDX-License-Identifier: Apache-2.0
"""power_loss - cut the power of the disk under playbookd, again and again, and look what is left.

The storage directory is on an ext4 of its own, in a file, mounted through a loop device. The power cut is
the file system's shutdown ioctl without a flush of its log: whatever was not made durable is gone. Then
every process is killed, the file system is mounted again and the daemon started. The effects of steps
are written outside of it, as those of real steps would be.

An alert counts as acknowledged only when its 200 was there before the cut began (the fence): after it
the kernel may answer from memory what the disk will never have. The invariants are those of kill_loop;
a step that ran, and whose end the power took with it, makes its run interrupted.
"""

import ctypes
import fcntl
import os
import random
import signal
import struct
import subprocess
import time

from harness import Failed, alive, ck, ck_eq, own_children, wait_until
from invariants import ck_all, ck_orders, look, look_at_what_is_left, read_effects, wait_all_over
from kill_loop import CONFIG, LOOK_EVERY, Clients, count_wanted
from processes import descendants, kill

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2
CLONE_NEWNS = 0x20000
SIZE = 256 << 20  # more than --storage.min-free


def must(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    ck(done.returncode == 0, f"{' '.join(argv)}: {done.stderr.strip()}")


def keep_mounts_to_ourselves():
    """Else whoever makes a mount namespace, as every start of a container does, has a copy of our
    mount. As long as that is there, mounting again gives the same file system, without power."""
    ck(ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0, "no mount namespace of our own: not root?")
    must("mount", "--make-rprivate", "/")


class Disk:
    """An ext4 in a file, mounted at folder/fs."""

    def __init__(self, folder):
        self.image = os.path.join(folder, "disk.img")
        self.path = os.path.join(folder, "fs")
        self.mounted = False
        with open(self.image, "wb") as f:
            f.truncate(SIZE)
        os.mkdir(self.path)
        keep_mounts_to_ourselves()
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
    """When each alert and each order was acknowledged is kept, too; what came after a fence is taken
    back."""

    def __init__(self, daemon_of):
        self.times = {}
        self.order_times = {}
        super().__init__(daemon_of)

    def post(self, body, **more):
        answer = super().post(body, **more)
        if answer and "text" in body:
            self.order_times.setdefault(body["text"], time.monotonic())
        elif answer:
            instance = body["alerts"][0]["labels"]["instance"]
            self.times.setdefault(instance, time.monotonic())
        return answer


def fenced(times, cuts):
    """Those whose 200 came while there was power."""
    return [name for name, at in dict(times).items()
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


def power_loss(t, cycles, every=LOOK_EVERY, say=lambda text: None):
    """Returns figures, or raises Failed. every: so many cycles what must hold is looked at."""
    disk = Disk(t.folder)
    try:
        return Cutter(t, disk).go(cycles, every, say)
    finally:
        kill_everything()
        disk.give_up()


class Cutter:
    def __init__(self, t, disk):
        self.t = t
        self.disk = disk
        self.cuts = []  # from when to when there was no power
        self.daemon = self.start("127.0.0.1:0")
        self.clients = FencedClients(lambda: self.daemon)

    def start(self, listen):
        text = None if self.cuts else CONFIG % {"effects": self.t.path("effects")}
        return self.t.daemon(text, name=f"playbookd-{len(self.cuts)}", storage="fs/data",
                             listen=listen)

    def cycle(self):
        time.sleep(random.uniform(0.05, 0.6))
        fence = self.disk.cut_power()
        self.daemon.kill(signal.SIGKILL)
        kill_everything()
        self.daemon.wait_exit()
        self.cuts.append((fence, time.monotonic()))
        self.disk.unmount()
        self.disk.mount()
        self.daemon = self.start(self.daemon.address)

    def state(self):
        """What is known to people outside: the acknowledged, and the effects."""
        return fenced(self.clients.times, self.cuts), read_effects(self.t.path("effects"))

    def cut_again_and_again(self, cycles, every, say):
        began = time.monotonic()
        try:
            for n in range(1, cycles + 1):
                self.cycle()
                if n % every == 0:
                    look(self.daemon, *self.state())
                if n % 50 == 0:
                    say(f"{n} cuts, {len(self.clients.acked)} acknowledged, "
                        f"{time.monotonic() - began:.0f} s")
        finally:
            self.clients.stop()
        wait_all_over(self.daemon)
        ck_eq(self.daemon.stop(), 0, "exit status of the last daemon")
        return round(time.monotonic() - began)

    def go(self, cycles, every, say):
        try:
            return self.go_unsaid(cycles, every, say)
        except Failed as e:
            raise Failed(f"after {len(self.cuts)} cuts: {e}") from None

    def go_unsaid(self, cycles, every, say):
        try:
            took = self.cut_again_and_again(cycles, every, say)
        except Failed:
            look_at_what_is_left(self.daemon, *self.state())
            raise
        acked, effects = self.state()
        ck_eq(self.clients.wrong, [], "answers that lose an alert")
        wanted = count_wanted(acked)
        statuses = ck_all(self.daemon, acked, wanted, effects, ("interrupted",))
        ck_orders(self.daemon, fenced(self.clients.order_times, self.cuts))
        return {"seconds": took, "cuts": cycles, "acknowledged": wanted,
                "told": len(acked) - wanted, "orders": len(self.clients.order_times),
                "effects": sum(effects.values()),
                "runs": statuses}
