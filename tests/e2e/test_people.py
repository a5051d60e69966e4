# SPDX-License-Identifier: Apache-2.0
"""What people say of incidents, the timeline, follow-ups, the checklist and the post-incident log."""

import html.parser
import json
import os
import re
import signal
import subprocess
import threading

from harness import (
    alert, at, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_match, ck_status, delivery, limit,
    resolved, wait_until,
)
from test_receivers import catcher

CONFIG = """
global: { reopen_within: 1h }
receivers:
  - name: tickets
    webhook_configs: [{ url: "http://127.0.0.1:9/tickets" }]
playbooks:
  - name: fix
    matchers: ['alertname="Down"']
    incident: { title: "${labels.service} is down", group_by: [alertname, service], level: L2 }
    steps:
      - { name: look, script: "echo first; echo last of $PLAYBOOKD_INCIDENT_ID" }
      - { name: break, script: "echo it is broken >&2; exit 3" }
    rescue: [{ name: evidence, run: [echo, seen] }]
  - name: mend
    matchers: ['alertname="Mends"']
    incident: { level: L3 }
    steps: [{ name: mend, run: ["true"] }]
    verify: [{ check: fine, within: 5s, every: 1s }]
  - name: hold
    matchers: ['alertname="Slow"']
    steps: [{ name: work, run: [sleep, "300"] }]
checks:
  - { name: fine, command: ["true"] }
"""


def order(d, path, body=None, method="POST", **headers):
    return d.request(method, "/api/v1/" + path, body, headers=headers, operator=True)


def must_order(d, path, body=None, method="POST", **headers):
    answer = order(d, path, body, method, **headers)
    ck_status(answer, 200)
    return answer.data


def timeline(d, incident):
    return d.must_get(f"/api/v1/incidents/{incident}/timeline", limit=1000)["timeline"]


def kinds(d, incident):
    return [entry["kind"] for entry in timeline(d, incident)]


def postmortem(d, incident):
    answer = d.get(f"/api/v1/incidents/{incident}/postmortem.md")
    ck_status(answer, 200)
    ck_eq(answer.headers["Content-Type"], "text/markdown; charset=utf-8", "content type")
    return answer.body.decode()


def break_down(d, service="argus", **labels):
    """An incident whose run has failed; its id, its alert."""
    fired = alert("Down", service=service, **labels)
    data = d.must_post(delivery(fired))
    d.wait_run(data["decisions"][0]["runId"])
    return data["decisions"][0]["incidentId"], fired


# What people say.


