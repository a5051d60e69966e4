# SPDX-License-Identifier: Apache-2.0
"""kill_loop - kill playbookd's processes again and again while it works, and look what is left.

Clients deliver unique alerts, a fifth of them twice: some again, some by a twin at the same time. Each
makes a run of two steps, whose effects are lines, "run step instance", appended to a file outside.
The pauses around them leave time for a kill. To some of their
incidents they write a note, an order, until it is answered. Others deliver as fast as they can what nobody wants.
Meanwhile one process after the other gets SIGKILL, in each of the WAYS once a round, in a new order
each round. When it was the executor, which is the whole daemon, it is started again. What must hold
at any time is looked at in between, too. In the end everything is given time to finish, and then all
invariants are looked at. Killing a shim may interrupt its run; nothing else ends one but success.
"""

import collections
import os
import random
import threading
import time

import moments
from harness import Failed, alert, ck_eq, delivery, wait_until
from invariants import ck_all, ck_orders, look, look_at_what_is_left, read_effects, wait_all_over
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
        script: |
          echo "$PLAYBOOKD_RUN_ID $PLAYBOOKD_STEP $PARAM_INSTANCE" >> %(effects)s; sleep 0.1
      - name: two
        script: |
          sleep 0.05; echo "$PLAYBOOKD_RUN_ID $PLAYBOOKD_STEP $PARAM_INSTANCE" >> %(effects)s
