# SPDX-License-Identifier: Apache-2.0
"""docs/api.md is what the daemon answers: every route is asked, every noun is seen."""

import os
import re

from harness import ROOT, alert, ck, ck_eq, ck_in, ck_status, delivery, limit, wait_until

CONFIG = """
global: { max_concurrent_runs: 1 }
receivers:
  - { name: on-call, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }
alertmanagers: [{ url: 'http://127.0.0.1:9' }]
escalation:
  hold: 0s
  levels:
    - { name: L1, receivers: [on-call], respond_within: 1h }
    - { name: L2, receivers: [on-call], respond_within: 1h }
heartbeats:
  - { name: prometheus, matchers: ['alertname="Watchdog"'], every: 1h }
checks:
  - { name: fine, command: ["true"], interval: 1s, timeout: 1s }
  - { name: idle, command: ["true"] }
playbooks:
  - name: look
    matchers: ['alertname="Down"']
    incident: { group_by: [alertname, service], level: L1 }
    params: { service: { from: labels.service, pattern: "[a-z]+", default: none } }
    steps: [{ name: look, run: [echo, "${service}"] }]
    verify: [{ check: fine }]
  - name: ask
    matchers: ['alertname="Full"']
    incident: { group_by: [alertname, service] }
    params: { service: { from: labels.service, pattern: "[a-z]+" } }
    steps:
      - { name: may I, approve: { message: "flushes ${service}" } }
      - { name: flush, run: [echo, "${service}"], env: { HOW: all } }
  - name: slow
    matchers: ['alertname="Slow"']
    steps: [{ name: wait, run: [sleep, "60"], timeout: 90s }]
"""

ROUTE = re.compile(r"^### `(\w+) (\S+)`\n\n.* Answer: (.*?)\.(?: In the audit: `(\w+)`\.)?$", re.MULTILINE)
NOUN = re.compile(r"^### (\w.*)\n\n(?:All of \[(.*)\]\(.*\), and:\n\n)?\| \| \|\n\|---\|---\|\n((?:\| .*\n)+)",
                  re.MULTILINE)
COLUMN = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)
LINK = re.compile(r"\[([^`\]]+)\]\(")

TYPES = {
    "string": lambda value: isinstance(value, str),
    "id": lambda value: type(value) is int and value > 0,
    "number": lambda value: type(value) is int,
    "true or false": lambda value: isinstance(value, bool),
    "time": lambda value: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value),
    "64 hex digits": lambda value: re.fullmatch("[0-9a-f]{64}", value),
    "object of strings": lambda value: all(isinstance(text, str) for text in value.values()),
    "list of strings": lambda value: all(isinstance(text, str) for text in value),
}


class Page:
    """What docs/api.md says, and what was seen of it."""

    def __init__(self):
        with open(os.path.join(ROOT, "docs/api.md"), encoding="utf-8") as f:
            routes, _, nouns = f.read().partition("\n## Nouns\n")
        self.routes = {(method, path): (answer, word) for method, path, answer, word in ROUTE.findall(routes)}
        self.nouns = {name: (base, COLUMN.findall(rows)) for name, base, rows in NOUN.findall(nouns)}
        self.asked, self.seen, self.words = set(), set(), set()

    def columns(self, name):
        base, columns = self.nouns[name]
        return (self.columns(base) if base else []) + columns

    def ck_value(self, value, kind, where):
        kind, or_, _ = kind.partition(", or null")
        link = LINK.search(kind)
        if value is None:
            ck(or_, f"{where} is null")
        elif kind.startswith("list: "):
            for item in value:
                self.ck_noun(item, link[1], where)
        elif link:
            self.ck_noun(value, link[1], where)
        elif kind.startswith("one of "):
            ck_in(value, re.findall("`([^`]+)`", kind), where)
        else:
            ck(TYPES[kind](value), f"{where} is {value!r}, not a {kind}")

    def ck_noun(self, value, name, where):
        columns = self.columns(name)
        ck_eq(list(value), [column for column, _ in columns], f"members of {where}, a {name}")
        while name:
            self.seen.add(name)
            name = self.nouns[name][0]
        for column, kind in columns:
            self.ck_value(value[column], kind, f"{where}.{column}")

    def ck_answer(self, method, path, answer):
        """answer is of that route of the page."""
        ck_status(answer, 200)
        said, word = self.routes[method, path]
        where = f"{method} {path}"
        self.asked.add((method, path))
        self.words.add(word)
        key = re.match("`(.*)`, a (list|page): ", said)
        if key:
            ck_eq(list(answer.data), [key[1]] + ["nextCursor"] * (key[2] == "page"), where)
            for item in answer.data[key[1]]:
                self.ck_noun(item, LINK.search(said)[1], where)
        elif LINK.search(said):
            self.ck_noun(answer.data, LINK.search(said)[1], where)
        elif said == "`null`":
            ck_eq(answer.data, None, where)
        else:
            ck_eq(answer.headers["Content-Type"], said.strip("`"), where)


class Caller:
    """Asks the daemon, by the patterns of the page."""

    def __init__(self, d, page):
        self.d, self.page = d, page

    def ask(self, method, path, *blanks, body=None, **query):
        it = iter(blanks)
        answer = self.d.request(method, re.sub(r"\{\w+\}", lambda _: str(next(it)), path), body,
                                operator=method != "GET", **query)
        self.page.ck_answer(method, path, answer)
        return answer

    def post(self, path, *blanks, **body):
        return self.ask("POST", path, *blanks, body=body).data

    def patch(self, path, *blanks, **body):
        return self.ask("PATCH", path, *blanks, body=body).data

    def get(self, path, *blanks):
        return self.ask("GET", path, *blanks)


