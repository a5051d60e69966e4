# SPDX-License-Identifier: Apache-2.0
"""What senders really send: taken whatever is wrong beside the labels, or kept and paged about."""

import base64
import gzip
import json

from harness import (
    PAYLOADS, alert, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_status, delivery, payload,
    wait_until,
)

EMPTY = "playbooks: []\n"
JSON = {"Content-Type": "application/json"}


def rejected(d, count):
    """The list, once it has that many; front reports them after its answer."""
    return wait_until(lambda: (lambda rows: len(rows) == count and rows)(
        d.must_get("/api/v1/rejected-deliveries")["rejectedDeliveries"]), f"{count} rejected")


def one_incident(d, title):
    incidents = d.must_get("/api/v1/incidents")["incidents"]
    ck_eq([(i["title"], i["status"]) for i in incidents], [(title, "firing")], "incidents")
    return incidents[0]


def test_a_body_that_can_never_succeed_is_kept_counted_and_pages_once(t):
    d = t.daemon(EMPTY)
    ck_error(d.post(b'{"text":"a custom payload"}'), 400, "alerts: missing")
    ck_error(d.post(b'{"text":"a custom payload"}'), 400, "alerts: missing")
    wait_until(lambda: rejected(d, 1)[0]["count"] == 2, "it is counted")
    ck_error(d.post(b"\xff\xfe"), 400, "line 1")
    ck_error(d.post(b"{}", path="/webhook", headers={"Content-Type": "text/plain"}), 415, "json")
    rows = rejected(d, 3)
    ck_eq([r["status"] for r in rows], [415, 400, 400], "status, newest first")
    ck_eq((rows[2]["count"], rows[2]["client"], rows[2]["principal"], rows[2]["size"]),
          (2, "127.0.0.1", "anonymous", 27), "count, client, principal, size")
    one = d.must_get(f"/api/v1/rejected-deliveries/{rows[2]['id']}")
    ck_eq((one["body"], one["bodyEncoded"]), ('{"text":"a custom payload"}', None), "body")
    one = d.must_get(f"/api/v1/rejected-deliveries/{rows[1]['id']}")
    ck_eq((one["body"], base64.b64decode(one["bodyEncoded"])), (None, b"\xff\xfe"), "body")
    ck_error(d.get("/api/v1/rejected-deliveries/4711"), 404, "no rejected delivery")
    page = d.must_get("/api/v1/rejected-deliveries", limit=1)
    ck_eq(page["nextCursor"], str(rows[0]["id"]), "cursor")
    ck_in("alerts: missing", one_incident(d, "UndecodableDelivery")["attention"], "attention")
    ck_in("\nplaybookd_rejected_deliveries_total 4\n", d.get("/metrics").body.decode(), "metrics")
    lines = [x for x in d.log_text().splitlines() if "delivery rejected" in x]
    ck_eq(len(lines), 3, f"one line for each different body: {lines}")


def test_what_is_rejected_survives_a_restart(t):
    d = t.daemon(EMPTY)
    d.post(b"no")
    rejected(d, 1)
    d.stop()
    d = t.daemon(EMPTY)
    ck_eq(rejected(d, 1)[0]["error"][:6], "line 1", "error")
    d.post(b"no")
    wait_until(lambda: rejected(d, 1)[0]["count"] == 2, "it is counted")
    one_incident(d, "UndecodableDelivery")


def test_the_beginning_of_a_body_that_is_too_long_is_kept(t):
    d = t.daemon(EMPTY)
    body = b'{"alerts":[],"x":"' + b"x" * (16 * 1024 * 1024) + b'"}'
    ck_error(d.post(body), 413, "longer than 16777216 bytes")
    row = rejected(d, 1)[0]
    ck_eq((row["status"], row["size"]), (413, len(body)), "status, size")
    one = d.must_get(f"/api/v1/rejected-deliveries/{row['id']}")
    ck_eq(one["body"].encode(), body[:64 * 1024], "its beginning")
    one_incident(d, "UndecodableDelivery")


def test_what_nobody_may_send_is_not_kept(t):
    d = t.daemon(EMPTY)
    ck_status(d.post(b"no", headers={"Origin": "https://evil.test"}), 403)
    ck_status(d.request("PUT", "/webhook", b"no"), 405)
    ck_error(d.post(b"no", path="/api/v1/pause", operator=True), 400, ".")
    d.post(b"yes")
    rejected(d, 1)


def test_gzip_is_inflated(t):
    d = t.daemon(EMPTY)
    body = json.dumps(delivery(alert("Down", service="argus"))).encode()
    answer = d.post(gzip.compress(body), headers={**JSON, "Content-Encoding": "gzip"})
    ck_status(answer, 200)
    data = answer.json()["data"]
    ck_decisions(data, ["unmatched"])
    ck_eq(d.must_get(f"/api/v1/deliveries/{data['deliveryId']}")["body"].encode(), body, "body")
    bomb = gzip.compress(b'{"alerts":[],"x":"' + b"x" * (17 * 1024 * 1024) + b'"}')
    ck(len(bomb) < 64 * 1024, "the bomb is small")
    ck_error(d.post(bomb, headers={**JSON, "Content-Encoding": "gzip"}), 413, "when inflated")
    ck_error(d.post(body, headers={**JSON, "Content-Encoding": "gzip"}), 400, "is not the gzip")
    ck_error(d.post(body, headers={**JSON, "Content-Encoding": "zstd"}), 415, "expected .* gzip")
    ck_eq([(r["status"], r["count"]) for r in rejected(d, 2)], [(415, 2), (413, 1)],
          "status and count of each body")