"""
CLIENTS = 2
TELLERS = 1  # clients whose alerts nobody wants
NOTED = 0.2  # of the incidents get a note
AGAIN = 0.1  # of the alerts are delivered once more when they are acknowledged
TWIN = 0.1  # are delivered by a twin at the same time
TOLD = "told-"  # what the instances of the unwanted begin with
LOOK_EVERY = 50
BEHIND_MAX = 40  # runs that wait: beyond it the clients pause, so that the end is not far away


class Clients:
    """Deliver until told to stop; acked: the instances that were answered with 200; wrong: answers
    that are neither 200 nor 503, which Alertmanager would not try again."""

    def __init__(self, daemon_of):
        self.daemon_of = daemon_of
        self.acked = []
        self.ordered = []  # the texts of notes that were answered with 200
        self.wrong = []
        self.tries = 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=work, args=(n,), daemon=True)
                        for work, count in ((self.deliver, CLIENTS), (self.tell, TELLERS))
                        for n in range(count)]
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
            self.deliver_one("Kill", f"{n}-{count}")

    def tell(self, n):
        """What no playbook wants: a commit each, and nothing to run."""
        count = 0
        while not self.over.wait(0.005):
            count += 1
            self.deliver_one("Told", f"{TOLD}{n}-{count}")

    def deliver_one(self, alertname, instance):
        """Until it is acknowledged, as Alertmanager would; some once more after that."""
        body = delivery(alert(alertname, instance=instance), externalURL="http://am-1")
        twin = threading.Thread(target=self.post, daemon=True,
                                args=({**body, "externalURL": "http://am-2"},))
        if random.random() < TWIN:
            twin.start()
        answer = self.until_taken(body)
        if not answer:
            return
        with self.lock:
            self.acked.append(instance)
        if alertname == "Kill" and random.random() < NOTED:
            self.note(instance, answer.data["decisions"][0]["incidentId"])
        if random.random() < AGAIN:
            self.post(body)
        if twin.ident:
            twin.join()

    def known(self):
        """Those that are acknowledged by now."""
        with self.lock:
            return list(self.acked)

    def note(self, text, incident):
        """However often it has to be said, it is one order: its key is the same."""
        if self.until_taken({"text": text}, path=f"/api/v1/incidents/{incident}/note", operator=True,
                            headers={"Idempotency-Key": text}):
            with self.lock:
                self.ordered.append(text)

    def until_taken(self, body, **more):
        while True:
            answer = self.post(body, **more)
            if answer or self.over.wait(0.02):
                return answer

    def post(self, body, **more):
        """The answer when it is 200, or None."""
        self.tries += 1
        try:
            answer = self.daemon_of().post(body, **more)
        except Exception:  # refused, cut, half an answer: it is not acknowledged
            return None
        if answer.status not in (200, 503):
            self.wrong.append(f"status {answer.status}: {answer.body[:300]!r}")
        return answer if answer.status == 200 else None


class Killer:
    def __init__(self, t, shims):
        self.t = t
        self.ways = WAYS + (WAYS_WITH_SHIMS if shims else [])
        self.killed = collections.Counter()
        self.daemon = t.daemon(CONFIG % {"effects": t.path("effects")})
        self.daemons = [self.daemon]
        self.order = []

    def cycle(self):
        """Kill in the next way."""
        if not self.order:
            self.order = random.sample(self.ways, len(self.ways))
        name, kill_so = self.order.pop()
        if kill_so(self):
            self.killed[name] += 1

    def cycles(self):
        return sum(self.killed.values())

    def kill_core(self, end):
        """end(pid) does it, and says whether it did."""
        mark = self.daemon.mark()
        self.kill_role("core", end)
        self.daemon.wait_log('msg="ready to receive alerts"', after=mark)
        return True

    def kill_role(self, role, end=None):
        end = end or kill_ours
        wait_until(lambda: end(self.daemon.roles()[role]), f"a {role} to kill")
        return True

    def kill_core_at_call(self, pid):
        nth = random.randint(1, CALLS_MAX)
        return pid in descendants() and (
            moments.kill_at_call(self.t, pid, CORE_CALLS, nth, 1) or kill_ours(pid))

    def wait_run_begins(self):
        """The folder of its first attempt is about to be made."""
        moments.wait_new_entry(os.path.join(self.daemon.storage, "runs"), 1)
        time.sleep(random.uniform(0, 0.002))

    def kill_core_as_a_run_begins(self, pid):
        self.wait_run_begins()
        return kill_ours(pid)

    def kill_core_and_shims(self, pid):
        killed = self.kill_core_as_a_run_begins(pid)
        time.sleep(random.uniform(0, 0.05))
        for shim in shims():
            kill(shim)
        return killed

    def kill_executor(self):
        """And start it again."""
        dead = self.daemon
        dead.kill()
        dead.wait_exit()
        dead.ck_clean()
        # The first daemon's port stays everybody's port, as it would be in the real world.
        self.daemon = self.t.daemon(None, listen=self.daemons[0].address,
                                    name=f"playbookd-{len(self.daemons)}")
        self.daemons.append(self.daemon)
        reap_orphans(self.daemon.pid)
        return True

    def kill_executor_at_call(self):
        nth = random.randint(1, CALLS_MAX)
        moments.kill_at_call(self.t, self.daemon.pid, EXECUTOR_CALLS, nth, 1)
        return self.kill_executor()

    def kill_everything(self):
        for pid in [self.daemon.pid, *descendants()]:
            kill(pid)
        return self.kill_executor()

    @staticmethod
    def kill_shim():
        found = shims()
        return bool(found) and kill(random.choice(found))


def at_random(kill_so):
    def wait_and_kill(killer):
        time.sleep(random.uniform(0.02, 0.25))
        return kill_so(killer)

    return wait_and_kill


# Who is killed, and when. A step's own processes go on, but for the ways that kill shims.
CORE_CALLS = ("pwrite64", "fdatasync", "sendmsg")
EXECUTOR_CALLS = ("mkdirat", "openat", "clone", "sendmsg", "sendto")
CALLS_MAX = 20
CORE_AT_A_CALL = ("core at a call", lambda k: k.kill_core(k.kill_core_at_call))
WAYS = [
    ("executor", at_random(Killer.kill_executor)),
    ("core", at_random(lambda k: k.kill_core(kill_ours))),
    ("front", at_random(lambda k: k.kill_role("front"))),
    ("egress", at_random(lambda k: k.kill_role("egress"))),
    CORE_AT_A_CALL,
    CORE_AT_A_CALL,
    ("executor at a call", Killer.kill_executor_at_call),
    ("core as a run begins", lambda k: k.kill_core(k.kill_core_as_a_run_begins)),
]
WAYS_WITH_SHIMS = [
    ("shim", at_random(lambda k: k.kill_shim())),
    ("core as a run begins, then shims", lambda k: k.kill_core(k.kill_core_and_shims)),
    ("everything", at_random(Killer.kill_everything)),
]


def shims():
    # A shim's child is called like it until it has become the step: that one is no shim.
    named = [pid for pid in descendants() if name_of(pid) == "playbookd-shim"]
    return [pid for pid in named if parent_of(pid) not in named]


def count_wanted(acked):
    return sum(not instance.startswith(TOLD) for instance in acked)


def kill_again_and_again(killer, clients, cycles, effects_path, every, say):
    began = time.monotonic()
    try:
        for n in range(1, cycles + 1):
            killer.cycle()
            if n % every == 0:
                look(killer.daemon, clients.known(), read_effects(effects_path))
            if n % 50 == 0:
                say(f"{n} cycles, {len(clients.acked)} acknowledged, "
                    f"{time.monotonic() - began:.0f} s")
    finally:
        clients.stop()
    wait_all_over(killer.daemon)
    ck_eq(killer.daemon.stop(), 0, "exit status of the last daemon")
    return round(time.monotonic() - began)


def kill_loop(t, cycles, shims=False, every=LOOK_EVERY, say=lambda text: None):
    """Returns figures, or raises Failed. every: so many cycles what must hold is looked at."""
    effects_path = t.path("effects")
    killer = Killer(t, shims)
    clients = Clients(lambda: killer.daemon)
    try:
        try:
            took = kill_again_and_again(killer, clients, cycles, effects_path, every, say)
        except Failed:
            look_at_what_is_left(killer.daemon, clients.known(), read_effects(effects_path))
            raise
        effects = read_effects(effects_path)
        ck_eq(clients.wrong, [], "answers that lose an alert")
        wanted = count_wanted(clients.acked)
        statuses = ck_all(killer.daemon, clients.acked, wanted, effects,
                          ("interrupted",) if shims else ())
        ck_orders(killer.daemon, clients.ordered)
    except Failed as e:
        raise Failed(f"after {killer.cycles()} kills: {e}") from None
    return {"seconds": took, "kills": killer.cycles(), "killed": dict(killer.killed),
            "tries": clients.tries, "acknowledged": wanted,
            "told": len(clients.acked) - wanted, "orders": len(clients.ordered), "effects": sum(effects.values()),
            "runs": statuses}
