"""kill_loop - kill playbookd's processes again and again while it works, and look what is left.

Clients deliver unique alerts, a fifth of them twice; each makes a run of two steps, whose effects are
lines, "run step", appended to a file outside. The pauses around them leave time for a kill.
Meanwhile a process of a random role gets SIGKILL at a random moment: every role once a round, in a
new order each round. When it was the executor, which is the whole daemon, it is started again. In
the end everything is given time to finish, and then:

    I1  every alert that was answered with 200 has a decision
    I2  a run succeeded if and only if its effect is there; nothing else ends a run, but killing
        its shim: that may interrupt it
    I3  no (run, step) has two effects
    I4  no effect without a run
    I5  every run is over
    I6  no group has two open incidents
    I7  the database is whole
    I8  no process is left
"""

import collections
import json
import os
import random
import signal
import threading
import time

from harness import (
    alert, alive, ck, ck_eq, command_of, delivery, own_children, read_file, wait_until,
)

CONFIG = """
global: { max_concurrent_runs: 8 }
playbooks:
  - name: effect
    matchers: ['alertname="Kill"']
    incident: { group_by: [alertname, instance] }
    params:
      instance: { from: labels.instance, pattern: "[a-z0-9-]+" }
    steps:
      - name: one
        script: 'echo "$PLAYBOOKD_RUN_ID $PLAYBOOKD_STEP" >> %(effects)s; sleep 0.1'
      - name: two
        script: 'sleep 0.05; echo "$PLAYBOOKD_RUN_ID $PLAYBOOKD_STEP" >> %(effects)s'
"""
STEPS = ("one", "two")
ROLES = ("executor", "core", "front", "egress")
CLIENTS = 2
RESENT = 0.2
BEHIND_MAX = 40  # runs that wait: beyond it the clients pause, so that the end is not far away


class Clients:
    """Deliver until told to stop; acked: the instances that were answered with 200; wrong: answers
    that are neither 200 nor 503, which Alertmanager would not try again."""

    def __init__(self, daemon_of):
        self.daemon_of = daemon_of
        self.acked = []
        self.wrong = []
        self.tries = 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.deliver, args=(n,), daemon=True)
                        for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def behind(self):
        """Runs that wait. What was interrupted is over, though it never had its last effect."""
        try:
            queued = self.daemon_of().must_get("/api/v1/runs", status="queued", limit=100)
        except Exception:  # nobody is there just now
            return 0
        return len(queued["runs"])

    def deliver(self, n):
        count = 0
        while not self.over.is_set():
            if self.behind() > BEHIND_MAX:
                self.over.wait(0.05)
                continue
            count += 1
            self.deliver_one(f"{n}-{count}")

    def deliver_one(self, instance):
        """Until it is acknowledged, as Alertmanager would; some once more after that."""
        body = delivery(alert("Kill", instance=instance), externalURL=f"http://am-{instance[0]}")
        while not self.post(body):
            if self.over.wait(0.02):
                return
        with self.lock:
            self.acked.append(instance)
        if random.random() < RESENT:
            self.post(body)

    def post(self, body):
        self.tries += 1
        try:
            answer = self.daemon_of().post(body)
        except Exception:  # refused, cut, half an answer: it is not acknowledged
            return False
        if answer.status not in (200, 503):
            self.wrong.append(f"status {answer.status}: {answer.body[:300]!r}")
        return answer.status == 200


class Killer:
    def __init__(self, t, shims):
        self.t = t
        self.shims = shims
        self.killed = collections.Counter()
        self.daemon = t.daemon(CONFIG % {"effects": t.path("effects")})
        self.daemons = [self.daemon]
        self.order = []

    def next_role(self):
        if not self.order:
            self.order = list(ROLES) + (["shim"] if self.shims else [])
            random.shuffle(self.order)
        return self.order.pop()

    def cycle(self):
        """Wait a moment, then kill one."""
        role = self.next_role()
        time.sleep(random.uniform(0.02, 0.25))
        if role == "executor":
            self.kill_executor()
        elif role == "shim":
            self.kill_shim()
        else:
            self.kill_role(role)

    def kill_role(self, role):
        mark = self.daemon.mark()
        wait_until(lambda: self.kill_pid(self.daemon.roles()[role]), f"a {role} to kill")
        self.killed[role] += 1
        if role == "core":
            self.daemon.wait_log('msg="ready to receive alerts"', after=mark)

    @staticmethod
    def kill_pid(pid):
        """The status may still name one that is gone: kill none but our own."""
        if pid not in descendants() or not alive(pid):
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def kill_executor(self):
        dead = self.daemon
        dead.kill()
        dead.wait_exit()
        dead.ck_clean()
        self.killed["executor"] += 1
        # The first daemon's port stays everybody's port, as it would be in the real world.
        self.daemon = self.t.daemon(None, listen=self.daemons[0].address,
                                    name=f"playbookd-{len(self.daemons)}")
        self.daemons.append(self.daemon)
        self.reap_orphans()

    def reap_orphans(self):
        """Shims that outlived their executor are our children now."""
        for pid in own_children():
            if pid != self.daemon.pid and not alive(pid):
                os.waitpid(pid, 0)

    def kill_shim(self):
        # A shim's child is called like it until it has become the step: that one is no shim.
        named = [pid for pid in descendants() if name_of(pid) == "playbookd-shim"]
        shims = [pid for pid in named if parent_of(pid) not in named]
        if shims and kill(random.choice(shims)):
            self.killed["shim"] += 1


