# SPDX-License-Identifier: Apache-2.0
"""What breaks, and what must not come of it."""

import os
import signal
import sqlite3
import sys

from harness import (
    READY, ROOT, alert, alive, ck, ck_decisions, ck_eq, ck_error, ck_match, ck_status, delivery,
    limit, wait_until,
)
from strace import Injection

sys.path.append(os.path.join(ROOT, "tests/faults"))

import kill_loop  # noqa: E402
import sweep  # noqa: E402
from processes import name_of  # noqa: E402

CONFIG = """
playbooks:
  - name: long
    matchers: ['alertname="Down"']
    steps:
      - { name: one, script: 'sleep 300 & echo $! > %(dir)s/grandchild; echo $$ > %(dir)s/child; wait' }
      - { name: two, run: [touch, %(dir)s/two] }
    rescue:
      - { name: collect, run: [touch, %(dir)s/rescued] }
"""
EMPTY = "playbooks: []\n"


@limit(180)
def test_120_kills_of_one_role_after_the_other_lose_nothing_and_repeat_nothing(t):
    print("#", kill_loop.kill_loop(t, 120))


@limit(120)
def test_55_kills_of_shims_too_lose_nothing_and_repeat_nothing(t):
    print("#", kill_loop.kill_loop(t, 55, shims=True))


@limit(180)
def test_a_system_call_that_fails_or_kills_loses_nothing_and_repeats_nothing(t):
    """One of each kind of point that tests/faults/sweep goes to, as far as time allows."""
    print("#", sweep.sweep(t, 40))


def test_what_the_teeth_take_out_is_in_the_sources(t):
    """They are not run here, which takes minutes; so that they can be whenever somebody does."""
    for room in ("sim", "faults"):
        status, _, said = t.command(os.path.join(ROOT, "tests", room, "teeth"), "--anchors")
        ck_eq(status, 0, f"{room}: {said}")


def start_long_run(t, d):
    """(run, pid of its shim) while its first step runs."""
    run_id = d.must_post(delivery(alert("Down")))["decisions"][0]["runId"]
    wait_until(lambda: t.read("child"), "the step's own pid")
    child = int(t.read("child"))
    with open(f"/proc/{child}/stat", encoding="ascii") as f:
        return run_id, int(f.read().rpartition(")")[2].split()[1])


def test_a_killed_shim_interrupts_its_run_and_calls_for_a_person(t):
    """Nobody knows how far the step came, so it is not started again."""
    d = t.daemon(CONFIG % {"dir": t.folder})
    run_id, shim = start_long_run(t, d)
    ck_eq(name_of(shim), "playbookd-shim", "parent of the step")
    os.kill(shim, signal.SIGKILL)
    run = d.wait_run(run_id)
    ck_eq(run["status"], "interrupted", "run")
    ck_match("nobody knows how it ended", run["reason"], "reason")
    ck_eq(run["steps"][0]["status"], "interrupted", "step")
    ck(not os.path.exists(t.path("two")), "the next step ran")
    ck(d.incident(run["incidentId"])["attention"], "nobody is called")
    wait_until(lambda: not alive(int(t.read("child"))), "the end of the step")


def test_nothing_of_a_step_outlives_a_killed_shim(t):
    d = t.daemon(CONFIG % {"dir": t.folder})
    run_id, shim = start_long_run(t, d)
    os.kill(shim, signal.SIGKILL)
    d.wait_run(run_id)
    wait_until(lambda: not alive(int(t.read("grandchild"))), "the end of the step's child")


def test_a_step_is_adopted_by_the_next_core(t):
    d = t.daemon(CONFIG % {"dir": t.folder})
    run_id, shim = start_long_run(t, d)
    mark = d.mark()
    os.kill(d.roles()["core"], signal.SIGKILL)
    d.wait_log(READY, after=mark)
    ck(alive(shim), "the shim died with the core")
    ck_eq(d.run(run_id)["status"], "running", "run")
    os.kill(int(t.read("grandchild")), signal.SIGKILL)
    ck_match("succeeded|failed", d.wait_run(run_id)["status"], "run")


def test_a_locked_store_is_503_and_loses_nothing(t):
    """F07: somebody's sqlite3 shell holds it; the sender tries again."""
    d = t.daemon(EMPTY)
    d.must_post(delivery(alert("Down", n="1")))
    other = sqlite3.connect(os.path.join(d.storage, "playbookd.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ck_error(d.post(delivery(alert("Down", n="2"))), 503, ".")
    other.execute("ROLLBACK")
    other.close()
    wait_until(lambda: d.post(delivery(alert("Down", n="2"))).status == 200, "200")
    rows = d.must_get("/api/v1/decisions")["decisions"]
    ck(len(rows) >= 2, f"decisions {rows}")


def test_a_missing_output_folder_does_not_stop_the_daemon(t):
    """The storage directory vanishes under it: 503 or an answer, never a crash of the executor."""
    d = t.daemon(CONFIG % {"dir": t.folder})
    os.rename(os.path.join(d.storage, "runs"), t.path("runs-gone"))
    data = d.must_post(delivery(alert("Down")))
    ck_decisions(data, ["queued"])
    run_id = data["decisions"][0]["runId"]
    wait_until(lambda: d.run(run_id)["steps"], "the first step's row")
    os.rename(t.path("runs-gone"), os.path.join(d.storage, "runs"))
    ck(d.popen.poll() is None, "the executor ended")
    wait_until(lambda: t.read("child") or d.run(run_id)["finishedAt"], "what becomes of the run")


def test_a_front_that_ran_out_of_descriptors_accepts_again(t):
    """F11: libmicrohttpd waits for one of its connections to be closed. An idle one gives way."""
    d = t.daemon(EMPTY)
    idle = d.connect()
    d.request("GET", "/-/healthy", connection=idle)
    injection = Injection(t, d.roles()["front"], "accept4:error=EMFILE:when=1")
    wait_until(lambda: healthy(d), "an answer")
    ck_eq(injection.hits(), 1, "accept() failed")
    ck_status(d.get("/-/healthy"), 200)
    idle.close()


def healthy(d):
    connection = d.connect(timeout=5)
    try:
        return d.request("GET", "/-/healthy", connection=connection).status == 200
    except TimeoutError:
        return False
    finally:
        connection.close()
