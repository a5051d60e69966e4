# SPDX-License-Identifier: Apache-2.0
"""What Alertmanager sends, and what becomes of it."""

import glob
import json
import os

from harness import (
    NEVER, PAYLOADS, alert, at, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_match, ck_status,
    delivery, fingerprint, limit, payload, resolved,
)

# Runs for every alert that Down fires; collects nothing and changes nothing.
CONFIG = """
playbooks:
  - name: look
    matchers: ['alertname="Down"']
    params:
      service: { from: labels.service, pattern: "[a-z0-9-]+", default: none }
    steps:
      - name: look
        run: ["true"]
"""
# Every alert is somebody's incident.
EMPTY = "playbooks: []\n"


def payloads(end):
    names = sorted(os.path.basename(path) for path in glob.glob(f"{PAYLOADS}/*_{end}.json"))
    ck(names, f"no payload *_{end}.json in {PAYLOADS}")
    return names


def test_every_captured_firing_body_opens_incidents(t):
    d = t.daemon(EMPTY)
    for name in payloads("firing"):
        body = payload(name)
        alerts = json.loads(body)["alerts"]
        data = d.must_post(body)
        ck_eq(data["alerts"], len(alerts), name)
        ck_decisions(data, ["unmatched"] * len(alerts))
        ck_eq([x["fingerprint"] for x in data["decisions"]], [a["fingerprint"] for a in alerts],
              name)


def test_captured_pairs_open_and_resolve(t):
    d = t.daemon(EMPTY)
    for name in payloads("resolved"):
        fired = d.must_post(payload(name.replace("_resolved", "_firing")))
        ended = d.must_post(payload(name))
        ck_decisions(ended, ["resolved"] * ended["alerts"])
        for decision in fired["decisions"]:
            incident = d.incident(decision["incidentId"])
            ck_eq(incident["status"], "resolved", name)
            ck_eq(incident["firingAlerts"], 0, name)


def test_captured_fingerprints_are_those_that_are_computed(t):
    """A body without them (before 0.19, or by hand) gets the same."""
    d = t.daemon(EMPTY)
    for name in payloads("firing"):
        body = json.loads(payload(name))
        sent = [a.pop("fingerprint") for a in body["alerts"]]
        data = d.must_post(body)
        ck_eq([x["fingerprint"] for x in data["decisions"]], sent, name)


def test_a_fingerprint_of_utf8_labels_is_alertmanagers(t):
    d = t.daemon(EMPTY)
    labels = {"alertname": "Größe", "étage": "3", "label with space": "日本"}
    data = d.must_post(delivery({"status": "firing", "labels": labels}))
    ck_eq(data["decisions"][0]["fingerprint"], fingerprint(labels), "fingerprint")


def test_a_resolved_alert_with_empty_annotations_keeps_those_of_the_firing_one(t):
    d = t.daemon(EMPTY)
    fired = alert("Down", service="argus", annotations={"summary": "argus is down"})
    first = d.must_post(delivery(fired))
    ck_decisions(d.must_post(delivery(resolved(fired, annotations={}, generatorURL=""))),
                 ["resolved"])
    episode = d.incident(first["decisions"][0]["incidentId"])["alerts"][0]
    ck_eq(episode["annotations"], {"summary": "argus is down"}, "annotations")
    ck_eq(episode["generatorURL"], fired["generatorURL"], "generatorURL")
    ck_eq(episode["status"], "resolved", "status")


def test_the_year_1_is_no_end(t):
    d = t.daemon(EMPTY)
    data = d.must_post(delivery(alert("Down", ends=NEVER)))
    episode = d.incident(data["decisions"][0]["incidentId"])["alerts"][0]
    ck_eq((episode["status"], episode["endsAt"]), ("firing", None), "status, endsAt")


def test_times_have_0_to_9_fraction_digits_and_any_offset(t):
    d = t.daemon(EMPTY)
    cases = {"Z": ".000Z"}
    digits = "123456789"
    for n in range(1, 10):
        cases["." + digits[:n] + "Z"] = "." + (digits[:n] + "00")[:3] + "Z"
    cases[".5+00:00"] = ".500Z"
    for end, want in cases.items():
        data = d.must_post(delivery(alert("Down", starts="2026-01-02T03:04:05" + end, instance=end)))
        incident = d.incident(data["decisions"][0]["incidentId"])
        ck_eq(incident["alerts"][0]["startsAt"], "2026-01-02T03:04:05" + want, end)
    data = d.must_post(delivery(alert("Down", starts="2026-01-02T05:34:05+02:30",
                                   instance="east")))
    incident = d.incident(data["decisions"][0]["incidentId"])
    ck_eq(incident["alerts"][0]["startsAt"], "2026-01-02T03:04:05.000Z", "offset")


