# SPDX-License-Identifier: Apache-2.0
"""What the API answers, and what it refuses."""

import json
import re
import socket

from harness import (
    FINAL, alert, at, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_match, ck_status,
    delivery, fingerprint, limit, payload, resolved,
)

CONFIG = """
checks:
  - { name: fine, command: ["true"] }
playbooks:
  - name: look
    matchers: ['alertname="Down"', 'service=~"a.*"']
    incident: { title: "${service} is down", group_by: [alertname, service, instance], level: L2 }
    params:
      service: { from: labels.service, pattern: "[a-z]+" }
    steps:
      - { name: look, run: [echo, "${service}"] }
    verify:
      - { check: fine }
"""


def pages(d, path, key, cursor=None, **query):
    """All rows of a list, page by page, and the sizes of the pages."""
    rows, sizes = [], []
    while True:
        data = d.must_get(path, **query, **({"cursor": cursor} if cursor else {}))
        rows += data[key]
        sizes.append(len(data[key]))
        if data["nextCursor"] is None:
            return rows, sizes
        ck(len(sizes) < 1000, "the pages never end")
        cursor = data["nextCursor"]


# Lists.


@limit(90)
def test_pages_of_120_incidents_have_no_gaps_and_no_repeats(t):
    d = t.daemon("playbooks: []\n")
    d.must_post(delivery(*(alert("Down", instance=f"i{i}") for i in range(120))))
    for size in (7, 40, 120, 1000):
        rows, sizes = pages(d, "/api/v1/incidents", "incidents", limit=size)
        ids = [row["id"] for row in rows]
        ck_eq(len(set(ids)), 120, "incidents")
        ck_eq(ids, sorted(ids, reverse=True), "order")
        ck(all(n == size for n in sizes[:-1]), f"sizes of pages {sizes}")
    rows, _ = pages(d, "/api/v1/incidents", "incidents", limit=3, filter='instance=~"i1?[05]"')
    ck_eq(sorted(row["labels"]["instance"] for row in rows), ["i0", "i10", "i15", "i5"], "filtered")


def test_a_page_stays_where_it_is_while_new_incidents_come(t):
    d = t.daemon("playbooks: []\n")
    d.must_post(delivery(*(alert("Down", instance=f"i{i}") for i in range(10))))
    first = d.must_get("/api/v1/incidents", limit=4)
    d.must_post(delivery(*(alert("Late", instance=f"i{i}") for i in range(10))))
    rest = pages(d, "/api/v1/incidents", "incidents", first["nextCursor"], limit=4)[0]
    ids = [row["id"] for row in first["incidents"] + rest]
    ck_eq(ids, list(range(10, 0, -1)), "ids")


def test_decisions_and_deliveries_have_pages_too(t):
    d = t.daemon("playbooks: []\n")
    for i in range(5):
        d.must_post(delivery(*(alert("Down", delivery=str(i), n=str(n)) for n in range(5))))
    rows, _ = pages(d, "/api/v1/decisions", "decisions", limit=3)
    ck_eq(len({(r["deliveryId"], r["fingerprint"]) for r in rows}), 25, "decisions")
    ck_eq(len(rows), 25, "rows")
    rows, _ = pages(d, "/api/v1/deliveries", "deliveries", limit=2)
    ck_eq([r["id"] for r in rows], [5, 4, 3, 2, 1], "deliveries")


def test_incidents_are_filtered_by_matchers_of_their_labels(t):
    d = t.daemon(CONFIG)
    d.must_post(delivery(alert("Down", service="argus", severity="critical"),
                         alert("Down", service="atlas", severity="warning"),
                         alert("Slow", service="argus", **{"team name": "Größe"})))

    def services(*filters, **query):
        rows = d.must_get("/api/v1/incidents", filter=list(filters), **query)["incidents"]
        return [(r["labels"]["alertname"], r["service"]) for r in reversed(rows)]

    ck_eq(services('alertname="Down"'), [("Down", "argus"), ("Down", "atlas")], "=")
    ck_eq(services('service="argus"', 'alertname!="Slow"'), [("Down", "argus")], "two matchers")
    ck_eq(services('service=~"a.*"', 'severity!~"crit.*"'), [("Down", "atlas"), ("Slow", "argus")],
          "regular expressions")
    ck_eq(services('service=~"arg"'), [], "anchored")
    ck_eq(services('"team name"="Größe"'), [("Slow", "argus")], "UTF-8 name")
    ck_eq(services(level="L2"), [("Down", "argus"), ("Down", "atlas")], "level")
    ck_eq(services(playbook="look", status="resolved"), [], "playbook and status")


