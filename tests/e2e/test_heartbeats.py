# SPDX-License-Identifier: Apache-2.0
"""What must come, what is ignored, and what changes when the configuration does: with reloads, a core
that is killed, and the real Alertmanager."""

import http.client
import json
import os
import signal

from harness import (alert, at, ck, ck_decisions, ck_eq, ck_in, ck_match, delivery, free_port, limit, resolved,
                     wait_until)
from test_alertmanager import ready
from test_receivers import catcher

LEVELS = """
receivers:
  - {{ name: on-call, webhook_configs: [{{ url: '{url}' }}] }}
escalation:
  levels:
    - {{ name: L1, receivers: [on-call], respond_within: 1h }}
"""
BEAT = "heartbeats: [{ name: prometheus, matchers: ['alertname=\"Watchdog\"'], every: %s }]\n"
PLAYBOOK = """
playbooks:
  - name: look
    matchers: ['alertname="Down"']
    steps: [{ name: look, run: [echo, well] }]
"""

ALERTMANAGER = """
route: { receiver: playbookd, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s }
receivers:
  - name: playbookd
    webhook_configs: [{ url: 'http://127.0.0.1:%d/api/v1/alerts', send_resolved: true }]
"""


def levels(sink):
    return LEVELS.format(url=sink.url)


def kinds(sink):
    return [body["kind"] for _, _, body in sink.posts]


def incidents(d, **query):
    return d.must_get("/api/v1/incidents", **query)["incidents"]


def beat(d):
    (it,) = d.must_get("/api/v1/heartbeats")["heartbeats"]
    return it


def start_alertmanager(t, name, web, port):
    config = t.write("alertmanager.yml", ALERTMANAGER % port)
    process = t.start(name, "prometheus-alertmanager", "--config.file=" + config, "--storage.path=" + t.path(name),
                      f"--web.listen-address=127.0.0.1:{web}", "--cluster.listen-address=")
    wait_until(lambda: ready(web), f"{name}, ready")
    connection = http.client.HTTPConnection("127.0.0.1", web, timeout=10)
    body = [{"labels": {"alertname": "Watchdog", "severity": "none"}, "startsAt": at(), "endsAt": at(3600)}]
    connection.request("POST", "/api/v2/alerts", json.dumps(body), {"Content-Type": "application/json"})
    ck_eq(connection.getresponse().status, 200, "the alert, taken by Alertmanager")
    connection.close()
    return process


@limit(120)
def test_an_alertmanager_that_dies_is_missed_and_heard_again(t):
    sink, web = catcher(t), free_port()
    d = t.daemon(levels(sink) + BEAT % "8s")
    process = start_alertmanager(t, "one", web, d.port)
    wait_until(lambda: beat(d)["lastAt"], "the first beat")
    process.kill(signal.SIGKILL)
    process.wait_exit()
    wait_until(lambda: beat(d)["missingSince"], "the heartbeat, missing", timeout=40)
    firing = incidents(d, status="firing")
    ck_match("^HeartbeatMissing heartbeat=prometheus$", firing[0]["title"], "title")
    ck_match("heartbeat prometheus has not come for 8s", firing[0]["attention"], "attention")
    wait_until(lambda: "initial" in kinds(sink), "the page")
    start_alertmanager(t, "two", web, d.port)
    wait_until(lambda: not beat(d)["missingSince"], "the beat of the second", timeout=40)
    wait_until(lambda: not incidents(d, status="firing"), "the end")
    decisions = {x["decision"] for x in d.must_get("/api/v1/decisions", limit=200)["decisions"]}
    ck_in("heartbeat", decisions)
    ck("unmatched" not in {x["decision"] for x in d.must_get("/api/v1/decisions", limit=200)["decisions"]
                           if x["alertname"] == "Watchdog"}, "Watchdog was no heartbeat")