def test_unknown_keys_are_ignored(t):
    d = t.daemon(EMPTY)
    strange = {**alert("Down"), "valueString": "[ var='A' ]", "silenceURL": None, "x": {"y": [1]}}
    data = d.must_post(delivery(strange, routeLabels={"a": "b"}, orgId=1, version="5",
                                notification_reason="first notification"))
    ck_decisions(data, ["unmatched"])


def test_truncated_alerts_call_for_a_person(t):
    d = t.daemon(CONFIG)
    data = d.must_post(delivery(alert("Down", service="argus"), truncatedAlerts=7))
    run = d.wait_run(data["decisions"][0]["runId"])
    ck_eq(run["status"], "succeeded", "run")
    ck_match("cut 7 alerts", d.log_text(), "log")
    ck_in("playbookd_truncated_alerts_total 7", d.get("/metrics").body.decode(), "metrics")
    data = d.must_post(delivery(alert("Lost"), truncatedAlerts=7))
    ck_match("7 alerts", d.incident(data["decisions"][0]["incidentId"])["attention"], "attention")


def test_each_alert_of_a_mixed_group_is_taken_by_its_own_status(t):
    d = t.daemon(EMPTY)
    one, two, three = (alert("Down", service=name) for name in ("argus", "hermes", "iris"))
    d.must_post(delivery(one, two))
    data = d.must_post(delivery(resolved(one), two, three))
    ck_decisions(data, ["repeat", "unmatched", "resolved"])  # beginnings come before ends
    ck_eq([d.incident(x["incidentId"])["status"] for x in data["decisions"]],
          ["firing", "firing", "resolved"], "incidents")


def test_one_incident_resolves_with_its_last_alert(t):
    d = t.daemon(EMPTY)
    one, two = (alert("Down", service="argus", replica=n) for n in "12")
    first = d.must_post(delivery(one, two))
    ids = {x["incidentId"] for x in first["decisions"]}
    ck_eq(len(ids), 1, "incidents")
    incident_id = ids.pop()
    d.must_post(delivery(resolved(one), two))
    ck_eq(d.incident(incident_id)["status"], "firing", "status after one")
    d.must_post(delivery(resolved(two)))
    ck_eq(d.incident(incident_id)["status"], "resolved", "status after both")


def test_a_moved_startsat_is_the_same_episode(t):
    """HA pairs of Prometheus and merges move it."""
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus", starts=at(-60))
    run = d.must_run(delivery(fired))
    for starts in (at(-600), at(-10)):
        data = d.must_post(delivery({**fired, "startsAt": starts}))
        ck_decisions(data, ["repeat"])
        ck_eq(data["decisions"][0]["runId"], run["id"], "run")
    episodes = d.incident(run["incidentId"])["alerts"]
    ck_eq([e["occurrences"] for e in episodes], [3], "occurrences")


def test_broken_alerts_are_set_aside_and_the_others_go_on(t):
    d = t.daemon(CONFIG)
    broken = [
        ({**alert("Down"), "labels": {"alertname": "Down", "service": [7]}}, "labels.service"),
        ({**alert("Down"), "labels": ["Down"]}, "labels"),
        ({**alert("Down"), "labels": {}}, "labels: expected at least one"),
        ({**alert("Down"), "labels": {"a": "x" * 70000}}, "labels.a: too long"),
        ({**alert("Down"), "labels": {f"l{n}": "x" for n in range(513)}}, "more than 512"),
        ({**alert("Down"), "labels": {"": "x"}}, "the name is empty"),
        ({**alert("Down"), "labels": {"alertname": "Down", "x": "a\0b"}}, "labels.x"),
        ("an alert", "expected object"),
    ]
    bodies = [b for b, _ in broken]
    body = delivery(receiver="r")
    body["alerts"] = bodies[:4] + [alert("Down", service="argus")] + bodies[4:]
    data = d.must_post(body)
    ck_decisions(data, ["rejected_alert"] * 4 + ["queued"] + ["rejected_alert"] * 4)
    rejected = [x for x in data["decisions"] if x["decision"] == "rejected_alert"]
    for decision, (_, field) in zip(rejected, broken):
        ck_in(field, decision["reason"], "reason")
    ck_eq(d.wait_run(data["decisions"][4]["runId"])["status"], "succeeded", "the good one's run")


