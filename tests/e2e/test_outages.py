# SPDX-License-Identifier: Apache-2.0
"""What a real Alertmanager sends, and what it does not: when is it another outage, and when not?

Nobody is asked here (test_upstream.py has that): playbookd has only what is delivered.
"""

from harness import alert, at, ck, ck_eq, ck_in, free_port, wait_until
from test_alertmanager import start_prometheus
from test_operate import must_order
from test_upstream import Alertmanager, down, incidents, kinds, timeline, wait_incident

# Deliveries of a group come within a second of what changed; repeats as often as they can.
ALERTMANAGER = """
route: { receiver: playbookd, group_by: [alertname], group_wait: 50ms, group_interval: 1s,
         repeat_interval: %(repeat)s }
inhibit_rules:
  - { source_matchers: [severity=critical], target_matchers: [severity=warning],
      equal: [alertname, instance] }
receivers:
  - name: playbookd
    webhook_configs: [{ url: 'http://127.0.0.1:%(port)d/api/v1/alerts', send_resolved: true }]
"""

# L1 is paged at once. An incident has all alerts of a name and host, whatever else they say.
CONFIG = """
receivers:
  - { name: on-call, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }
escalation:
  hold: 0s
  levels: [{ name: L1, receivers: [on-call], respond_within: 1h }]
checks:
  - { name: up, http: { url: "%(url)s", status: 200 } }
playbooks:
  - name: remedy
    matchers: ['alertname=~".+"']
    incident: { group_by: [alertname, host] }
    steps: [{ name: repair, run: ['true'] }]
    %(verify)s
"""

HELPED = "verify: [{ check: up, within: 20s, every: 200ms }]"


def config(t, verify=""):
    return CONFIG % {"url": t.web().url, "verify": verify}


def start_alertmanager(t, name, d, repeat="1h"):
    return Alertmanager(t, name, d, config=ALERTMANAGER % {"port": d.port, "repeat": repeat})


def begin(t, verify="", repeat="1h"):
    """playbookd, and an Alertmanager that delivers to it."""
    d = t.daemon(config(t, verify))
    return d, start_alertmanager(t, "am", d, repeat)


def decisions(d, **labels):
    """Those of that alert, oldest first."""
    wanted = alert(**labels)["fingerprint"]
    told = d.must_get("/api/v1/decisions", limit=1000)["decisions"]
    return [x["decision"] for x in sorted(told, key=lambda x: x["deliveryId"])
            if x["fingerprint"] == wanted]


def wait_decision(d, decision, **labels):
    wait_until(lambda: decision in decisions(d, **labels), f"{decision}: {labels}")


def wait_runs(d, incident, count):
    """So many of the incident, all of them over."""
    def runs():
        told = d.incident(incident)["runs"]
        return len(told) >= count and all(x["finishedAt"] for x in told)

    wait_until(runs, f"{count} runs")
    ck_eq(len(d.incident(incident)["runs"]), count, "runs")


def times_opened(d, incident):
    return sum(kind in ("opened", "reopened") for kind, _ in timeline(d, incident))


def wait_pages(d, incident, count):
    wait_until(lambda: kinds(d, incident).count("initial") == count, f"{count} pages")


def test_what_ended_while_it_was_silenced_is_another_outage_when_it_is_back(t):
    d, am = begin(t)
    am.fires(down("n1"))
    incident = wait_incident(d)
    wait_runs(d, incident, 1)
    wait_pages(d, incident, 1)
    must_order(d, f"incidents/{incident}/acknowledge", {"note": "mine"})
    silence = am.silence(3600, instance="n1")
    wait_until(lambda: am.lists() == [("n1", "suppressed")], "the silence")
    am.ends(down("n1"))
    # Another one of its group: when that is delivered, the end of the first was dropped.
    am.fires(down("n2", "other"))
    wait_decision(d, "queued", **down("n2", "other"))
    ck_eq(am.lists(), [("n2", "active")], "what Alertmanager lists")
    ck_eq(decisions(d, **down("n1")), ["queued"], "what was delivered of n1")
    am.expire(silence)
    ck_eq(d.incident(incident)["status"], "firing", "the incident, whose end nobody told")
    # The next outage.
    am.fires(down("n1"), starts=at())
    wait_runs(d, incident, 2)
    wait_pages(d, incident, 2)
    told = d.incident(incident)
    ck_eq((told["status"], told["acknowledgedAt"], told["acknowledgedBy"],
           times_opened(d, incident)),
          ("firing", None, None, 2), "status, acknowledgement, times opened")
    ck_eq(decisions(d, **down("n1")), ["queued", "queued"], "what was delivered of n1")


def test_what_is_back_with_its_old_start_fires_at_once(t):
    """Prometheus misses a resend: Alertmanager takes it for resolved at its endsAt, and hears of it
    again with the start that it had."""
    d, am = begin(t)
    starts = at(-1)
    am.fires(down("n1"), starts=starts, ends=1)
    incident = wait_incident(d)
    wait_until(lambda: d.incident(incident)["status"] == "resolved", "the end by its endsAt")
    am.fires(down("n1"), starts=starts)
    # One delivery; there is no other one within the hour, and the timer would take minutes.
    wait_runs(d, incident, 2)
    wait_pages(d, incident, 2)
    ck_eq(d.incident(incident)["status"], "firing", "status")
    ck_eq(decisions(d, **down("n1")), ["queued", "resolved", "queued"], "what was delivered")
    ck_eq([x["startsAt"] for x in d.incident(incident)["alerts"]], [starts] * 2, "starts")


