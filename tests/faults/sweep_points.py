# SPDX-License-Identifier: Apache-2.0
"""sweep_points - which system calls are made to fail in whom, and how; which of all points are taken.

A point is one call of one role, the n-th of its kind, that fails with an error, or does not return
because its process is killed there.
"""

import collections

KILL = "KILL"

# Who: whose calls they are, and what is done meanwhile (see sweep.py).
RUNNING = ("core", "front", "egress", "executor")  # a delivery, in a process that runs
SHIM = "shim"  # a delivery, in the executor's children until they execute the step
STARTING = {"core-start": "core", "front-start": "front", "egress-start": "egress"}
DAEMON_START = "executor-start"
ROLES = (*RUNNING, SHIM, *STARTING, DAEMON_START)

# What each may fail with. It kills, too; those without an error are there for that alone: what a
# role has said and done before the next of them is all that there is.
DISK = ("EIO", "ENOSPC")
FORK = ("EAGAIN", "ENOMEM")
NO_MORE = ("EMFILE", "ENFILE", "ENOMEM")
ERRORS = {
    "fdatasync": DISK,
    "fsync": DISK,
    "pwrite64": DISK,
    "ftruncate": ("EIO",),
    "fallocate": DISK,
    "renameat": DISK,
    "unlinkat": ("EIO",),
    "mkdirat": DISK,
    "mknodat": ("ENOSPC",),
    "openat": ("EIO", "ENOSPC", "EMFILE", "ENOMEM"),
    "clone": FORK,
    "clone3": FORK,
    "vfork": FORK,
    "execve": ("EIO", "EAGAIN", "ENOMEM"),
    "pipe2": NO_MORE,
    "socketpair": NO_MORE,
    "socket": NO_MORE,
    "accept4": NO_MORE,
    "signalfd4": NO_MORE,
    "sendmsg": (),
    "recvmsg": (),
    "write": (),
    "exit_group": (),
}

Point = collections.namedtuple("Point", "role call error n")


def name_of(point):
    return ":".join(map(str, point))


def point_of(name):
    """Of its name, ROLE:SYSCALL:ERROR:N; raises ValueError."""
    role, call, error, n = name.split(":")
    if role not in ROLES:
        raise ValueError(f"no role '{role}'; one of {', '.join(ROLES)}")
    return Point(role, call, error, int(n))


def how(point):
    """What strace is told."""
    error = f"signal={KILL}" if point.error == KILL else f"error={point.error}"
    return f"{point.call}:{error}:when={point.n}"


def groups(role, made, by_parent):
    """All points of a role, a list for each (call, error). made: how often one of its processes makes
    each call. by_parent: how often the executor does, which is traced with them and would be killed
    before them."""
    found = []
    for call, errors in ERRORS.items():
        for error in (*errors, KILL):
            first = by_parent[call] + 1 if error == KILL else 1
            found.append([Point(role, call, error, n) for n in range(first, made[call] + 1)])
    return [points for points in found if points]


def take(all_groups, count, random):
    """count of them at random: of each group one, then of each group another …"""
    left = [random.sample(points, len(points)) for points in all_groups]
    random.shuffle(left)
    taken = []
    while left and len(taken) < count:
        taken += [points.pop() for points in left]
        left = [points for points in left if points]
    return sorted(taken[:count], key=lambda p: (ROLES.index(p.role), list(ERRORS).index(p.call), p))


COLUMNS = ("points", "unharmed", "503 or cut", "role again", "daemon again", "run not done")


def table(results):
    """results: (point, what it led to: a set of columns)."""
    rows = collections.defaultdict(collections.Counter)
    for point, led_to in results:
        rows[point[:3]].update(["points", *(led_to or ["unharmed"])])
    rows["all", "", ""] = sum(rows.values(), collections.Counter())
    lines = [f"{'role':15}{'call':12}{'error':8}" + "".join(f"{c:>13}" for c in COLUMNS)]
    for (role, call, error), row in rows.items():
        lines.append(f"{role:15}{call:12}{error:8}" + "".join(f"{row[c]:>13}" for c in COLUMNS))
    return "\n".join(lines)