def test_a_body_that_can_never_succeed_is_told_why_in_one_line(t):
    d = t.daemon(EMPTY)
    ck_error(d.post(b"not JSON"), 400, "line 1 column")
    ck_error(d.post(b'{"alerts":[]'), 400, "line 1 column")
    ck_error(d.post(b"[]"), 400, "expected Alertmanager's webhook")
    ck_error(d.post(b"3"), 400, ".")
    ck_error(d.post(b""), 400, ".")
    ck_error(d.post(b"{}"), 400, "alerts: missing")
    ck_error(d.post(b'{"alerts":{}}'), 400, "alerts: expected array")
    ck_error(d.post(b'{"text":"a custom payload"}'), 400, "payload")
    ck_error(d.post(b'{"alerts":[],"alerts":[]}'), 400, ".")
    ck_error(d.post(b'{"alerts":' + b"[" * 5000), 400, ".")
    ck_decisions(d.must_post(delivery()), [])


def test_all_three_paths_mean_the_same(t):
    d = t.daemon(EMPTY)
    for i, path in enumerate(("/", "/webhook", "/api/v1/alerts")):
        ck_decisions(d.must_post(delivery(alert("Down", n=str(i))), path), ["unmatched"])


def test_5000_alerts_in_one_body_get_one_decision_each(t):
    d = t.daemon(EMPTY)
    alerts = [alert("Down", instance=f"host-{i}", annotations={"summary": "s" * 200})
              for i in range(5000)]
    data = d.must_post(delivery(*alerts))
    ck_eq(data["alerts"], 5000, "alerts")
    ck_eq([x["fingerprint"] for x in data["decisions"]], [a["fingerprint"] for a in alerts],
          "fingerprints")
    ck_eq(len({x["incidentId"] for x in data["decisions"]}), 5000, "incidents")
    ck_decisions(d.must_post(delivery(*alerts)), ["duplicate"] * 5000)


def test_a_repeat_is_counted_and_starts_nothing(t):
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus")
    run = d.must_run(delivery(fired))
    data = d.must_post(delivery(fired, notification_reason="repeat interval elapsed"))
    ck_decisions(data, ["repeat"])
    ck_match(rf"occurrence 2 since .* run {run['id']} \(succeeded\) was made",
             data["decisions"][0]["reason"], "reason")
    incident = d.incident(run["incidentId"])
    ck_eq(incident["alerts"][0]["occurrences"], 2, "occurrences")
    ck_eq(len(incident["runs"]), 1, "runs")


def test_a_retried_delivery_is_a_duplicate(t):
    d = t.daemon(CONFIG)
    body = delivery(alert("Down", service="argus"))
    d.must_run(body)
    data = d.must_post(body)
    ck_decisions(data, ["duplicate"])
    ck_match("the same delivery arrived .* ago", data["decisions"][0]["reason"], "reason")


def test_a_twin_of_another_alertmanager_is_a_duplicate(t):
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus")
    run = d.must_run(delivery(fired, externalURL="http://am-1:9093"))
    data = d.must_post(delivery(fired, externalURL="http://am-2:9093"))
    ck_decisions(data, ["duplicate"])
    ck_match("another Alertmanager sent it .* ago", data["decisions"][0]["reason"], "reason")
    ck_eq(len(d.incident(run["incidentId"])["runs"]), 1, "runs")


def test_a_twin_of_a_resolution_is_a_duplicate(t):
    d = t.daemon(EMPTY)
    fired = alert("Down", service="argus")
    ended = resolved(fired)
    d.must_post(delivery(fired))
    ck_decisions(d.must_post(delivery(ended, externalURL="http://am-1:9093")), ["resolved"])
    data = d.must_post(delivery(ended, externalURL="http://am-2:9093"))
    ck_decisions(data, ["duplicate"])
    ck_match("known to have ended at", data["decisions"][0]["reason"], "reason")


def test_a_stale_firing_after_the_end_does_not_reopen(t):
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus")
    run = d.must_run(delivery(fired))
    d.must_post(delivery(resolved(fired)))
    data = d.must_post(delivery(fired, externalURL="http://am-2:9093"))
    ck_decisions(data, ["duplicate"])
    ck_match("this episode ended at", data["decisions"][0]["reason"], "reason")
    ck_eq(d.incident(run["incidentId"])["status"], "resolved", "incident")


def test_a_resolution_without_a_firing_is_recorded(t):
    d = t.daemon(CONFIG)
    data = d.must_post(delivery(alert("Down", "resolved")))
    ck_decisions(data, ["resolved"])
    ck_match("not known to be firing", data["decisions"][0]["reason"], "reason")
    ck_eq(data["decisions"][0]["incidentId"], None, "incident")


