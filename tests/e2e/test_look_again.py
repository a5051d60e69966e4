# SPDX-License-Identifier: Apache-2.0
"""An alert that fires on after it was thought mitigated: look again, never run again."""

import sqlite3

from harness import alert, ck, ck_decisions, ck_eq, ck_match, delivery

CONFIG = """
checks:
  - { name: there, command: [test, -e, %(flag)s] }
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    guards: { breaker: { failures: 1, open_for: 1h } }
    steps: [{ name: make, script: "echo x >> %(effects)s; touch %(flag)s" }]
    verify: [{ check: there }]
"""

REPEAT = "repeat interval elapsed"


def mitigated(t):
    d = t.daemon(CONFIG % {"flag": t.path("flag"), "effects": t.path("effects")})
    fired = alert("Down")
    run = d.must_run(delivery(fired))
    ck_eq(d.incident(run["incidentId"])["status"], "mitigated", "status")
    return d, fired, run


def looked(t, d, fired, run):
    """The run that a repeat makes, minutes after; the steps had their one effect before."""
    aged_store(t, run)
    data = d.must_post(delivery(fired, notification_reason=REPEAT))
    ck_decisions(data, ["repeat"])
    again = d.wait_run(data["decisions"][0]["runId"])
    ck(again["id"] != run["id"], "nobody looked again")
    ck_eq(again["trigger"], "escalation", "trigger")
    ck_eq([s["phase"] for s in again["steps"]], ["verify"], "phases")
    ck_eq(t.read("effects"), "x\n", "effects")
    return again


def aged_store(t, run):
    """The run ended five minutes earlier than it did."""
    db = sqlite3.connect(t.path("data/playbookd.db"), timeout=10)
    with db:
        db.execute("UPDATE run SET finished_at = finished_at - 300000,"
                   " started_at = started_at - 300000, queued_at = queued_at - 300000"
                   " WHERE id = ?", (run["id"],))
    db.close()


def aged(fired):
    """The same alert in bytes that differ, so that it is no retry of the same delivery."""
    return {**fired, "annotations": {"n": "again"}}


def test_a_repeat_whose_check_still_passes_calls_for_a_person(t):
    d, fired, run = mitigated(t)
    again = looked(t, d, aged(fired), run)
    ck_eq(again["status"], "succeeded", "status")
    incident = d.incident(run["incidentId"])
    ck_eq(incident["status"], "mitigated", "status")
    ck_match("verified again, but the alert still fires", incident["attention"], "attention")


def test_a_repeat_whose_check_fails_makes_the_incident_fire_again(t):
    d, fired, run = mitigated(t)
    t.command("rm", t.path("flag"))
    again = looked(t, d, aged(fired), run)
    ck_eq(again["status"], "failed", "status")
    incident = d.incident(run["incidentId"])
    ck_eq(incident["status"], "firing", "status")
    ck_match("verified again: .*the repair did not last", incident["attention"], "attention")


def test_a_run_that_did_not_help_counts_for_the_breaker(t):
    d, fired, run = mitigated(t)
    t.command("rm", t.path("flag"))
    looked(t, d, aged(fired), run)
    data = d.must_post(delivery(alert("Down", instance="other")))
    ck_decisions(data, ["breaker_open"])


def test_a_look_that_passes_does_not_count_for_the_breaker(t):
    d, fired, run = mitigated(t)
    looked(t, d, aged(fired), run)
    data = d.must_post(delivery(alert("Down", instance="other")))
    ck_decisions(data, ["queued"])


def test_seconds_after_a_verified_run_nobody_looks(t):
    d, fired, run = mitigated(t)
    data = d.must_post(delivery(aged(fired), notification_reason=REPEAT))
    ck_decisions(data, ["repeat"])
    ck_eq(data["decisions"][0]["runId"], run["id"], "run")
    ck_eq(d.incident(run["incidentId"])["attention"], None, "attention")


def test_other_repeats_do_not_look_again(t):
    d, fired, run = mitigated(t)
    for reason in ("new alerts added", "some alerts resolved", ""):
        data = d.must_post(delivery(aged(fired), notification_reason=reason))
        ck_decisions(data, ["repeat"])
        ck_eq(data["decisions"][0]["runId"], run["id"], reason)
