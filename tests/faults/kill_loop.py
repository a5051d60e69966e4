"""kill_loop - kill playbookd's processes again and again while it works, and look what is left.

Clients deliver unique alerts, a fifth of them twice; each makes a run of two steps, whose effects are
lines, "run step", appended to a file outside. The pauses around them leave time for a kill.
Meanwhile a process of a random role gets SIGKILL at a random moment: every role once a round, in a
new order each round. When it was the executor, which is the whole daemon, it is started again. In
the end everything is given time to finish, and then the invariants are looked at. Killing a shim may
interrupt its run; nothing else ends one but success.
"""

import collections
import json
import random
import threading
import time

from harness import alert, ck_eq, delivery, wait_until
from invariants import (
    ck_acked, ck_effects, ck_no_process_left, ck_store, read_effects, wait_all_over,
)
from processes import descendants, kill, kill_ours, name_of, parent_of, reap_orphans

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
        wait_until(lambda: kill_ours(self.daemon.roles()[role]), f"a {role} to kill")
        self.killed[role] += 1
        if role == "core":
            self.daemon.wait_log('msg="ready to receive alerts"', after=mark)

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
        reap_orphans(self.daemon.pid)

    def kill_shim(self):
        # A shim's child is called like it until it has become the step: that one is no shim.
        named = [pid for pid in descendants() if name_of(pid) == "playbookd-shim"]
        shims = [pid for pid in named if parent_of(pid) not in named]
        if shims and kill(random.choice(shims)):
            self.killed["shim"] += 1


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
    statuses = ck_effects(db, effects, ("interrupted",) if shims else ())
    ck_store(db, clients.acked)
    ck_no_process_left()
    return {"cycles": cycles, "seconds": round(killing_took), "killed": dict(killer.killed),
            "tries": clients.tries, "acknowledged": len(clients.acked),
            "effects": sum(effects.values()), "runs": dict(statuses)}


def figures(result):
    return json.dumps(result)