def test_incidents_are_found_by_status_and_time(t):
    d = t.daemon("playbooks: []\n")
    one, two = alert("Down", instance="1"), alert("Down", instance="2")
    d.must_post(delivery(one, two))
    d.must_post(delivery(resolved(one)))

    def count(**query):
        return len(d.must_get("/api/v1/incidents", **query)["incidents"])

    ck_eq((count(status="firing"), count(status="resolved"), count(status="closed")), (1, 1, 0),
          "by status")
    ck_eq((count(since=at(-60)), count(until=at(-60)), count(since=at(60))), (2, 0, 0), "by time")


def test_a_bad_filter_says_where_it_is_bad(t):
    d = t.daemon(CONFIG)
    ck_error(d.get("/api/v1/incidents", filter="foo"), 400, r"filter: column 4: expected an op")
    ck_error(d.get("/api/v1/incidents", filter='a=~"("'), 400, r"filter.*column")
    ck_error(d.get("/api/v1/incidents", filter='="x"'), 400, r"filter: column 1")


def test_parameters_are_checked(t):
    d = t.daemon(CONFIG)
    for path, query, reason in [
        ("incidents", "limt=3", "unknown parameter 'limt'; known are: cursor, filter"),
        ("incidents", "limit=0", "limit: expected"),
        ("incidents", "limit=1001", "limit: expected"),
        ("incidents", "limit=9&limit=8", "limit: given twice"),
        ("incidents", "status=open", "status: expected one of firing"),
        ("incidents", "since=yesterday", "since: .*expected an RFC 3339"),
        ("incidents", "cursor=x", "cursor: expected"),
        ("incidents", "q=%00", "."),
        ("incidents", "%zz", "."),
        ("runs", "status=firing", "status: expected one of queued"),
        ("runs", "incident=-1", "incident: expected"),
        ("decisions", "decision=maybe", "decision: expected one of"),
        ("status", "x=1", "unknown parameter 'x'; this path has none"),
    ]:
        ck_error(d.get(f"/api/v1/{path}?{query}"), 400, reason)


# What there is.


def test_an_incident_tells_all_of_it(t):
    d = t.daemon(CONFIG)
    run = d.must_run(delivery(alert("Down", service="argus", severity="critical",
                                    annotations={"summary": "s"})))
    incident = d.incident(run["incidentId"])
    want = {"title": "argus is down", "status": "mitigated", "level": "L2", "severity": "critical",
            "service": "argus", "playbook": "look", "attention": None, "closedAt": None,
            "acknowledgedAt": None, "rootCause": None, "resolution": None, "followUps": [],
            "annotations": {"summary": "s"}, "firingAlerts": 1}
    ck_eq({k: incident.get(k, "missing") for k in want}, want, "incident")
    ck_match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", incident["openedAt"], "openedAt")
    ck_eq([(r["id"], r["playbook"], r["status"]) for r in incident["runs"]],
          [(run["id"], "look", "succeeded")], "runs")


def test_a_run_tells_all_of_it(t):
    d = t.daemon(CONFIG)
    run = d.must_run(delivery(alert("Down", service="argus")))
    want = {"playbook": "look", "trigger": "alert", "requestedBy": "anonymous",
            "params": {"service": "argus"}, "status": "succeeded"}
    ck_eq({k: run[k] for k in want}, want, "run")
    ck_match("^[0-9a-f]{64}$", run["configHash"], "configHash")
    ck(run["queuedAt"] <= run["startedAt"] <= run["finishedAt"], f"times {run}")
    step = run["steps"][0]
    want = {"index": 0, "phase": "steps", "name": "look", "kind": "run", "argv": ["echo", "argus"],
            "status": "succeeded", "attempt": 1, "exitCode": 0, "signal": None, "outputBytes": 6,
            "outputTruncated": False, "outputTail": "argus\n"}
    ck_eq({k: step[k] for k in want}, want, "step")
    listed = d.must_get("/api/v1/runs", playbook="look", incident=run["incidentId"])["runs"]
    ck_eq([r["id"] for r in listed], [run["id"]], "list")
    ck("steps" not in listed[0], "a list has steps")


