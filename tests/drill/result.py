# SPDX-License-Identifier: Apache-2.0
"""result - one scenario as it goes: what happened when, and what a scenario may ask.

A scenario is a function that gets a Result. What people were told, what the timeline says and what
the health table has seen is looked at after each: it only says who was to be told what.
"""

import collections
import re
import threading
import time

import monitoring
import people
from harness import ck, ck_eq, ck_in, ck_status, wait_until
from people import epoch

Scenario = collections.namedtuple("Scenario", "name what short change function")
ALL = []
DETECTION = 60
LIMIT = 240


def scenario(name, what, short=False, change=None):
    """change: makes another configuration of the text of playbookd.yml, and of the stage."""

    def mark(function):
        ALL.append(Scenario(name, what, short, change, function))
        return function

    return mark


def choose(names, short):
    """Those whose name begins with one of names; all, when there are none."""
    return [s for s in ALL if (s.short or not short)
            and (not names or any(s.name.startswith(name) for name in names))]


def told(run):
    """A run in a few lines."""
    lines = [f"run {run['id']} ({run['playbook']}) {run['status']}: {run['reason']}"]
    for step in run["steps"]:
        tail = step["outputTail"].strip().splitlines()[-3:]
        lines.append(f"  {step['phase']} '{step['name']}' {step['status']} {step['reason']} {tail}")
    return "\n".join(lines) + "\nstatus"


class Watch:
    """Looks at endpoints all the time: when were they all well again after they were not?"""

    def __init__(self, healthy):
        self.healthy, self.over, self.well_at = healthy, threading.Event(), None
        self.was_down = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while not self.over.wait(0.1):
            if not self.healthy():
                self.was_down.set()
                self.well_at = None
            elif self.was_down.is_set() and self.well_at is None:
                self.well_at = time.time()

    def stop(self):
        self.over.set()
        self.thread.join(10)