def test_what_one_of_a_pair_still_says_fires_by_the_timer(t):
    """A pair without a cluster. Prometheus does not reach the first any more: its alert ends there,
    while the second goes on saying that it fires, with the old start."""
    port = free_port()
    d = t.daemon(config(t), listen=f"127.0.0.1:{port}")
    first = start_alertmanager(t, "am-1", d)
    second = start_alertmanager(t, "am-2", d, repeat="1s")
    starts = at(-1)
    second.fires(down("n1"), starts=starts)
    incident = wait_incident(d)
    first.fires(down("n1"), starts=starts, ends=1)
    wait_until(lambda: d.incident(incident)["status"] == "resolved", "the end, by the first")

    def late():
        with d.store() as store:
            return store.execute("SELECT due_at FROM late_alert").fetchall()

    wait_until(late, "the late alert")
    ck_eq((d.incident(incident)["status"], len(d.incident(incident)["runs"])), ("resolved", 1),
          "while it waits")
    # Nobody waits for six minutes: they pass while playbookd is down. Nor does anybody deliver.
    second.process.stop()
    d.stop()
    with d.store() as store:
        store.execute("UPDATE late_alert SET due_at = due_at - 360000")
    d = t.daemon(None, listen=f"127.0.0.1:{port}")
    wait_runs(d, incident, 2)
    wait_pages(d, incident, 2)
    ck_eq((d.incident(incident)["status"], late()), ("firing", []), "status, what waits")


RULES = """
groups:
  - name: node
    interval: 1s
    rules:
      - alert: NodeFilesystemAlmostOutOfSpace
        expr: node_filesystem_avail_percent < 5
        labels: { severity: warning, host: h }
      - alert: NodeFilesystemAlmostOutOfSpace
        expr: node_filesystem_avail_percent < 3
        labels: { severity: critical, host: h }
"""


def test_an_incident_goes_on_when_critical_ends_and_warning_does_not(t):
    """kube-prometheus's pair of rules on one metric, with its inhibition: the end of the one and the
    beginning of the other are in one body, the end first."""
    d, am = begin(t)
    exporter = t.web(body="node_filesystem_avail_percent 2\n")
    start_prometheus(t, exporter.port, [am.web], RULES)
    incident = wait_incident(d)
    wait_runs(d, incident, 1)
    wait_pages(d, incident, 1)
    must_order(d, f"incidents/{incident}/acknowledge", {"note": "mine"})
    ck_eq([x["labels"]["severity"] for x in d.incident(incident)["alerts"]], ["critical"], "alerts")
    exporter.body = "node_filesystem_avail_percent 4\n"
    instance = f"127.0.0.1:{exporter.port}"
    critical = {"alertname": "NodeFilesystemAlmostOutOfSpace", "severity": "critical",
                "host": "h", "instance": instance, "job": "argus"}
    wait_decision(d, "resolved", **critical)
    told = d.incident(incident)
    ck_eq(sorted((x["labels"]["severity"], x["status"]) for x in told["alerts"]),
          [("critical", "resolved"), ("warning", "firing")], "alerts")
    body = d.must_get("/api/v1/deliveries")["deliveries"]
    ck_eq(sorted(x["alerts"] for x in body), [1, 2], "alerts of the deliveries")
    ck_eq((told["status"], told["acknowledgedBy"], times_opened(d, incident), len(told["runs"])),
          ("firing", "operator", 1, 1), "status, acknowledgement, times opened, runs")
    ck("resolved" not in kinds(d, incident), f"notifications: {kinds(d, incident)}")
    ck("resolved" not in [kind for kind, _ in timeline(d, incident)], "it says that it was over")
    ck_eq(len(incidents(d)), 1, "incidents")
    # And when that is over, too, it is over.
    exporter.body = "node_filesystem_avail_percent 50\n"
    wait_until(lambda: d.incident(incident)["status"] == "resolved", "the end")
    ck_in("resolved", kinds(d, incident), "notifications")
    ck_eq(len(d.incident(incident)["runs"]), 1, "runs")


def test_what_begins_after_the_run_that_helped_has_a_run_of_its_own(t):
    d, am = begin(t, HELPED)
    before = at(-1)
    am.fires(down("n1"), starts=before)
    incident = wait_incident(d)
    wait_until(lambda: d.incident(incident)["status"] == "mitigated", "the remedy")
    # It began before the run ended, and is told late: the run was for it, too.
    am.fires(down("n2"), starts=before)
    wait_until(lambda: decisions(d, **down("n2")), "the second alert")
    ck_eq(decisions(d, **down("n2")), ["duplicate"], "the second alert")
    told = d.incident(incident)
    ck_eq((told["status"], len(told["runs"]), len(told["alerts"])), ("mitigated", 1, 2),
          "status, runs, alerts")
    # This one began afterwards.
    am.fires(down("n3"), starts=at())
    wait_runs(d, incident, 2)
    ck_eq(decisions(d, **down("n3")), ["queued"], "the third alert")
    told = d.incident(incident)
    ck_eq((told["status"], told["attention"], len(told["alerts"])), ("mitigated", None, 3),
          "status, attention, alerts")
    ck_eq(len(incidents(d)), 1, "incidents")