def deliver(caller, path="/api/v1/alerts", name="Full", service="web"):
    return caller.ask("POST", path, body=delivery(alert(name, service=service))).data["decisions"][0]


def work_on_runs(caller):
    """Three runs that ask: one is let through, one refused, one ended."""
    waiting = [deliver(caller, service=service)["runId"] for service in ("web", "mail", "news")]
    run = "/api/v1/runs/{id}"
    approval = caller.get(run, waiting[0]).data["approval"]
    caller.post("/api/v1/pause", reason="hands off")
    caller.ask("DELETE", "/api/v1/pause")
    caller.post(run + "/approve", waiting[0], digest=approval["digest"])
    caller.post(run + "/reject", waiting[1], reason="not now")
    caller.post(run + "/cancel", waiting[2], reason="enough")
    caller.d.wait_run(waiting[0])
    caller.get(run, waiting[0])
    caller.get(run + "/steps/{n}/output", waiting[0], 1)
    caller.post("/api/v1/playbooks/{playbook}/runs", "look", dry_run=True)
    started = caller.post("/api/v1/playbooks/{playbook}/runs", "look", reason="because")
    caller.d.wait_run(started["runId"])


def work_while_paused(caller):
    """What is decided, and what waits, while the kill switch is on."""
    slow = caller.post("/api/v1/playbooks/{playbook}/runs", "slow")["runId"]
    queued = caller.post("/api/v1/playbooks/{playbook}/runs", "look")["runId"]
    caller.post("/api/v1/pause", reason="hands off")
    deliver(caller, "/webhook", "Down", "mail")
    pause = caller.get("/api/v1/pause").data
    ck_eq([len(pause["suppressed"]), [run["id"] for run in pause["waiting"]]], [1, [queued]], "kept from running")
    caller.get("/api/v1/status")
    caller.ask("DELETE", "/api/v1/pause")
    caller.post("/api/v1/runs/{id}/cancel", slow)


def work_on_incident(caller):
    decision = deliver(caller, "/", "Down", "web")
    at = decision["incidentId"]
    one = "/api/v1/incidents/{id}"
    caller.d.wait_run(decision["runId"])
    caller.post(one + "/note", at, text="look")
    caller.post(one + "/escalate", at, reason="help")
    caller.post(one + "/acknowledge", at)
    caller.patch(one, at, rootCause="a cat")
    caller.patch(one + "/checklist/{item}", at, "review", done=True)
    follow_up = caller.post(one + "/follow-ups", at, text="more disk", owner="eve")
    caller.patch("/api/v1/follow-ups/{id}", follow_up["id"], done=True)
    caller.post(one + "/replay", at, force=True, reason="again")
    caller.d.wait_run(decision["runId"] + 1)
    caller.get(one, at)
    caller.get(one + "/timeline", at)
    caller.get(one + "/postmortem.md", at)
    caller.post(one + "/resolve", at)
    caller.post(one + "/close", at)
    caller.get(one, at)


def read_all(caller):
    for path in ("/", "/-/healthy", "/-/ready", "/metrics", "/api/v1/audit", "/api/v1/checks", "/api/v1/decisions",
                 "/api/v1/deliveries", "/api/v1/follow-ups", "/api/v1/heartbeats", "/api/v1/incidents",
                 "/api/v1/playbooks", "/api/v1/reports/alerts", "/api/v1/runs", "/api/v1/status"):
        caller.get(path)
    wait_until(lambda: caller.get("/api/v1/checks/{check}", "fine").data["history"], "a change of the check")
    caller.get("/api/v1/checks/{check}", "idle")
    caller.get("/api/v1/deliveries/{id}", 1)
    caller.ask("POST", "/api/v1/deliveries/{id}/replay", 1, body={}, dry_run="true")
    caller.ask("POST", "/api/v1/deliveries/{id}/replay", 1, body={"force": True, "reason": "again"})


def read_rejected(caller):
    """A body that is text, and one that is not; the front reports them after its answers."""
    path = "/api/v1/rejected-deliveries"
    for body in (b"no", b"\xff"):
        caller.d.post(body)
    rows = wait_until(lambda: (lambda rows: len(rows) == 2 and rows)(
        caller.get(path).data["rejectedDeliveries"]), "two rejected deliveries")
    for row in rows:
        caller.get(path + "/{id}", row["id"])


@limit(90)
def test_every_route_answers_what_the_page_says(t):
    page = Page()
    caller = Caller(t.daemon(CONFIG), page)
    caller.post("/-/reload")
    work_on_runs(caller)
    work_on_incident(caller)
    work_while_paused(caller)
    read_all(caller)
    read_rejected(caller)
    ck_eq(page.routes.keys() - page.asked, set(), "routes that were not asked")
    ck_eq(page.nouns.keys() - page.seen, set(), "nouns that were not seen")
    actions = {row["action"] for row in caller.d.must_get("/api/v1/audit", limit=1000)["audit"]}
    ck_eq(actions, page.words - {""}, "words of the audit")