def test_a_webhooks_url_may_end_with_a_slash_and_carry_parameters(t):
    d = t.daemon(EMPTY)
    for number, path in enumerate(("/webhook/", "/api/v1/alerts/", "/webhook?team=a&x=%20",
                                   "/?limit=no", "/api/v1/alerts/?x")):
        ck_decisions(d.must_post(delivery(alert("Down", instance=str(number))), path=path),
                     ["unmatched"])
    ck_error(d.request("PUT", "/webhook/", b"{}"), 405, "/webhook takes POST")
    ck_error(d.post(b"{}", path="/webhook/x"), 404, "no such path")


def test_grafanas_body_is_taken(t):
    d = t.daemon(EMPTY)
    body = payload("grafana/HighMemory_2_mixed.json")
    data = d.must_post(body)
    ck_decisions(data, ["unmatched", "resolved"])
    ck_eq(data["note"], None, "note")
    incident = d.incident(data["decisions"][0]["incidentId"])
    ck_eq(incident["title"],
          "High memory usage grafana_folder=hosts, team=blue, zone=eu-1", "title")
    ck_eq(incident["alerts"][0]["annotations"]["summary"], "Memory of zone eu-1 is nearly full",
          "annotation")


def test_what_is_wrong_beside_the_labels_is_noted(t):
    d = t.daemon(EMPTY)
    odd = alert("Down", service="argus", annotations={"value": 12.5, "dump": "x" * 300000})
    odd["labels"].update({f"node{n}": "x" for n in range(100)}, port=9100)
    odd.update(startsAt="2026-11-27T15:00:00", fingerprint=7, generatorURL=None)
    data = d.must_post(delivery(odd, groupKey=666))
    ck_decisions(data, ["unmatched"])
    for part in ("label port is taken as text", "annotation value is taken as text",
                 "annotation dump was cut at 16 KiB", "startsAt was dropped"):
        ck_in(part, data["decisions"][0]["reason"], "reason")
    ck_eq(data["note"], "groupKey is taken as text", "note")
    one = d.must_get(f"/api/v1/deliveries/{data['deliveryId']}")
    ck_eq((one["note"], one["groupKey"]), ("groupKey is taken as text", "666"), "of the delivery")
    episode = d.incident(data["decisions"][0]["incidentId"])["alerts"][0]
    ck_eq((episode["labels"]["port"], len(episode["labels"])), ("9100", 103), "labels")
    ck_eq(episode["startsAt"], None, "startsAt")


def test_an_alert_without_a_name_is_an_incident(t):
    d = t.daemon(EMPTY)
    nameless = alert("x", instance="db:1")
    del nameless["labels"]["alertname"]
    data = d.must_post(delivery(nameless))
    ck_decisions(data, ["unmatched"])
    ck_eq(one_incident(d, "alert without a name on db:1")["id"],
          data["decisions"][0]["incidentId"], "incident")


def test_an_alert_without_a_name_is_given_to_steps(t):
    d = t.daemon("""
playbooks:
  - name: all
    matchers: ['instance="db:1"', 'alertname=""']
    steps: [ { name: say, script: 'echo "[$PLAYBOOKD_ALERTNAME]"' } ]
""")
    nameless = alert("x", instance="db:1")
    del nameless["labels"]["alertname"]
    run = d.must_run(delivery(nameless))
    ck_eq(d.get(f"/api/v1/runs/{run['id']}/steps/0/output").body, b"[]\n", "output")


def test_an_alert_with_500_labels_runs_its_playbook(t):
    d = t.daemon("""
playbooks:
  - name: many
    matchers: ['alertname="Down"']
    params: { last: { from: labels.node499, pattern: "[a-z0-9]+" } }
    steps: [ { name: say, script: 'echo "$PARAM_LAST"; wc -c', stdin: alert } ]
""")
    fired = alert("Down", **{f"node{n}": "v%d" % n for n in range(500)})
    run = d.must_run(delivery(fired))
    ck_in(b"v499\n", d.get(f"/api/v1/runs/{run['id']}/steps/0/output").body, "output")


def test_an_alert_that_cannot_be_read_pages(t):
    d = t.daemon(EMPTY)
    broken = alert("Down", service="argus")
    broken["labels"]["service"] = {"name": "argus"}
    for _ in range(2):
        ck_decisions(d.must_post(delivery(broken, receiver="db-team")), ["rejected_alert"])
    incident = one_incident(d, "UnreadableAlert receiver=db-team")
    ck_in("labels.service: expected string", incident["attention"], "attention")
    ck_eq(d.incident(incident["id"])["alerts"][0]["labels"]["receiver"], "db-team", "receiver")
    d.wait_log('msg="alert cannot be read" delivery=1 receiver=db-team')


def test_an_end_by_a_slow_clock_is_the_end(t):
    """It says that it ended before it began; its startsAt says which it is."""
    d = t.daemon(EMPTY)
    fired = alert("Down", service="argus")
    first = d.must_post(delivery(fired))
    ended = {**fired, "status": "resolved", "endsAt": "2020-01-01T00:00:00Z"}
    ck_decisions(d.must_post(delivery(ended)), ["resolved"])
    ck_eq(d.incident(first["decisions"][0]["incidentId"])["status"], "resolved", "status")


def test_a_body_that_is_resolved_as_a_whole_resolves_its_alerts(t):
    d = t.daemon(EMPTY)
    labels = {"alertname": "Down", "service": "argus"}
    d.must_post({"status": "firing", "alerts": [{"labels": labels}]})
    ck_decisions(d.must_post({"status": "resolved", "alerts": [{"labels": labels}]}), ["resolved"])