def test_an_incident_goes_its_way_with_people(t):
    d = t.daemon(CONFIG)
    one, fired = break_down(d)
    path = f"incidents/{one}/"
    told = must_order(d, path + "acknowledge", {"note": "I look"})
    ck_eq((told["id"], told["acknowledgedBy"]), (one, "operator"), "acknowledged")
    note = must_order(d, path + "note", {"text": "the switch is off\nwho was that?"})
    ck_eq((note["kind"], note["who"], note["text"], note["runId"]),
          ("note", "operator", "the switch is off\nwho was that?", None), "note")
    d.must_post(delivery(resolved(fired)))
    told = must_order(d, path + "close", {"reason": "written up"})
    ck_eq((told["status"], told["closedBy"], told["resolvedBy"], told["attention"]),
          ("closed", "operator", None, None), "closed")
    ck_eq(told, d.incident(one), "the answer of an order is the incident")
    entries = timeline(d, one)
    ck_eq([(e["id"], e["kind"], e["who"]) for e in entries],
          [(1, "opened", None), (2, "queued", None), (3, "ended", None), (4, "attention", None),
           (5, "acknowledged", "operator"), (6, "note", "operator"), (7, "resolved", None),
           (8, "closed", "operator")], "timeline")
    ck_eq(entries[2]["text"], "run 1 (fix) failed: break: exit status 3", "the run's end")
    ck_eq((entries[2]["runId"], entries[4]["text"], entries[7]["text"]),
          (1, "I look", "written up"), "texts")
    ck(all(re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", e["at"]) for e in entries), "times")


def test_the_first_who_acknowledges_is_kept(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    first = must_order(d, f"incidents/{one}/acknowledge")
    again = must_order(d, f"incidents/{one}/acknowledge", {"note": "me too"})
    ck_eq(again, first, "the second answer")
    ck_eq(kinds(d, one).count("acknowledged"), 1, "entries")


def test_what_people_resolve_is_over_though_its_alert_fires(t):
    d = t.daemon(CONFIG)
    one, fired = break_down(d)
    told = must_order(d, f"incidents/{one}/resolve", {"reason": "it serves"})
    ck_eq((told["status"], told["resolvedBy"], told["attention"], told["alerts"][0]["status"]),
          ("resolved", "operator", None, "firing"), "resolved by people")
    before = kinds(d, one)
    for i in range(3):
        data = d.must_post(delivery(fired, groupKey=str(i)))
        ck_decisions(data, ["repeat"])
        ck_match(rf"incident {one} is resolved$", data["decisions"][0]["reason"], "reason")
    ck_eq(d.incident(one)["status"], "resolved", "after repeats")
    ck_eq(kinds(d, one), before, "timeline after repeats")
    d.must_post(delivery(resolved(fired)))
    told = d.incident(one)
    ck_eq((told["status"], told["resolvedBy"]), ("resolved", "operator"), "when the alert has ended")
    ck_eq(kinds(d, one), [*before, "left"], "timeline when the alert has ended")
    # A new episode is news, and opens it again; then nobody has it in hand.
    data = d.must_post(delivery({**fired, "startsAt": at(1)}))
    told = d.incident(one)
    ck_eq((data["decisions"][0]["incidentId"], told["status"], told["resolvedBy"],
           told["acknowledgedAt"]), (one, "firing", None, None), "opened again")
    ck_in("reopened", kinds(d, one), "timeline")


def test_what_people_close_stays_closed(t):
    d = t.daemon(CONFIG)
    one, fired = break_down(d)
    told = must_order(d, f"incidents/{one}/close", {})
    ck_eq((told["status"], told["resolvedAt"], told["attention"]), ("closed", None, None), "closed")
    data = d.must_post(delivery(fired, groupKey="again"))
    ck_decisions(data, ["repeat"])
    ck_match(rf"incident {one} is closed$", data["decisions"][0]["reason"], "reason")
    replayed = must_order(d, f"deliveries/{data['deliveryId']}/replay")
    ck_decisions(replayed, ["repeat"])
    ck_eq(replayed["decisions"][0]["runId"], None, "run of a closed incident")
    ck_error(order(d, f"incidents/{one}/acknowledge"), 409, "^the incident is closed$")
    ck_error(order(d, f"incidents/{one}/resolve"), 409, "^the incident is closed$")
    closed = d.incident(one)
    ck_eq(must_order(d, f"incidents/{one}/close", {"reason": "again"}), closed, "closed again")
    d.must_post(delivery(resolved(fired)))
    ck_eq(d.incident(one)["status"], "closed", "when the alert has ended")
    data = d.must_post(delivery({**fired, "startsAt": at(1)}))
    ck(data["decisions"][0]["incidentId"] != one, "a new episode opens another incident")
    # The work that comes after is still taken.
    must_order(d, f"incidents/{one}/note", {"text": "later"})
    must_order(d, f"incidents/{one}", {"rootCause": "dust"}, "PATCH")
    must_order(d, f"incidents/{one}/follow-ups", {"text": "clean"})
    must_order(d, f"incidents/{one}/checklist/document", {"done": True}, "PATCH")
    ck_eq(d.incident(one)["status"], "closed", "after all that")


def test_nothing_is_called_over_while_a_run_goes_on(t):
    d = t.daemon(CONFIG)
    data = d.must_post(delivery(alert("Slow")))
    one, run = data["decisions"][0]["incidentId"], data["decisions"][0]["runId"]
    wait_until(lambda: d.run(run)["status"] == "running", "the run")
    for word in ("resolve", "close"):
        ck_error(order(d, f"incidents/{one}/{word}"), 409,
                 rf"^run {run} is running: wait for its end, or cancel it first$")
    ck_eq(d.incident(one)["status"], "firing", "status")
    must_order(d, f"runs/{run}/cancel")
    d.wait_run(run)
    ck_eq(must_order(d, f"incidents/{one}/resolve")["status"], "resolved", "after its end")


def test_changes_are_kept_with_what_was_there_before(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d, severity="warning")
    told = must_order(d, f"incidents/{one}", {
        "rootCause": "a cat\non a cable", "resolution": "no cats", "severity": "critical",
        "major": True, "title": "The cat"}, "PATCH")
    ck_eq((told["rootCause"], told["resolution"], told["severity"], told["major"], told["title"]),
          ("a cat\non a cable", "no cats", "critical", True, "The cat"), "changed")
    ck_eq(told["postmortemDue"], True, "postmortemDue")
    must_order(d, f"incidents/{one}", {"severity": "critical", "rootCause": "a dog",
                                       "title": None}, "PATCH")
    changes = [e["text"] for e in timeline(d, one) if e["kind"] == "changed"]
    ck_eq(changes, ["title: argus is down → The cat", "severity: warning → critical",
                    "rootCause: (none) → a cat\non a cable", "resolution: (none) → no cats",
                    "major: false, by its level → true",
                    "rootCause: a cat\non a cable → a dog"], "changes")


def test_major_incidents_can_be_listed_and_want_a_post_mortem(t):
    d = t.daemon(CONFIG)
    minor, _ = break_down(d)
    major = d.must_post(delivery(alert("Mends")))["decisions"][0]["incidentId"]
    ck_eq([i["id"] for i in d.must_get("/api/v1/incidents", major="true")["incidents"]], [major],
          "major")
    ck_eq([i["id"] for i in d.must_get("/api/v1/incidents", major="false")["incidents"]], [minor],
          "others")
    ck_eq(d.incident(major)["postmortemDue"], True, "due")
    must_order(d, f"incidents/{major}/checklist/schedule", {"done": True, "note": "Monday"}, "PATCH")
    told = d.incident(major)
    ck_eq((told["major"], told["postmortemDue"]), (True, False), "scheduled")


def test_the_checklist_keeps_who_did_what_and_when(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    ck_eq([(c["name"], c["done"], c["at"]) for c in d.incident(one)["checklist"]],
          [(n, False, None) for n in ("document", "review", "update", "schedule", "create")], "new")
    path = f"incidents/{one}/checklist/"
    told = must_order(d, path + "review", {"done": True, "note": "it was right"}, "PATCH")
    item = told["checklist"][1]
    ck_eq((item["done"], item["by"], item["note"]), (True, "operator", "it was right"), "item")
    ck(item["at"], "when")
    again = must_order(d, path + "review", {"done": True, "note": "no"}, "PATCH")
    ck_eq(again["checklist"], told["checklist"], "said again")
    told = must_order(d, path + "review", {"done": False}, "PATCH")
    ck_eq(told["checklist"][1]["done"], False, "not after all")
    ck_eq([e["text"] for e in timeline(d, one) if e["kind"] == "checked"],
          ["Review alert effectiveness: done: it was right",
           "Review alert effectiveness: not done after all"], "timeline")
    ck_error(order(d, path + "party", {"done": True}, "PATCH"), 404, "there is no item 'party'")


def test_follow_ups_are_listed_done_and_sent_as_tickets(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    first = must_order(d, f"incidents/{one}/follow-ups",
                       {"text": "more disk", "owner": "bob", "receiver": "tickets"})
    ck_eq((first["incidentId"], first["owner"], first["receiver"], first["done"]),
          (one, "bob", "tickets", False), "follow-up")
    second = must_order(d, f"incidents/{one}/follow-ups", {"text": "less logs"})
    ck_eq([f["id"] for f in d.incident(one)["followUps"]], [second["id"], first["id"]], "of it")
    rows = d.store().execute("SELECT key, receiver, kind, subject FROM outbox").fetchall()
    ck_eq(rows, [(f"followup/{first['id']}", "tickets", "ticket",
                  f"Follow-up {first['id']} of incident {one}: more disk")], "outbox")
    done = must_order(d, f"follow-ups/{second['id']}", {"done": True}, "PATCH")
    ck_eq((done["done"], done["doneBy"]), (True, "operator"), "done")
    ck(done["doneAt"], "when")
    ck_eq([f["id"] for f in d.must_get("/api/v1/follow-ups", done="false")["followUps"]],
          [first["id"]], "open")
    page = d.must_get("/api/v1/follow-ups", limit=1, incident=one)
    ck_eq(page["nextCursor"], str(second["id"]), "cursor")
    page = d.must_get("/api/v1/follow-ups", limit=1, cursor=page["nextCursor"])
    ck_eq(([f["id"] for f in page["followUps"]], page["nextCursor"]), ([first["id"]], None), "last")
    ck_error(order(d, f"incidents/{one}/follow-ups", {"text": "x", "receiver": "moon"}), 400,
             "receiver: there is no receiver 'moon'")
    ck_error(order(d, "follow-ups/77", {"done": True}, "PATCH"), 404, "no follow-up 77")


def test_a_ticket_arrives_once_and_the_timeline_says_so(t):
    hook = catcher(t, 503, 200)
    d = t.daemon(CONFIG.replace("http://127.0.0.1:9/tickets", hook.url))
    one, _ = break_down(d)
    key = {"Idempotency-Key": "t1"}
    body = {"text": "more disk\nmuch more", "owner": "bob", "receiver": "tickets"}
    first = must_order(d, f"incidents/{one}/follow-ups", body, **key)
    ck_eq(must_order(d, f"incidents/{one}/follow-ups", body, **key), first, "asked again")
    told = wait_until(lambda: [e["text"] for e in timeline(d, one) if e["kind"] == "told"],
                      "the ticket")
    ck_eq(len(told), 1, "entries")
    ck_match(r"^tickets \(webhook http://127.*\) sent: ticket$", told[0], "entry")
    posts = [post for _, _, post in hook.wait_posts(2)]
    ck_eq([p["id"] for p in posts], [posts[0]["id"]] * 2, "the same ticket, tried twice")
    ck_eq((posts[1]["kind"], posts[1]["subject"]),
          ("ticket", f"Follow-up {first['id']} of incident {one}: more disk much more"), "ticket")
    ck_in("more disk\nmuch more\n", posts[1]["text"], "text")
    ck_match(r"\(ticket\) `webhook .*`: sent at ", postmortem(d, one), "log")


# What is refused.


def test_orders_that_make_no_sense_are_refused_and_change_nothing(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    before = timeline(d, one)
    long = "x" * 8193
    rows = [
        ("POST", "note", {}, 400, "text: missing or empty"),
        ("POST", "note", {"text": ""}, 400, "text: missing or empty"),
        ("POST", "note", {"text": 7}, 400, "text: expected string"),
        ("POST", "note", {"text": long}, 400, "text: expected at most 8192 bytes"),
        ("POST", "note", {"text": "a\x1bb"}, 400, "text: expected UTF-8 without control"),
        ("POST", "note", {"text": "a\r\nb"}, 400, "text: expected UTF-8 without control"),
        ("POST", "note", {"txt": "a"}, 400, "unknown field 'txt'; known are: text"),
        ("POST", "acknowledge", {"who": "eve"}, 400, "unknown field 'who'"),
        ("POST", "close", {"force": True}, 400, "unknown field 'force'"),
        ("PATCH", "", {}, 400, "expected at least one of title"),
        ("PATCH", "", {"title": ""}, 400, "title: expected a text"),
        ("PATCH", "", {"major": "yes"}, 400, "major: expected true or false"),
        ("PATCH", "", {"severity": "a\nb"}, 400, "severity: expected"),
        ("PATCH", "", {"level": "L4"}, 400, "unknown field 'level'"),
        ("PATCH", "", {"status": "closed"}, 400, "unknown field 'status'"),
        ("PATCH", "checklist/review", {}, 400, "done: missing or empty, expected true or false"),
        ("PATCH", "checklist/review", {"done": "true"}, 400, "done: expected true or false"),
        ("POST", "follow-ups", {"owner": "eve"}, 400, "text: missing"),
        ("DELETE", "note", None, 405, "takes POST"),
        ("PUT", "", None, 405, "takes GET, HEAD, PATCH"),
        ("PATCH", "postmortem.md", None, 405, "takes GET, HEAD"),
    ]
    for method, path, body, status, pattern in rows:
        path = f"incidents/{one}/{path}".rstrip("/")
        ck_error(order(d, path, body, method), status, pattern)
    for path in ("acknowledge", "note", "resolve", "close", "follow-ups"):
        ck_error(order(d, f"incidents/99/{path}", {"text": "x"} if path in ("note", "follow-ups")
                       else {}), 404, "there is no incident 99")
    ck_error(order(d, "incidents/99", {"major": True}, "PATCH"), 404, "there is no incident 99")
    ck_error(order(d, "incidents/99/checklist/review", {"done": True}, "PATCH"), 404, "no incident")
    for path in ("timeline", "postmortem.md"):
        ck_error(d.get(f"/api/v1/incidents/99/{path}"), 404, "there is no incident 99")
    ck_error(d.get(f"/api/v1/incidents/{one}/timeline", limit=0), 400, "limit: expected")
    ck_error(d.get("/api/v1/incidents", major="maybe"), 400, "major: expected true or false")
    ck_eq(timeline(d, one), before, "the timeline")


def test_everything_that_changes_wants_the_token(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    for method, path in (("POST", f"incidents/{one}/acknowledge"), ("POST", f"incidents/{one}/note"),
                         ("POST", f"incidents/{one}/resolve"), ("POST", f"incidents/{one}/close"),
                         ("PATCH", f"incidents/{one}"), ("PATCH", f"incidents/{one}/checklist/review"),
                         ("POST", f"incidents/{one}/follow-ups"), ("PATCH", "follow-ups/1")):
        answer = d.request(method, "/api/v1/" + path, {"text": "x", "done": True})
        ck_error(answer, 401, "needs the operator's token")
        answer = d.request(method, "/api/v1/" + path, {"text": "x"}, operator=True,
                           headers={"Origin": "http://evil.test"})
        ck_status(answer, 403)
        answer = d.request(method, "/api/v1/" + path, b"text=x", operator=True,
                           headers={"Content-Type": "text/plain"})
        ck_status(answer, 415)
    ck_eq(kinds(d, one)[-1], "attention", "the timeline's last")


def test_an_idempotency_key_writes_a_note_once(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    first = must_order(d, f"incidents/{one}/note", {"text": "x"}, **{"Idempotency-Key": "k1"})
    again = must_order(d, f"incidents/{one}/note", {"text": "x"}, **{"Idempotency-Key": "k1"})
    ck_eq(again, first, "the second answer")
    ck_error(order(d, f"incidents/{one}/note", {"text": "y"}, **{"Idempotency-Key": "k1"}), 409,
             "was used for another command")
    must_order(d, f"incidents/{one}", {"severity": "x"}, "PATCH", **{"Idempotency-Key": "k1"})
    ck_eq(kinds(d, one).count("note"), 1, "notes")


# What is kept, and what is not.


def test_what_was_answered_survives_the_death_of_the_core(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    must_order(d, f"incidents/{one}/acknowledge")
    pid = d.roles()["core"]
    mark = d.mark()
    must_order(d, f"incidents/{one}/note", {"text": "before the crash"})
    t.command("kill", "-9", str(pid))
    d.wait_ready(after=mark)
    wait_until(lambda: d.get("/api/v1/pause").status == 200, "an answer")
    ck_eq(timeline(d, one)[-1]["text"], "before the crash", "the last entry")
    ck_eq(d.incident(one)["acknowledgedBy"], "operator", "acknowledged")


@limit(120)
def test_a_note_that_is_sent_again_after_a_crash_is_written_once(t):
    d = t.daemon(CONFIG)
    one, _ = break_down(d)
    for i in range(6):
        pid = d.roles()["core"]
        killer = threading.Timer(i * 0.002, os.kill, (pid, signal.SIGKILL))
        killer.start()

        def write():
            answer = order(d, f"incidents/{one}/note", {"text": str(i)}, **{"Idempotency-Key": str(i)})
            ck_in(answer.status, (200, 503), "status")
            return answer.status == 200

        wait_until(write, f"note {i}")
        killer.join()
    wait_until(lambda: d.get("/api/v1/pause").status == 200, "an answer")
    ck_eq([e["text"] for e in timeline(d, one) if e["kind"] == "note"], list("012345"), "notes")


def test_a_storm_of_repeats_adds_nothing_to_the_timeline(t):
    d = t.daemon(CONFIG.replace("level: L2 }", "level: L2 }\n    guards: { cooldown: 1h }"))
    one, fired = break_down(d)
    other = alert("Down", service="argus", instance="other")
    d.must_post(delivery(other))
    before = kinds(d, one)
    ck_eq(before, ["opened", "queued", "ended", "attention", "joined"], "timeline")
    for i in range(50):
        d.must_post(delivery(fired, other, groupKey=str(i)))
    ck_eq(kinds(d, one), before, "after the storm")


def test_many_alerts_of_an_incident_are_counted_not_listed(t):
    d = t.daemon("playbooks: []\n")
    alerts = [alert("Down", service="argus", instance="", pod=str(i)) for i in range(700)]
    d.must_post(delivery(*alerts))
    entries = timeline(d, 1)
    ck(len(entries) < 510, f"{len(entries)} entries")
    ck_match("are counted, not listed", entries[-1]["text"], "the last one")
    ck_in("\nThere is more than is listed here", postmortem(d, 1), "the log")


# The post-incident log.

SECTIONS = ["Summary", "Impact", "Times", "Timeline", "Runs", "Decisions",
            "Notifications", "Root cause", "Resolution", "Follow-ups", "Checklist",
            "Alert effectiveness"]


def section(text, name):
    return re.search(rf"\n## {name}\n(.*?)(\n## |\Z)", text, re.S).group(1)


def test_the_post_incident_log_has_all_but_a_persons_judgement(t):
    d = t.daemon(CONFIG)
    one, fired = break_down(d)
    must_order(d, f"incidents/{one}/acknowledge", {"note": "mine"})
    text = postmortem(d, one)
    ck_eq(re.findall(r"^## (.*)$", text, re.M), SECTIONS, "sections")
    ck_match(rf"\A# Incident {one}: argus is down\n", text, "title")
    ck_in("| Acknowledged | ", section(text, "Summary"), "summary")
    ck_in("- Services: `argus`\n", section(text, "Impact"), "impact")
    ck_match(r"\| To detect \(.*\) \| (59|1m)", section(text, "Times"), "times")
    ck_match(r"\| To acknowledge \| \d+m?s", section(text, "Times"), "times")
    run = section(text, "Runs")
    ck_match(r"### Run 1 of fix: failed\n", run, "run")
    ck_match(r"Phase steps: \*\*look\*\*, attempt 1: succeeded, exit code 0, .*\n\nRan `\[\"/bin/sh\","
             rf".*\n\nThe end of its \d+ bytes of output:\n\n```\nfirst\nlast of {one}\n```\n", run, "step")
    ck_match(r"\*\*break\*\*, attempt 1: failed, exit code 3, .*\(exit status 3\)", run, "step")
    ck_match(r"Phase rescue: \*\*evidence\*\*.*\n\nRan `\[\"echo\",\"seen\"\]`", run, "rescue")
    ck_match(r"\| queued \| fix \| 1 \| .* \| playbook fix \|", section(text, "Decisions"),
             "decisions")
    ck_in("playbookd notified nobody.", section(text, "Notifications"), "told")
    for name in ("Root cause", "Resolution", "Follow-ups"):
        ck_in("**To be written:**", section(text, name), name)
    must_order(d, f"incidents/{one}", {"rootCause": "dust", "resolution": "wiped"}, "PATCH")
    must_order(d, f"incidents/{one}/follow-ups", {"text": "a filter", "receiver": "tickets"})
    must_order(d, f"incidents/{one}/checklist/create", {"done": True}, "PATCH")
    d.must_post(delivery(resolved(fired)))
    text = postmortem(d, one)
    ck_eq(section(text, "Root cause"), "\n> dust\n", "root cause")
    ck_eq(section(text, "Resolution"), "\n> wiped\n", "resolution")
    ck_match(r"- \[ \] 1, nobody yet: a filter, sent to tickets\n", section(text, "Follow-ups"), "f")
    ck_match(r"- \[x\] Create follow-up tickets for improvements: .* by operator\n",
             section(text, "Checklist"), "checklist")
    ck_match(r"\*\*tickets\*\* \(ticket\) `webhook ", section(text, "Notifications"), "told")
    ck_match(r"\| handled by operators \| 1 \|", section(text, "Alert effectiveness"), "effectiveness")


class Tags(html.parser.HTMLParser):
    """What a browser would make of it: the tags with their attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], []

    def handle_starttag(self, tag, attrs):
        if tag != "br":  # a value of many lines has some
            self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag):
        self.tags.append("/" + tag)

    def handle_comment(self, data):
        self.tags.append("comment")

    def handle_data(self, data):
        self.text.append(data)


def render(text):
    made = subprocess.run(
        ["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e",
         "tasklist"], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    tags = Tags()
    tags.feed(made)
    return tags


EVIL = [
    "# forged", "\n\n# also forged\n\n", "a\n===\n", "- [x] forged", "> forged", "1. forged", "```\nforged",
    "~~~", "| a |\n|---|\n", "|||", "<h1>forged</h1>", "<script>alert(1)</script>", "<!-- x", "</ul>",
    "[a](javascript:x)", "![a](http://evil.test/p.png)", "<http://evil.test>", "http://evil.test/x",
    "www.evil.test", "https://a.b", "a@evil.test", "mailto:a@b.c", "[x]: http://evil.test", "**", "*a*",
    "__", "`", "``", "\\", "\\`", "&lt;h1&gt;", "~~a~~", "---", "***", "    code", "\u202edetrever",
]


@limit(120)
def test_no_value_of_others_forges_a_heading_a_link_or_html(t):
    d = t.daemon(CONFIG)
    shapes = {}
    for name, values in {"calm": [f"calm {i}" for i in range(len(EVIL))], "evil": EVIL}.items():
        one, _ = break_down(d, name, **{f"l{i:02}": v for i, v in enumerate(values)},
                            annotations={"summary": " ".join(values)})
        for i, value in enumerate(values):
            text = value if "\u202e" in value or value.strip() else "x"
            must_order(d, f"incidents/{one}/note", {"text": "x " + text.replace("\n", " ")})
            must_order(d, f"incidents/{one}/follow-ups", {"text": text.replace("\n", " ")})
            must_order(d, f"incidents/{one}", {"title": text.replace("\n", " ").strip() or "x",
                                               "rootCause": text.replace("\n", " ")}, "PATCH")
            if i % 6 == 0:
                shapes.setdefault(name, []).append(render(postmortem(d, one)))
        shapes[name].append(render(postmortem(d, one)))
    for calm, evil in zip(shapes["calm"], shapes["evil"]):
        # Code spans hold what else would be a link; nothing but their number may differ.
        bare = [[tag for tag in s.tags if tag not in (("code", ()), "/code")] for s in (calm, evil)]
        for i, (got, want) in enumerate(zip(bare[1], bare[0])):
            ck(got == want, f"tag {i}: {bare[1][i - 5:i + 5]} and not {bare[0][i - 5:i + 5]}")
        ck_eq(len(bare[1]), len(bare[0]), "tags")
    whole = "".join(shapes["evil"][-1].text)
    for value in ("<script>alert(1)</script>", "[a](javascript:x)", "http://evil.test/x", "a@evil.test"):
        ck_in(value, whole, "what is shown")


def test_who_was_asked_and_said_yes_is_in_the_timeline(t):
    d = t.daemon("""
playbooks:
  - name: ask
    matchers: ['alertname="Asks"']
    steps: [{ name: may it, approve: { within: 5m } }, { name: do, run: ["true"] }]
""")
    data = d.must_post(delivery(alert("Asks")))
    one, run = data["decisions"][0]["incidentId"], data["decisions"][0]["runId"]
    digest = d.run(run)["approval"]["digest"]
    must_order(d, f"runs/{run}/approve", {"digest": digest, "reason": "go"})
    d.wait_run(run)
    entries = [(e["kind"], e["who"], e["runId"]) for e in timeline(d, one)]
    ck_eq(entries[:5], [("opened", None, None), ("queued", None, run), ("asked", None, run),
                        ("approved", "operator", run), ("ended", None, run)], "timeline")
    ck_match("waits for approval: may it$", timeline(d, one)[2]["text"], "asked")
    ck_match(r"\*\*approved\*\* by operator: .*go", postmortem(d, one), "log")


def test_reports_say_how_well_alerts_are_dealt_with(t):
    d = t.daemon(CONFIG)
    mends = alert("Mends")
    data = d.must_post(delivery(mends))
    ck_eq(d.wait_run(data["decisions"][0]["runId"])["status"], "succeeded", "run")
    one, fired = break_down(d)
    must_order(d, f"incidents/{one}/acknowledge")
    d.must_post(delivery(resolved(mends), resolved(fired)))
    alerts = d.must_get("/api/v1/reports/alerts")["alerts"]
    ck_eq([(a["alertname"], a["incidents"], a["open"], a["remediated"], a["byPeople"], a["byItself"],
            a["runs"], a["runsHelped"]) for a in alerts],
          [("Down", 1, 0, 0, 1, 0, 1, 0), ("Mends", 1, 0, 1, 0, 0, 1, 1)], "report")
    ck(alerts[0]["mttaMs"] > 0 and alerts[0]["mttrMs"] >= alerts[0]["mttaMs"], f"{alerts[0]}")
    ck_eq(alerts[1]["mttaMs"], None, "nobody acknowledged")
    ck_eq(d.must_get("/api/v1/reports/alerts", alertname="Mends")["alerts"], alerts[1:], "of one")
    ck_eq(d.must_get("/api/v1/reports/alerts", since=at(60))["alerts"], [], "later")


def test_the_end_of_a_mitigated_incident_is_in_its_timeline(t):
    d = t.daemon(CONFIG)
    fired = alert("Mends")
    data = d.must_post(delivery(fired))
    d.wait_run(data["decisions"][0]["runId"])
    one = data["decisions"][0]["incidentId"]
    ck_eq(d.incident(one)["status"], "mitigated", "status")
    d.must_post(delivery(alert("Mends", pod="two")))
    d.must_post(delivery(resolved(fired)))
    d.must_post(delivery(resolved(alert("Mends", pod="two"))))
    ck_eq(kinds(d, one), ["opened", "queued", "ended", "mitigated", "joined", "left", "resolved"],
          "timeline")
    ck_eq(json.loads(json.dumps(timeline(d, one)))[4]["text"],
          "another alert fires: Mends pod=two", "joined")