def test_a_delivery_keeps_the_body_byte_for_byte(t):
    d = t.daemon("playbooks: []\n")
    bodies = [payload("LowDiskSpace_100_firing.json"),
              b' {"alerts" : [ ] ,\t"x":"\\u00fc \xc3\xbc \\/ \xe2\x80\xa8" }\r\n']
    for body in bodies:
        delivery_id = d.must_post(body)["deliveryId"]
        kept = d.must_get(f"/api/v1/deliveries/{delivery_id}")
        ck(kept["body"].encode() == body, f"the body of delivery {delivery_id} is another")
        row = d.store().execute("SELECT body FROM delivery WHERE id = ?", [delivery_id]).fetchone()
        ck(row[0] == body, "the stored body is another")
    ck_eq(kept["decisions"], [], "decisions")
    ck_eq((kept["alerts"], kept["replayOf"]), (0, None), "alerts, replayOf")


def test_decisions_of_a_fingerprint_tell_its_story(t):
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus")
    run = d.must_run(delivery(fired))
    d.must_post(delivery(fired, notification_reason="repeat interval elapsed"))
    d.must_post(delivery(resolved(fired), alert("Other")))
    rows = d.must_get("/api/v1/decisions", fingerprint=fingerprint(fired["labels"]))["decisions"]
    ck_eq([r["decision"] for r in rows], ["resolved", "repeat", "queued"], "decisions")
    ck_eq([r["deliveryId"] for r in rows], [3, 2, 1], "deliveries")
    ck_eq((rows[2]["runId"], rows[2]["playbook"]), (run["id"], "look"), "run")
    ck_eq(d.must_get("/api/v1/decisions", fingerprint="nosuch")["decisions"], [], "of nobody")
    rows = d.must_get("/api/v1/decisions", decision="unmatched")["decisions"]
    ck_eq([r["alertname"] for r in rows], ["Other"], "by decision")


def test_playbooks_are_told_as_configured(t):
    d = t.daemon(CONFIG)
    (book,) = d.must_get("/api/v1/playbooks")["playbooks"]
    ck_eq(book["name"], "look", "name")
    ck_eq(book["matchers"], [{"name": "alertname", "op": "=", "value": "Down"},
                             {"name": "service", "op": "=~", "value": "a.*"}], "matchers")
    ck_eq(book["params"], [{"name": "service", "pattern": "[a-z]+"}], "params")
    ck_eq([(s["phase"], s["kind"]) for s in book["steps"]], [("steps", "run"), ("verify", "check")],
          "steps")


def test_the_status_tells_roles_and_configuration(t):
    d = t.daemon(CONFIG)
    status = d.must_get("/api/v1/status")
    ck_match(r"^\d+\.\d+\.\d+$", status["version"], "version")
    ck_eq(status["storagePath"], d.storage, "storagePath")
    want = {"path": d.config, "lastReloadSuccessful": True, "playbooks": 1, "checks": 1,
            "dryRun": False}
    ck_eq({k: status["config"][k] for k in want}, want, "config")
    ck_eq(sorted(r["name"] for r in status["roles"]), ["core", "egress", "front"], "roles")
    ck_eq([r["restarts"] for r in status["roles"]], [0, 0, 0], "restarts")
    ck_match(r"^executor \d+ core \d+ front \d+ egress \d+$",
             " ".join(f"{name} {pid}" for name, pid in d.roles().items()), "pids")


def test_metrics_please_promtool(t):
    d = t.daemon(CONFIG)
    d.must_run(delivery(alert("Down", service="argus")))
    answer = d.get("/metrics")
    ck_status(answer, 200)
    ck_match("^text/plain; version=0.0.4", answer.headers["Content-Type"], "Content-Type")
    for line in ("playbookd_deliveries_total 1", 'playbookd_alerts_total{status="firing"} 1',
                 'playbookd_decisions_total{decision="queued"} 1',
                 'playbookd_runs_total{playbook="look",status="succeeded"} 1',
                 "playbookd_incidents_open 1", 'playbookd_role_up{role="core"} 1',
                 "playbookd_config_last_reload_successful 1"):
        ck_in(line + "\n", answer.body.decode(), "metrics")
    status, out, err = t.command("promtool", "check", "metrics", stdin=answer.body)
    ck_eq((status, out + err), (0, ""), "promtool")


