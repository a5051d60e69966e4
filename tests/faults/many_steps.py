# SPDX-License-Identifier: Apache-2.0
"""many_steps - thousands of short steps, one after the other and side by side; then nothing is left.

Every step leaves something behind on purpose: a child in a session of its own that ignores TERM. A
second after a run is over nothing of it lives; in the end no role has a zombie or one more descriptor
than before, and the daemon's memory is where it was.
"""

import os
import time

from harness import alert, alive, ck, ck_eq, delivery, wait_until

STEPS = 20

CONFIG = """
global: { max_concurrent_runs: 8 }
playbooks:
  - name: many
    matchers: ['alertname="Many"']
    incident: { group_by: [alertname, instance] }
    steps:
%s
"""
STEP = """      - name: step %d
        script: |
          trap '' TERM
          setsid sh -c 'trap "" TERM HUP; exec sleep 1000' >/dev/null 2>&1 &
          echo $!"""


def processes():
    """pid → (parent, state, name) of everything that there is."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                head, _, tail = f.read().rpartition(")")
        except OSError:
            continue
        state, parent = tail.split()[:2]
        found[int(name)] = (int(parent), state, head.partition("(")[2])
    return found


def roles(d):
    found = {role["name"]: role["pid"] for role in d.must_get("/api/v1/status")["roles"]}
    return {**found, "executor": d.pid}


def descriptors(pids):
    return {name: len(os.listdir(f"/proc/{pid}/fd")) for name, pid in pids.items()}


def no_more(now, before):
    """A connection of ours may have been open when they were first counted."""
    return all(now[name] <= before[name] for name in before)


def resident(pids):
    total = 0
    for pid in pids.values():
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total


def left_behind(d, run):
    """Pids that the steps of a run wrote, and that still live."""
    pids = [int(step["outputTail"]) for step in run["steps"]]
    return [pid for pid in pids if alive(pid)]


def many_steps(t, steps, say=lambda text: None):
    """About `steps` steps. Returns figures."""
    d = t.daemon(CONFIG % "\n".join(STEP % i for i in range(STEPS)))
    warm(d)
    pids, before, memory = roles(d), descriptors(roles(d)), resident(roles(d))
    runs, began = steps // STEPS, time.monotonic()
    ids = []
    for i in range(runs):
        data = d.must_post(delivery(alert("Many", instance=str(i))))
        ids.append(data["decisions"][0]["runId"])
    for i, run_id in enumerate(ids):
        run = d.wait_run(run_id, timeout=600)
        ck_eq(run["status"], "succeeded", f"status of {run}")
        ck_eq(len(run["steps"]), STEPS, "steps")
        wait_until(lambda: not left_behind(d, run), "what a step left behind to be gone")
        if i % 50 == 49:
            say(f"{(i + 1) * STEPS} steps")
    seconds = time.monotonic() - began
    ck_eq(roles(d), pids, "roles: none was restarted")
    wait_until(lambda: no_more(descriptors(pids), before), f"no more descriptors than {before}")
    ours = {pid: of for pid, of in processes().items() if of[0] in pids.values()}
    ck(not [of for of in ours.values() if of[1] == "Z"], f"zombies: {ours}")
    ck_eq(sorted(ours), sorted(pid for pid in pids.values() if pid != d.pid), "children")
    return {"steps": runs * STEPS, "seconds": round(seconds), "zombies": 0,
            "descriptors": before, "memory_kb": [memory, resident(pids)]}


def warm(d):
    """One run, so that statements are prepared and buffers are there."""
    d.wait_run(d.must_post(delivery(alert("Many", instance="warm")))["decisions"][0]["runId"], 60)