def test_a_resolution_before_its_firing_wins(t):
    """Reordered on the way: what ended is not taken up."""
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus")
    d.must_post(delivery(resolved(fired)))
    ck_decisions(d.must_post(delivery(fired, externalURL="http://another:9093")), ["duplicate"])


def test_a_new_episode_soon_after_the_end_reopens_its_incident_and_runs(t):
    d = t.daemon(CONFIG)
    fired = alert("Down", service="argus", starts=at(-60))
    first = d.must_run(delivery(fired))
    d.must_post(delivery(resolved(fired, endsAt=at(-5))))
    again = d.must_run(delivery({**fired, "startsAt": at(-2)}))
    ck(again["id"] != first["id"], "the new episode has the old run")
    ck_eq(again["incidentId"], first["incidentId"], "incident")
    incident = d.incident(first["incidentId"])
    ck_eq(incident["status"], "firing", "status")
    ck_eq([e["status"] for e in incident["alerts"]].count("firing"), 1, "firing episodes")
    ck_eq(len(incident["runs"]), 2, "runs")


def test_a_new_episode_long_after_the_end_opens_another_incident(t):
    d = t.daemon("global: { reopen_within: 0s }\n" + CONFIG)
    fired = alert("Down", service="argus", starts=at(-60))
    first = d.must_run(delivery(fired))
    d.must_post(delivery(resolved(fired, endsAt=at(-5))))
    again = d.must_run(delivery({**fired, "startsAt": at(-2)}))
    ck(again["incidentId"] != first["incidentId"], "the old incident was reopened")


def test_unmatched_alerts_can_be_ignored(t):
    d = t.daemon("global: { unmatched: ignore }\nplaybooks: []\n")
    data = d.must_post(delivery(alert("Down")))
    ck_decisions(data, ["unmatched"])
    ck_eq(data["decisions"][0]["incidentId"], None, "incident")
    ck_eq(d.must_get("/api/v1/incidents")["incidents"], [], "incidents")


def test_an_unmatched_alert_is_an_incident_that_needs_a_person(t):
    d = t.daemon(EMPTY)
    data = d.must_post(delivery(alert("Down", service="argus", severity="critical")))
    incident = d.incident(data["decisions"][0]["incidentId"])
    ck_eq(incident["status"], "firing", "status")
    ck_match("no playbook matches", incident["attention"], "attention")
    ck_eq((incident["service"], incident["severity"]), ("argus", "critical"), "from labels")


def test_an_old_alert_is_recorded_and_not_acted_on(t):
    d = t.daemon("global: { max_alert_age: 1h }\n" + CONFIG)
    data = d.must_post(delivery(alert("Down", starts=at(-2 * 3600))))
    ck_decisions(data, ["too_old"])
    ck_match("began 2h.* ago, max_alert_age is 1h", data["decisions"][0]["reason"], "reason")


def test_a_dry_run_configuration_decides_and_runs_nothing(t):
    d = t.daemon("global: { dry_run: true }\n" + CONFIG)
    data = d.must_post(delivery(alert("Down")))
    ck_decisions(data, ["dry_run"])
    ck_eq(d.must_get("/api/v1/runs")["runs"], [], "runs")


@limit(90)
def test_hostile_text_stays_text(t):
    """In labels, annotations and root fields; each line of the log is one event."""
    d = t.daemon(EMPTY)
    nasty = 'x\nlevel=info msg="fake"\r\x1b[2J\u2028\u202e</script>$(touch P)%s%n{{.X}}'
    fired = alert("Down", service=nasty, annotations={nasty: nasty})
    fired["labels"][nasty.replace("\n", " ")] = nasty
    del fired["fingerprint"]
    data = d.must_post(delivery(fired, groupKey=nasty, receiver=nasty, externalURL=nasty,
                                truncatedAlerts=1))
    incident = d.incident(data["decisions"][0]["incidentId"])
    ck_eq(incident["alerts"][0]["labels"], fired["labels"], "labels")
    ck_eq(incident["service"], nasty, "service")
    for line in d.log_text().splitlines():
        ck(not line.startswith("level=") and "\x1b" not in line, f"log line {line!r}")


def test_an_answer_tells_no_other_origin_to_read_it(t):
    d = t.daemon(EMPTY)
    answer = d.request("GET", "/api/v1/incidents", headers={"Origin": "https://evil.test"})
    ck_eq([h for h in answer.headers if h.lower().startswith("access-control")], [], "headers")
    ck_status(d.request("OPTIONS", "/api/v1/alerts"), 405)
