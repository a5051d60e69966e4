# SPDX-License-Identifier: Apache-2.0
"""sweep - one system call of one role fails, or kills it; then everything must be as if it had not.

A survey counts the calls that each role makes of one delivery, or of its own start. Each of them is
a point (sweep_points) for each error that it may fail with. At a point, strace is attached, the
delivery is sent as Alertmanager would, again and again until it is acknowledged, and then:

    - the delivery has one incident and one run, and the run ends: it succeeds with one effect of
      each step. Only where the fault hit the shim it may fail or be interrupted, with a reason, and
      a step that failed had no effect
    - no process ends by a signal but the one that the point killed; the daemon ends by nothing else
      but that, or, at its own start, with a status and a reason
    - nothing of it takes longer than 10 s
    - no sanitizer has something to say

The same daemon goes on to the next point, and is started again when its pauses would grow. In the
end come the invariants of all.
"""

import http.client
import random
import re
import signal
import time

from harness import (
    FINAL, READY, SANITIZER, Failed, ToldToEnd, alert, ck, ck_eq, ck_in, ck_match, delivery,
)
from invariants import STEPS, ck_no_process_left, ck_over, ck_safe, ck_store, read_effects
from processes import kill_ours, reap_orphans
from strace import Injection, Start, injecting
from sweep_points import (
    DAEMON_START, ERRORS, KILL, ROLES, RUNNING, SHIM, STARTING, groups, how, name_of, table, take,
)

CONFIG = """
checks:
  - name: web
    http: { url: "http://127.0.0.1:%(port)d/", status: 200 }
    timeout: 1s
playbooks:
  - name: effect
    matchers: ['alertname="Fault"']
    incident: { group_by: [alertname, instance] }
    params:
      instance: { from: labels.instance, pattern: "[a-z0-9-]+" }
    steps:
      - name: one
        script: |
          echo "$PLAYBOOKD_RUN_ID $PLAYBOOKD_STEP $PARAM_INSTANCE" >> %(effects)s
          echo "$PARAM_INSTANCE"
      - name: two
        script: 'echo "$PLAYBOOKD_RUN_ID $PLAYBOOKD_STEP $PARAM_INSTANCE" >> %(effects)s'
    verify:
      - { check: web, within: 5s, every: 100ms, settle: 0s }
"""
LIMIT = 30  # seconds that anything may take
RESENT = 0.2
ENDS_MAX = 3  # roles that ended: the pauses before they are started again grow
ROLE_ENDED = re.compile(r'role=(\w+) msg="role ended" pid=\d+ (signal|status)=(\w+)')
# The sanitizer's leak check cannot work in a process that is traced. Roles get no environment: there
# it says so, and they end with its status.
ENV = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1"}
REASONS = r"playbookd: |level=ERROR|error while loading shared libraries"


class World:
    """A store and the effects of its runs; after a violation there is a new one."""

    def __init__(self, t, n, port):
        self.t = t
        self.storage = f"data-{n}"
        self.effects_path = t.path(f"effects-{n}")
        self.config = CONFIG % {"effects": self.effects_path, "port": port}
        self.acked = []

    def effects(self):
        return read_effects(self.effects_path)

    def ck(self, db):
        ck_safe(db, self.acked, self.effects())
        statuses = ck_over(db, self.effects(), ("failed", "interrupted"))
        ck_store(db, len(self.acked))
        db.close()
        return statuses