def test_it_is_healthy_and_ready(t):
    d = t.daemon(CONFIG)
    for path in ("/-/healthy", "/-/ready"):
        answer = d.get(path)
        ck_status(answer, 200)
        ck_match("^text/plain", answer.headers["Content-Type"], "Content-Type")
    ck_status(d.request("HEAD", "/-/ready"), 200)
    ck_eq(d.request("HEAD", "/-/ready").body, b"", "body of HEAD")


# What is refused.


def test_what_is_not_there_is_404(t):
    d = t.daemon(CONFIG)
    for path in ("/nosuch", "/api/v1", "/api/v1/incidents/7",
                 "/api/v1/runs/7", "/api/v1/deliveries/7", "/api/v1/runs/7/steps/0/output",
                 "/api//v1/incidents", "/API/v1/incidents"):
        ck_error(d.get(path), 404, ".")


def test_ids_and_paths_that_are_none_are_400(t):
    d = t.daemon(CONFIG)
    for path in ("/api/v1/incidents/", "/api/v1/incidents/x", "/api/v1/incidents/-1", "/api/v1/runs/1e3",
                 "/api/v1/runs/99999999999999999999", "/api/v1/%69ncidents", "/%2e%2e/etc/passwd",
                 "/api/v1/incidents%00"):
        ck_error(d.get(path), 400, ".")


def test_a_wrong_method_is_told_the_right_ones(t):
    d = t.daemon(CONFIG)
    for method, path, allow in [
        ("DELETE", "/api/v1/incidents", "GET, HEAD"), ("GET", "/api/v1/alerts", "POST"),
        ("PUT", "/", "GET, HEAD, POST"), ("GET", "/-/reload", "POST"),
        ("POST", "/metrics", "GET, HEAD"), ("PATCH", "/api/v1/runs/1", "GET, HEAD"),
        ("POST", "/api/v1/incidents/1", "GET, HEAD, PATCH"),
    ]:
        answer = d.request(method, path)
        ck_status(answer, 405)
        ck_eq(answer.headers["Allow"], allow, f"Allow of {method} {path}")


def test_a_body_of_16_mib_is_too_long(t):
    d = t.daemon(CONFIG)
    body = b'{"alerts":[],"x":"' + b"x" * (16 * 1024 * 1024) + b'"}'
    ck_error(d.post(body), 413, ".")
    just = b'{"alerts":[],"x":"' + b"x" * (15 * 1024 * 1024) + b'"}'
    ck_status(d.post(just), 200)


def test_only_json_is_taken(t):
    d = t.daemon(CONFIG)
    body = json.dumps(delivery())
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        ck_error(d.post(body.encode(), headers={"Content-Type": kind}), 415, "application/json")
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        ck_status(d.post(body.encode(), headers={"Content-Type": kind}), 200)