def name_of(pid):
    return read_file(f"/proc/{pid}/comm").strip()


def kill(pid):
    """False when it ended by itself just before."""
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


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


def wait_all_over(d):
    """Nothing is queued, nothing runs."""

    def over():
        return not any(d.must_get("/api/v1/runs", status=status, limit=1)["runs"]
                       for status in ("queued", "running", "verifying"))

    wait_until(over, "the end of all runs", timeout=60)


def read_effects(path):
    """How often each (run, step) had its effect."""
    effects = collections.Counter()
    for line in read_file(path).splitlines():
        run, step = line.split()
        effects[int(run), step] += 1
    return effects


def ck_acked(db, acked):
    rows = db.execute("SELECT json_extract(e.labels, '$.instance') FROM episode e"
                      " JOIN decision d ON d.incident_id = e.incident_id").fetchall()
    lost = set(acked) - {row[0] for row in rows}
    ck(not lost, f"I1: {len(lost)} of {len(acked)} acknowledged alerts have no decision: {lost}")


def ck_effects(db, effects, shims):
    runs = dict(db.execute("SELECT id, status FROM run").fetchall())
    twice = [key for key, count in effects.items() if count > 1]
    ck(not twice, f"I3: {len(twice)} effects happened twice: {twice[:10]}")
    ck(all(run in runs for run, _ in effects), "I4: an effect without a run")
    wrong = []
    for run, status in runs.items():
        whole = all(effects[run, step] for step in STEPS)
        allowed = {True: ("succeeded",), False: ()}[whole]
        if shims:  # killed after its effect, or before it
            allowed += ("interrupted",)
        if status not in allowed:
            wrong.append((run, status, [s for s in STEPS if effects[run, s]]))
    ck(not wrong, f"I2, I5: {len(wrong)} runs and their effects disagree: {wrong[:10]}")
    return collections.Counter(runs.values())


def ck_store(db, acked):
    groups = db.execute("SELECT count(*) FROM incident WHERE status IN ('firing', 'mitigated')"
                        " GROUP BY group_hash HAVING count(*) > 1").fetchall()
    ck_eq(groups, [], "I6: groups with two open incidents")
    twice = db.execute("SELECT labels FROM incident GROUP BY labels HAVING count(*) > 1").fetchall()
    ck_eq(twice, [], "I6: alerts with two incidents")
    runs = db.execute("SELECT count(DISTINCT incident_id), count(*) FROM run").fetchone()
    ck_eq(runs[0], runs[1], "runs, one for each incident")
    ck(runs[1] >= len(acked), f"{runs[1]} runs for {len(acked)} acknowledged alerts")
    ck_eq(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "I7: integrity")
    ck_eq(db.execute("PRAGMA foreign_key_check").fetchall(), [], "I7: foreign keys")


def ck_no_process_left():
    def left():
        return [f"{pid} {name_of(pid)}: {command_of(pid)}" for pid in descendants() if alive(pid)]

    wait_until(lambda: not left(), f"I8: the end of {left()}", timeout=10)


def kill_loop(t, cycles, shims=False, say=lambda text: None):
    """Returns figures, or raises Failed."""
    effects_path = t.path("effects")
    killer = Killer(t, shims)
    clients = Clients(lambda: killer.daemon)
    began = time.monotonic()
    try:
        for n in range(cycles):
            killer.cycle()
            if (n + 1) % 50 == 0:
                say(f"{n + 1} cycles, {len(clients.acked)} acknowledged, "
                    f"{time.monotonic() - began:.0f} s")
    finally:
        clients.stop()
    wait_all_over(killer.daemon)
    ck_eq(killer.daemon.stop(), 0, "exit status of the last daemon")
    killing_took = time.monotonic() - began
    db = killer.daemon.store()
    effects = read_effects(effects_path)
    ck_eq(clients.wrong, [], "answers that lose an alert")
    ck_acked(db, clients.acked)
    statuses = ck_effects(db, effects, shims)
    ck_store(db, clients.acked)
    ck_no_process_left()
    return {"cycles": cycles, "seconds": round(killing_took), "killed": dict(killer.killed),
            "tries": clients.tries, "acknowledged": len(clients.acked),
            "effects": sum(effects.values()), "runs": dict(statuses)}


def figures(result):
    return json.dumps(result)