class Result:
    """What a scenario gets."""

    def __init__(self, which, stage):
        self.scenario, self.stage = which, stage
        self.times, self.verdict, self.people = {}, "", ""
        self.broken_at, self.watch, self.incident_id = None, None, None
        self.endpoints, self.wanted, self.deaf = (), {}, ()

    @property
    def daemon(self):
        return self.stage.daemon

    def breaks(self, what, endpoints=()):
        """Do what breaks it. From here on time is taken."""
        self.endpoints = endpoints
        if endpoints:
            self.watch = Watch(lambda: all(self.stage.healthy(name) for name in endpoints))
        self.broken_at = time.time()
        what()

    def after(self, what, when):
        self.times[what] = when - self.broken_at

    def incident(self):
        return self.daemon.incident(self.incident_id)

    def wait_incident(self, alertname):
        """The first incident of that alert."""

        def found():
            told = self.daemon.must_get("/api/v1/incidents",
                                        filter=f'alertname="{alertname}"')["incidents"]
            return min(told, key=lambda incident: incident["id"]) if told else None

        incident = wait_until(found, f"an incident of {alertname}; firing: {monitoring.firing()}",
                              timeout=DETECTION, every=0.1)
        self.incident_id = incident["id"]
        self.after("detected", epoch(incident["openedAt"]))

    def wait_run(self, alertname, playbook, status="succeeded", timeout=LIMIT, asks=None):
        """The run that playbookd makes of the alert, once it is over. asks: the approve step that
        a person says yes to."""
        self.wait_incident(alertname)
        runs = wait_until(lambda: self.incident()["runs"], "its run")
        ck_eq(runs[0]["playbook"], playbook, "playbook")
        if asks:
            self.say_yes(runs[0]["id"], asks)
        run = self.daemon.wait_run(runs[0]["id"], timeout)
        ck_eq(run["status"], status, told(run))
        self.after("started", epoch(run["startedAt"]))
        self.after("ended", epoch(run["finishedAt"]))
        self.times["run took"] = epoch(run["finishedAt"]) - epoch(run["startedAt"])
        self.stage.took[self.scenario.name] = self.times["run took"]
        if self.incident()["attention"]:
            self.people = "people called"
        return run

    def say_yes(self, run_id, asks, meanwhile=lambda: None):
        """Once the run asks: it has done nothing of what it asks for, and goes on with a yes."""
        run = wait_until(lambda: self.daemon.run(run_id)["status"] == "awaiting_approval"
                         and self.daemon.run(run_id), f"the question '{asks}'", timeout=60)
        ck_eq(run["approval"]["name"], asks, "question")
        self.people = "with a yes"
        meanwhile()
        for incident in self.incidents():  # whoever says yes has it in hand
            if not incident["resolvedAt"]:
                self.order(f"incidents/{incident['id']}/acknowledge")
        order = {"digest": run["approval"]["digest"], "reason": "drill"}
        ck_status(self.daemon.request("POST", f"/api/v1/runs/{run_id}/approve", order,
                                      operator=True), 200)

    def wait_healthy(self):
        wait_until(lambda: self.watch.well_at, "the endpoints to be healthy again", timeout=60)
        self.watch.stop()
        self.after("healthy", self.watch.well_at)

    def wait_resolved(self):
        incident = wait_until(lambda: self.incident()["resolvedAt"] and self.incident(),
                              f"the incident to be resolved; {self.incident()}", timeout=90,
                              every=0.1)
        self.after("resolved", epoch(incident["resolvedAt"]))
        return incident

    def repaired(self, alertname, playbook):
        """All of it, from the alert to the end of the incident, without a person."""
        run = self.wait_run(alertname, playbook)
        self.wait_healthy()
        incident = self.wait_resolved()
        ck_eq(incident["attention"], None, "attention")
        self.ck_alone()
        return run

    def ck_alone(self):
        """Nothing else was found wrong: causes held back their symptoms."""
        told = self.daemon.must_get("/api/v1/incidents")["incidents"]
        ck_eq([i["id"] for i in told], [self.incident_id],
              f"incidents {[i['title'] for i in told]}")

    def by_hand(self, playbook, params=None, status="succeeded", asks=None, **order):
        """What a person would do: start a playbook. Returns the run, once it is over."""
        order |= {"params": params or {}, "reason": "drill"}
        answer = self.daemon.request("POST", f"/api/v1/playbooks/{playbook}/runs", order,
                                     operator=True)
        ck_status(answer, 200)
        self.people = self.people or "by hand"
        if asks:
            self.say_yes(answer.data["runId"], asks)
        run = self.daemon.wait_run(answer.data["runId"], LIMIT)
        ck_eq(run["status"], status, told(run))
        return run

    def output(self, run, name):
        """The end of what a step of the run wrote."""
        for step in run["steps"]:
            if step["name"] == name:
                return step["outputTail"]
        ck(False, f"no step '{name}' in {[s['name'] for s in run['steps']]}")

    # People.

    def order(self, path, body=None, method="POST"):
        """What a person asks for over REST; the data of the answer."""
        answer = self.daemon.request(method, "/api/v1/" + path, body or {}, operator=True)
        ck_status(answer, 200)
        return answer.data

    def tell(self, receiver, *letters):
        """Says who is to be told what; nobody is to be told anything else."""
        self.wanted.setdefault(receiver, []).extend(letters)

    def tell_begin_and_end(self, receiver, services, severity="Critical", **end):
        """The two templates of the runbook, about the one incident."""
        incident = self.incident()
        self.tell(receiver, self.initial(incident, services, severity),
                  people.resolved(incident, **end))

    def initial(self, incident, services, severity="Critical"):
        return people.initial(incident, services, severity, monitoring.UPDATE_S)

    def helped(self, run):
        """The resolution that is told when nobody wrote another one."""
        return re.compile(rf"playbook {run['playbook']} \(run {run['id']}(, not verified yet)?\)")

    def incidents(self):
        told = self.daemon.must_get("/api/v1/incidents")["incidents"]
        return [self.daemon.incident(one["id"]) for one in sorted(told, key=lambda i: i["id"])]

    def timeline(self, incident_id):
        return self.daemon.must_get(f"/api/v1/incidents/{incident_id}/timeline",
                                    limit=1000)["timeline"]

    def ck_afterwards(self):
        """What has to be true after every scenario."""
        self.note_first_call()
        for incident in self.incidents():
            for run in incident["runs"]:
                self.daemon.wait_run(run["id"], LIMIT)
        self.ck_people()
        for incident in self.incidents():
            self.ck_timeline(incident)
        for name in self.endpoints:
            self.ck_seen(name)

    def note_first_call(self):
        calls = [e["at"] for incident in self.incidents() for e in incident["escalations"]]
        if calls and self.broken_at:
            self.after("told", epoch(min(calls)))

    def ck_people(self):
        began = self.broken_at or time.time()
        updates = len(self.incidents()) * int((time.time() - began) / monitoring.UPDATE_S)
        self.stage.people.ck_told(self.wanted, updates)
        self.wait_sent()
        counts = self.stage.people.counts()
        for name in people.RECEIVERS:
            sent = [n for n in self.notices() if n["receiver"] == name]
            ck_eq(len(sent), sum(counts[name]), f"what was sent to {name} and what arrived")

    def wait_sent(self):
        wait_until(lambda: all(n["status"] == "sent" for n in self.notices()),
                   f"all to be sent: {self.notices()}")

    def notices(self):
        """All of them but those to whom cannot be told anything."""
        return [n for incident in self.incidents() for n in incident["notifications"]
                if n["receiver"] not in self.deaf]

    def ck_timeline(self, incident):
        entries = self.timeline(incident["id"])
        kinds = collections.Counter(entry["kind"] for entry in entries)
        ck_eq(entries[0]["kind"], "opened", "the timeline's first entry")
        for kind in ("resolved", "mitigated", "acknowledged", "closed"):
            ck(not incident[kind + "At"] or kinds[kind], f"'{kind}' is missing in {kinds}")
        ck_eq(kinds["ended"], len(incident["runs"]), "runs that ended")
        ck_eq(kinds["raised"], len(incident["escalations"]), "levels that were called")
        ck_eq(kinds["told"], len([n for n in incident["notifications"] if n["status"] != "pending"]),
              "what was sent or has failed")
        times = [entry["at"] for entry in entries]
        ck_eq(times, sorted(times), "times")

    def ck_failing(self, *names):
        """The health table has exactly these as failing, since they were broken, and says why."""
        def table():
            rows = self.daemon.must_get("/api/v1/checks", status="failing")["checks"]
            return rows if {row["name"] for row in rows} == set(names) else None

        for row in wait_until(table, f"{names} to be failing in the health table"):
            ck(epoch(row["since"]) > self.broken_at and row["lastError"], f"health table: {row}")

    def ck_seen(self, name):
        """The health table saw it failing and healthy again."""
        def history():
            told = self.daemon.must_get(f"/api/v1/checks/{name}")
            return told["history"] if told["status"] == "healthy" else None

        changes = wait_until(history, f"{name} to be healthy in the health table")
        failing = [c for c in changes if c["status"] == "failing"
                   and epoch(c["at"]) > self.broken_at]
        ck(failing, f"{name} was never failing in the health table: {changes}")