def test_another_site_may_change_nothing(t):
    d = t.daemon(CONFIG)
    body = delivery(alert("Down", service="argus"))
    for headers in ({"Origin": "https://evil.test"}, {"Origin": "null"},
                    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        ck_error(d.post(body, headers=headers), 403, "refused")
        ck_error(d.request("POST", "/-/reload", headers=headers, operator=True), 403, "refused")
    ck_eq(d.must_get("/api/v1/deliveries")["deliveries"], [], "deliveries")
    ck_status(d.post(body, headers={"Origin": f"http://{d.address}",
                                    "Sec-Fetch-Site": "same-origin"}), 200)


def test_another_host_is_not_served(t):
    """DNS rebinding: the page of evil.test talks to us as evil.test."""
    d = t.daemon(CONFIG)
    for host in ("evil.test", f"evil.test:{d.port}", "127.0.0.1.evil.test", "10.0.0.1"):
        ck_error(d.request("GET", "/api/v1/incidents", headers={"Host": host}), 403, "Host")
        ck_error(d.post(delivery(), headers={"Host": host}), 403, "Host")
    for host in ("localhost", f"localhost:{d.port}", "127.0.0.1", "[::1]:1"):
        ck_status(d.request("GET", "/api/v1/incidents", headers={"Host": host}), 200)


def test_the_external_url_is_served(t):
    d = t.daemon(CONFIG, flags=["--web.external-url=https://pages.test/playbookd"])
    ck_status(d.request("GET", "/", headers={"Host": "pages.test"}), 200)
    ck_status(d.request("GET", "/", headers={"Host": "pages.test.evil.test"}), 403)


def raw(d, request):
    """What is answered to these bytes, up to the end of the connection."""
    with socket.create_connection((d.host, d.port), 20) as s:
        s.sendall(request)
        got = b""
        while True:
            part = s.recv(65536)
            if not part:
                return got
            got += part


def test_a_request_that_means_two_things_is_refused_and_the_connection_closed(t):
    d = t.daemon(CONFIG)
    post = b"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    after = b"{}GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for request in (
        post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n" + after,
        post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + after,
        post + b"Content-Length: 2, 2\r\n\r\n" + after,
        post + b"Content-Length: +2\r\n\r\n" + after,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n" + after,
        b"GET / HTTP/1.1\r\n\r\n" + after,
    ):
        answer = raw(d, request).decode("latin-1")
        ck_match(r"^HTTP/1\.1 4\d\d ", answer, f"answer to {request!r}")
        ck_eq(answer.count("HTTP/1.1 2"), 0, f"answers of 200 to {request!r}")


# What needs the operator.


def test_reload_needs_the_operators_token(t):
    d = t.daemon(CONFIG)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"},
                    {"Authorization": "Bearer " + d.token + "x"}):
        answer = d.request("POST", "/-/reload", headers=headers)
        ck_error(answer, 401, "operator.token")
        ck_match("^Bearer", answer.headers["WWW-Authenticate"], "WWW-Authenticate")
    ck_status(d.request("POST", "/-/reload", operator=True), 200)


def test_the_operators_token_is_the_daemons_alone(t):
    d = t.daemon(CONFIG)
    status, out, _ = t.command("stat", "-c", "%a", d.storage + "/operator.token", d.storage)
    ck_eq((status, out), (0, "600\n700\n"), "modes")
    ck(d.token not in d.log_text(), "the token stands in the log")


def test_a_dry_replay_decides_and_changes_nothing(t):
    d = t.daemon(CONFIG)
    run = d.must_run(delivery(alert("Down", service="argus")))
    before = list(d.store().iterdump())
    answer = d.must_operate("/api/v1/deliveries/1/replay", dry_run="true")
    ck_eq(answer.data["deliveryId"], None, "deliveryId")
    ck_decisions(answer.data, ["queued"])
    ck_eq(list(d.store().iterdump()), before, "store")
    ck_eq(len(d.incident(run["incidentId"])["runs"]), 1, "runs")


def test_a_replay_runs_again_and_says_so(t):
    d = t.daemon(CONFIG)
    first = d.must_run(delivery(alert("Down", service="argus")))
    data = d.must_operate("/api/v1/deliveries/1/replay").data
    ck_decisions(data, ["queued"])
    run = d.wait_run(data["decisions"][0]["runId"])
    ck_eq((run["trigger"], run["requestedBy"], run["status"]), ("replay", "operator", "succeeded"),
          "run")
    ck_eq(run["incidentId"], first["incidentId"], "incident")
    ck_eq(d.must_get(f"/api/v1/deliveries/{data['deliveryId']}")["replayOf"], 1, "replayOf")
    ck(run["status"] in FINAL, "status")


def test_a_replay_needs_the_operator_and_a_delivery(t):
    d = t.daemon(CONFIG)
    d.must_post(delivery(alert("Down", service="argus")))
    ck_error(d.request("POST", "/api/v1/deliveries/1/replay"), 401, "token")
    ck_error(d.request("POST", "/api/v1/deliveries/9/replay", operator=True), 404, "delivery 9")
    ck_error(d.request("POST", "/api/v1/deliveries/1/replay", operator=True, dry_run="yes"), 400,
             "dry_run")


def test_pipelined_requests_are_answered_in_order(t):
    d = t.daemon(CONFIG)
    one = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"
    two = b"GET /nosuch HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answer = raw(d, one + two + last).decode()
    ck_eq(re.findall(r"HTTP/1\.1 (\d+) ", answer), ["200", "404", "200"], "statuses")


def test_keep_alive_is_kept(t):
    d = t.daemon(CONFIG)
    connection = d.connect()
    for i in range(50):
        d.must_post(delivery(alert("Down", service="a", n=str(i))), connection=connection)
        ck(connection.sock, "the connection was closed")
    connection.close()