class Sweep:
    def __init__(self, t, chance, say=lambda text: None):
        self.t = t
        self.chance = chance
        self.say = say
        self.web = t.web()
        self.worlds = 0
        self.daemons = 0
        self.world = None
        self.daemon = None
        self.address = "127.0.0.1:0"
        self.deliveries = 0
        self.clear()
        self.results = []
        self.violations = []
        self.longest = 0

    def clear(self):
        """Nothing has happened yet at this point."""
        self.point = None
        self.injection = None
        self.logs = []
        self.led_to = set()

    # The daemon.

    def start(self, under=()):
        """A daemon on the same port as before; not waited for."""
        if not self.world:
            self.worlds += 1
            self.world = World(self.t, self.worlds, self.web.port)
        self.daemons += 1
        self.daemon = self.t.daemon_raw(
            self.world.config, storage=self.world.storage, under=under, env=ENV,
            listen=self.address, name=f"playbookd-{self.daemons}")
        self.logs.append((self.daemon, 0))

    def wait_ready(self):
        self.address = self.daemon.wait_ready(timeout=LIMIT).address

    def stop(self):
        if self.daemon and self.daemon.popen.poll() is None:
            ck_eq(self.daemon.stop(LIMIT), 0, "exit status of a daemon that is told to end")
            self.daemon.ck_clean()
        reap_orphans()

    def fresh(self):
        """One that is ready, and whose roles are started again at once."""
        ends = len(ROLE_ENDED.findall(self.daemon.log_text())) if self.daemon else 0
        if not self.world or ends >= ENDS_MAX or self.daemon.popen.poll() is not None:
            self.stop()
            self.start()
            self.wait_ready()
        self.until(self.pids, "all roles")
        self.logs = [(self.daemon, self.daemon.mark())]

    def revive(self):
        """It ended. Was that what the point is about?"""
        status = self.daemon.wait_exit()
        self.end_injection()
        starting = self.point and self.point.role == DAEMON_START
        if starting and 0 < status < 128:
            ck_match(REASONS, self.daemon.log_text(), "why it does not start")
        else:
            killed = self.point and self.point.error == KILL and status == -signal.SIGKILL
            ck(killed, f"the daemon ended with status {status}")
        self.led_to.add("daemon again")
        reap_orphans()
        self.start()
        self.wait_ready()

    def end_injection(self):
        if self.injection:
            self.injection.end()

    def tend(self):
        """What is looked after while something is waited for."""
        if self.daemon.popen.poll() is not None:
            self.revive()

    def until(self, predicate, what):
        began = time.monotonic()
        while True:
            self.tend()
            value = predicate()
            took = time.monotonic() - began
            self.longest = max(self.longest, took)
            if value:
                return value
            ck(took < LIMIT, f"not within {LIMIT} s: {what}")
            time.sleep(0.005)

    # What is asked of it.

    def ask(self, method, path, body=None):
        """The answer; None when the connection was refused or cut."""
        connection = self.daemon.connect(LIMIT)
        try:
            return self.daemon.request(method, path, body, connection=connection)
        except TimeoutError:
            raise Failed(f"no answer within {LIMIT} s: {method} {path}") from None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def get(self, path):
        """None when it is not there now."""
        answer = self.ask("GET", path)
        return answer.data if answer and answer.status == 200 else None

    def pids(self):
        """pid by role when all are up."""
        roles = (self.get("/api/v1/status") or {"roles": []})["roles"]
        up = {role["name"]: role["pid"] for role in roles if role["pid"]}
        return {"executor": self.daemon.pid, **up} if len(up) == 3 else None

    def send(self, body):
        answer = self.ask("POST", "/api/v1/alerts", body)
        if answer and answer.status == 200:
            return answer.data
        self.led_to.add("503 or cut")
        if answer:
            ck_eq(answer.status, 503, f"status of {answer.body[:300]!r}")
        return None

    def deliver(self):
        """As Alertmanager would; the run of it when it is over."""
        self.deliveries += 1
        instance = f"i-{self.deliveries}"
        body = delivery(alert("Fault", instance=instance))
        data = self.until(lambda: self.send(body), "a delivery is acknowledged")
        self.world.acked.append(instance)
        incident = data["decisions"][0]["incidentId"]
        if self.chance.random() < RESENT:
            self.until(lambda: self.send(body), "a delivery is acknowledged again")
        runs = self.until(lambda: self.get(f"/api/v1/incidents/{incident}"), "incident")["runs"]
        ck_eq(len(runs), 1, f"runs of {data}")

        def over():
            run = self.get(f"/api/v1/runs/{runs[0]['id']}")
            return run if run and run["status"] in FINAL else None

        self.ck_run(self.until(over, "the end of the run"), instance)

    def ck_run(self, run, instance):
        effects = {step: self.world.effects()[run["id"], step, instance] for step in STEPS}
        if run["status"] == "succeeded":
            ck_eq(effects, dict.fromkeys(STEPS, 1), "effects of a run that succeeded")
            ck_eq(run["steps"][-1]["status"], "succeeded", "its verify")
            self.ck_output([s for s in run["steps"] if s["name"] == STEPS[0]][-1], instance)
            return
        self.led_to.add("run not done")
        ck(self.point and self.point.role == SHIM, f"it was no fault of a step: {run}")
        ck_in(run["status"], ("failed", "interrupted"), "run")
        ck(run["reason"], f"no reason: {run}")
        ck(max(effects.values()) < 2, f"effects {effects}")
        for step in run["steps"]:
            ck(step["status"] != "failed" or not effects.get(step["name"]),
               f"it failed, but it had its effect: {step}")

    def ck_output(self, step, instance):
        """It is there, unless the shim could not write it: that is told."""
        if not (step["outputTruncated"] and self.point and self.point.role == SHIM):
            ck_eq(step["outputTail"], instance + "\n", "output of the first step")

    # One point.

    def trace(self, role, *what):
        """strace is attached to whom these calls are of, or starts it."""
        if role == DAEMON_START:
            self.stop()
            self.logs = []
            path = self.t.path(f"strace-{self.daemons}-start")
            self.start(under=("strace", "-D", *injecting(path, what)))
            self.injection = Start(path, self.daemon)
            return
        follow = role not in RUNNING
        pid = self.until(self.pids, "all roles")["executor" if follow else role]
        self.injection = Injection(self.t, pid, *what, follow=follow, until_exec=role == SHIM,
                                   once=ERRORS.keys().isdisjoint(what))

    def provoke(self, role):
        """Make it do what has these calls."""
        if role in STARTING:
            killed = self.until(self.pids, "all roles")[STARTING[role]]
            kill_ours(killed)
            self.until(lambda: (self.pids() or {}).get(STARTING[role], killed) != killed,
                       f"another {STARTING[role]}")
            self.end_injection()
        elif role == DAEMON_START:
            self.until(lambda: re.search(READY, self.daemon.log_text()), "a daemon that is ready")
            self.wait_ready()
            self.end_injection()
        self.deliver()

    def survey(self, role):
        """How often its processes make each call, and how often its parent does."""
        self.fresh()
        self.trace(role, *ERRORS)
        try:
            self.provoke(role)
        finally:
            self.end_injection()
        by_pid = self.injection.calls()
        parent = by_pid.pop(self.daemon.pid, {}) if role not in RUNNING else {}
        made = {call: max((calls[call] for calls in by_pid.values()), default=0) for call in ERRORS}
        self.clear()
        return made, {call: parent.get(call, 0) for call in ERRORS}

    def try_point(self, point):
        """Was there such a call?"""
        self.fresh()
        self.point = point
        self.trace(point.role, how(point))
        try:
            self.provoke(point.role)
        finally:
            self.end_injection()
        self.ck_logs()
        if self.injection.hits():
            self.results.append((point, self.led_to))

    def ck_logs(self):
        """The executor itself kills a role that it cannot connect to another, and says so."""
        for daemon, mark in self.logs:
            lines = [line for line in daemon.lines[mark:] if line]
            text = "\n".join(lines)
            ours = (self.point.error == KILL or self.point.role in STARTING
                    or 'msg="roles not connected"' in text)
            for role, by, value in ROLE_ENDED.findall(text):
                self.led_to.add("role again")
                ck(by == "status" or (value == KILL and ours), f"the {role} ended by SIG{value}")
            found = SANITIZER.search(text)
            ck(not found, f"a sanitizer has something to say: {found and found.group()}")

    def go(self, point):
        began = time.monotonic()
        try:
            self.try_point(point)
        except ToldToEnd:
            raise
        except Failed as e:
            self.violations.append(f"{name_of(point)}: {e}")
            self.say(f"violation: {self.violations[-1]}")
            self.daemon.end()
            self.world = None
        self.clear()
        return time.monotonic() - began

    def finish(self):
        """The invariants of all, and figures."""
        self.stop()
        statuses = self.world.ck(self.daemon.store()) if self.world else {}
        ck_no_process_left()
        return statuses


def sweep(t, count, only=None, say=lambda text: None):
    """Go to count points, or only to one; returns figures, or raises Failed."""
    s = Sweep(t, random, say)
    points = [only] if only else choose(s, count, say)
    began = time.monotonic()
    for n, point in enumerate(points):
        s.go(point)
        if (n + 1) % 100 == 0:
            say(f"{n + 1} points, {time.monotonic() - began:.0f} s")
    took = time.monotonic() - began
    statuses = s.finish()
    say(table(s.results))
    ck(not s.violations, "\n".join(["violations:", *s.violations]))
    return {"points": len(s.results), "not_reached": len(points) - len(s.results),
            "seconds": round(took), "longest_wait": round(s.longest, 1),
            "deliveries": s.deliveries, "daemons": s.daemons, "runs": dict(statuses)}


def choose(s, count, say):
    every = []
    for role in ROLES:
        made, by_parent = s.survey(role)
        found = groups(role, made, by_parent)
        say(f"{role}: {sum(map(len, found))} points")
        every += found
    return take(every, count, random)