@limit(120)
def test_what_is_missing_is_paged_once_over_kills_and_reloads_until_it_is_dropped(t):
    sink = catcher(t)
    d = t.daemon(levels(sink) + BEAT % "2s")
    wait_until(lambda: beat(d)["missingSince"], "the heartbeat, missing", timeout=30)
    sink.wait_posts(1)
    since = beat(d)["missingSince"]
    d.put_in_force(levels(sink) + BEAT % "2s" + PLAYBOOK)
    core = d.roles()["core"]
    os.kill(core, signal.SIGKILL)
    wait_until(lambda: d.roles()["core"] != core, "another core")
    ck_eq(beat(d)["missingSince"], since, "since when")
    d.must_post(delivery(resolved(alert("Watchdog"))))
    ck_eq(beat(d)["missingSince"], since, "the end of Watchdog is no beat: since when")
    ck_eq(kinds(sink), ["initial"], "what was told")
    d.put_in_force(levels(sink) + PLAYBOOK)
    wait_until(lambda: not incidents(d, status="firing"), "the end")
    ck_eq(d.must_get("/api/v1/heartbeats")["heartbeats"], [], "heartbeats")
    told = [x["reason"] for x in d.must_get("/api/v1/decisions", decision="resolved")["decisions"]]
    ck_eq(told, ["heartbeat prometheus is not in the configuration any more"], "why it ended")


def test_what_the_configuration_ignores_is_heard_when_it_does_no_more(t):
    ignore = "ignore: [{ matchers: ['alertname=\"Down\"'], reason: it moves }]\n"
    d = t.daemon(ignore + PLAYBOOK)
    fired = alert("Down", service="argus")
    data = d.must_post(delivery(fired, alert("Watchdog")))
    ck_decisions(data, ["ignored", "unmatched"])
    ck_eq(data["decisions"][0]["reason"], "the configuration ignores alertname=Down: it moves", "reason")
    ck_eq([x["title"] for x in incidents(d)], ["Watchdog"], "incidents: ignore replaces its default")
    d.put_in_force(PLAYBOOK)
    ck_decisions(d.must_post(delivery(fired, alert("Watchdog"), notification_reason="repeat interval elapsed")),
                 ["queued", "ignored"])
    d.put_in_force(ignore + PLAYBOOK)
    ck_decisions(d.must_post(delivery(fired, receiver="again")), ["ignored"])
    ck_decisions(d.must_post(delivery(resolved(fired))), ["resolved"])
    ck_eq([x["status"] for x in incidents(d) if x["title"] != "Watchdog"], ["resolved"], "its incident")


def test_an_alert_without_a_playbook_is_heard_when_there_is_one(t):
    quiet = "global: { unmatched: ignore }\n"
    d = t.daemon(quiet + "playbooks: []\n")
    fired = alert("Down", service="argus")
    ck_decisions(d.must_post(delivery(fired)), ["unmatched"])
    ck_decisions(d.must_post(delivery(fired, receiver="again")), ["repeat"])
    d.put_in_force(quiet + PLAYBOOK)
    data = d.must_post(delivery(fired, receiver="once more"))
    ck_decisions(data, ["queued"])
    d.wait_run(data["decisions"][0]["runId"])
    ck_decisions(d.must_post(delivery(fired, receiver="and again")), ["repeat"])
    ck_eq(len(incidents(d)), 1, "incidents")


def test_another_node_that_joins_an_acknowledged_incident_is_told_once(t):
    sink = catcher(t)
    d = t.daemon(levels(sink))
    nodes = [alert("KubeNodeNotReady", instance="10.0.1.7:8443", job="kube-state-metrics", node=f"n{i}",
                   annotations={"summary": "Node is not ready.", "runbook_url": "https://runbooks.test/x"})
             for i in (7, 8, 9)]
    at_incident = d.must_post(delivery(nodes[0]))["decisions"][0]["incidentId"]
    sink.wait_posts(1)
    d.must_operate(f"/api/v1/incidents/{at_incident}/acknowledge")
    d.must_post(delivery(*nodes))
    text = sink.wait_posts(2)[1][2]["text"]
    ck_in("\nReason: 2 more alerts fire: KubeNodeNotReady node=n8; KubeNodeNotReady node=n9\n", text)
    ck_in("\nSummary: Node is not ready.\nRunbook: https://runbooks.test/x\nAlerts: node=n7; node=n8; node=n9", text)
    d.must_post(delivery(*nodes, receiver="again"))
    for fired in nodes:
        d.must_post(delivery(resolved(fired)))
    sink.wait_posts(3)
    ck_eq(kinds(sink), ["initial", "update", "resolved"], "what was told")
    ck_eq(d.incident(at_incident)["acknowledgedBy"], "operator", "who has it in hand")
