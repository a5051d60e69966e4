# SPDX-License-Identifier: Apache-2.0
"""strace - system calls of a running process fail, or kill it: what, as in strace's --inject=.

    injection = Injection(t, d.roles()["core"], "fdatasync:error=EIO:when=1")
    …
    injection.end()

The n of when=n counts the calls of each traced process by itself.
"""

import collections
import os
import re
import signal
import subprocess
import threading

from harness import Failed, read_file, wait_until

HIT = re.compile(r"\(INJECTED\)|\+\+\+ killed by SIGKILL")
CALL = re.compile(r"^(?:(\d+) +)?(\w+)\(", re.MULTILINE)
TRACER = re.compile(r"^TracerPid:\s+(\d+)", re.MULTILINE)


def traced(what):
    """The calls named in what, for -e trace=."""
    return "trace=" + ",".join(w.partition(":")[0] for w in what)


def injecting(path, what):
    """The options that these have in common, and one file for what was seen."""
    return ["-o", path, "-e", traced(what), *(f"--inject={w}" for w in what if ":" in w)]


class Injection:
    """Until end(); a what without a colon is only counted. With follow the children that pid makes
    meanwhile, too; with until_exec each only until it executes something. With once it ends itself
    when it has happened: of children, each next one would be hit again."""

    count_of = 0

    def __init__(self, t, pid, *what, follow=True, until_exec=False, once=False):
        Injection.count_of += 1
        self.path = t.path(f"strace-{pid}-{Injection.count_of}")
        self.popen = subprocess.Popen(
            ["strace", *(["-f"] if follow else []), *(["-b", "execve"] if until_exec else []),
             "-p", str(pid), *injecting(self.path, what)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        line = self.popen.stderr.readline().decode()
        if "attached" not in line:
            raise Failed(f"strace: {line}")
        self.over = threading.Event()
        self.ending = threading.Lock()
        t.things.append(self)
        if once:
            threading.Thread(target=self._end_when_hit, daemon=True).start()

    def _end_when_hit(self):
        while not self.over.wait(0.003):
            if self.hits():
                self.end()

    def hits(self):
        """How often it happened."""
        return hits(self.path)

    def calls(self):
        return calls(self.path)

    def end(self):
        """strace may wait for ever for a process that is within vfork(): then it is made to end."""
        self.over.set()
        with self.ending:
            if self.popen.poll() is None:
                self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(1)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
            self.popen.stderr.close()


class Start:
    """Of a daemon that was started under strace -D with injecting()."""

    def __init__(self, path, daemon):
        self.path = path
        self.daemon = daemon

    def hits(self):
        return hits(self.path)

    def calls(self):
        return calls(self.path)

    def tracer(self):
        """Its pid, 0 when there is none."""
        status = read_file(f"/proc/{self.daemon.pid}/status")
        return int((TRACER.findall(status) or ["0"])[0])

    def end(self):
        """What it started it would end, too, if it were only asked."""
        tracer = self.tracer()
        if tracer:
            os.kill(tracer, signal.SIGKILL)
            wait_until(lambda: self.tracer() == 0, "strace has let go", every=0.003)


def hits(path):
    return len(HIT.findall(read_file(path)))


def calls(path):
    """How often each call was made, by pid; without follow that is None."""
    found = collections.defaultdict(collections.Counter)
    for pid, name in CALL.findall(read_file(path)):
        found[int(pid) if pid else None][name] += 1
    return found
