# SPDX-License-Identifier: Apache-2.0
"""What people start and stop: the kill switch, runs by hand, replays of incidents, cancel."""

import os
import threading

from harness import (
    alert, alive, at, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_match, ck_status, delivery,
    limit, resolved, wait_until,
)

CONFIG = """
playbooks:
  - name: touch
    matchers: ['alertname="Down"']
    incident: { group_by: [alertname, service] }
    params:
      service: { from: labels.service, pattern: "argus|hermes" }
      mode: { from: labels.mode, default: soft, pattern: "soft|hard" }
      zone: { value: z1 }
    guards: { GUARDS }
    steps: [{ name: note, script: "echo $PARAM_SERVICE $PARAM_MODE $PARAM_ZONE >> FOLDER/ran" }]
  - name: hold
    matchers: ['alertname="Slow"']
    incident: { group_by: [alertname, instance] }
    steps:
      - { name: work, script: "sleep 300 > /dev/null 2>&1 & echo $! > FOLDER/pid; echo x >> FOLDER/begun; while ! test -e FOLDER/go; do sleep 0.05; done" }
      - { name: after, run: [touch, FOLDER/after] }
    rescue: [{ name: rescue, run: [touch, FOLDER/rescued] }]
"""


def config(t, guards="", head=""):
    return head + CONFIG.replace("GUARDS", guards).replace("FOLDER", t.folder)


def down(service="argus", **labels):
    return delivery(alert("Down", service=service, **labels))


def order(d, path, body=None, method="POST", **headers):
    return d.request(method, "/api/v1/" + path, body, headers=headers, operator=True)


def must_order(d, path, body=None, method="POST", **headers):
    answer = order(d, path, body, method, **headers)
    ck_status(answer, 200)
    return answer.data


def start(d, playbook="touch", params=None, **body):
    if params is None and playbook == "touch":
        params = {"service": "argus"}
    return order(d, f"playbooks/{playbook}/runs", {"params": params, **body})


def must_start(d, playbook="touch", params=None, **body):
    answer = start(d, playbook, params, **body)
    ck_status(answer, 200)
    return answer.data


def run_count(d, **query):
    return len(d.must_get("/api/v1/runs", limit=1000, **query)["runs"])


def exists(t, name):
    return os.path.exists(t.path(name))


def wait_begun(t, times=1):
    wait_until(lambda: t.read("begun").count("x") >= times, "the beginning of the step")


# The kill switch.


def test_a_pause_keeps_alerts_from_starting_anything_and_says_so(t):
    d = t.daemon(config(t))
    told = must_order(d, "pause", {"reason": "the rack is being moved"})
    ck_eq((told["paused"], told["reason"], told["until"], told["suppressed"]),
          (True, "the rack is being moved", None, []), "pause")
    ck(told["by"] and told["since"], f"who and since when: {told}")
    data = d.must_post(down())
    ck_decisions(data, ["paused"])
    ck_match(r"^paused by \S+ since \S+Z: the rack is being moved$", data["decisions"][0]["reason"],
             "reason")
    d.must_post(down("hermes"))
    told = d.must_get("/api/v1/pause")
    ck_eq([(s["decision"], s["playbook"]) for s in told["suppressed"]], [("paused", "touch")] * 2,
          "suppressed")
    ck_eq(told["suppressed"][1]["incidentId"], data["decisions"][0]["incidentId"], "the oldest last")
    ck_match("rack", d.incident(data["decisions"][0]["incidentId"])["attention"], "attention")
    ck_eq(d.must_get("/api/v1/status")["pause"]["reason"], "the rack is being moved", "status")
    ck_in("\nplaybookd_paused 1\n", d.get("/metrics").body.decode(), "metrics")
    ck_eq(run_count(d), 0, "runs")


def test_after_a_pause_a_repeat_of_the_alert_starts_it(t):
    d = t.daemon(config(t))
    must_order(d, "pause", {"reason": "r"})
    ck_decisions(d.must_post(down()), ["paused"])
    ended = must_order(d, "pause", method="DELETE")
    ck_eq((ended["paused"], len(ended["suppressed"])), (False, 1), "the end")
    off = d.must_get("/api/v1/pause")
    ck_eq((off["paused"], off["reason"], off["since"], off["suppressed"]), (False, None, None, []),
          "after")
    ck_in("\nplaybookd_paused 0\n", d.get("/metrics").body.decode(), "metrics")
    data = d.must_post(down(startsAt=at(-60)))
    ck_decisions(data, ["queued"])
    d.wait_run(data["decisions"][0]["runId"])
    ck_eq(must_order(d, "pause", method="DELETE")["paused"], False, "resumed again")


def test_a_pause_stops_what_is_queued_and_lets_go_on_what_runs(t):
    d = t.daemon(config(t, head="global: { max_concurrent_runs: 1 }\n"))
    first = must_start(d, "hold")["runId"]
    wait_begun(t)
    second = must_start(d, "hold")["runId"]
    told = must_order(d, "pause", {"reason": "r"})
    ck_eq([(w["id"], w["playbook"], w["startedAt"]) for w in told["waiting"]],
          [(second, "hold", None)], "what waits")
    ck(told["waiting"][0]["queuedAt"], "since when")
    forced = must_start(d, "hold", force=True, reason="f")["runId"]  # waits for its turn only
    ck_eq([w["id"] for w in d.must_get("/api/v1/pause")["waiting"]], [second], "what waits")
    t.write("go", "")
    ck_eq(d.wait_run(first)["status"], "succeeded", "the run that went on")
    ck_eq(d.wait_run(forced)["status"], "succeeded", "the run that was forced")
    for _ in range(5):
        ck_eq(d.run(second)["status"], "queued", "the run in the queue")
        d.must_post(down())  # a turn of the core in which it could start
    ended = must_order(d, "pause", method="DELETE")
    ck_eq([w["id"] for w in ended["waiting"]], [second], "what starts now")
    ck_eq(d.must_get("/api/v1/pause")["waiting"], [], "after")
    ck_eq(d.wait_run(second)["status"], "succeeded", "the run that waited")


@limit(90)
def test_a_pause_survives_the_death_of_core_and_daemon(t):
    d = t.daemon(config(t))
    must_order(d, "pause", {"reason": "still on"})
    since = d.must_get("/api/v1/pause")["since"]
    pid = d.roles()["core"]
    mark = d.mark()
    t.command("kill", "-9", str(pid))
    d.wait_ready(after=mark)
    wait_until(lambda: d.get("/api/v1/pause").status == 200, "an answer")
    ck_eq(d.must_get("/api/v1/pause")["since"], since, "since, after kill -9 of the core")
    ck_decisions(d.must_post(down()), ["paused"])
    d.stop()
    d = t.daemon(config(t), name="again")
    told = d.must_get("/api/v1/pause")
    ck_eq((told["since"], told["reason"], len(told["suppressed"])), (since, "still on", 1),
          "after the daemon's restart")
    ck_decisions(d.must_post(down("hermes")), ["paused"])


def test_a_pause_is_over_by_itself_and_then_the_queue_starts(t):
    d = t.daemon(config(t, head="global: { max_concurrent_runs: 1 }\n"))
    first = must_start(d, "hold")["runId"]
    wait_begun(t)
    second = must_start(d, "touch")["runId"]
    told = must_order(d, "pause", {"reason": "r", "for": "3s"})
    ck(told["until"] > told["since"], f"until {told}")
    ck_decisions(d.must_post(down("hermes")), ["paused"])
    t.write("go", "")
    d.wait_run(first)
    d.wait_log('msg=resumed.* by="its time"')
    run = d.wait_run(second)
    ck_eq(run["status"], "succeeded", "after")
    ck(run["startedAt"] >= told["until"], f"started at {run['startedAt']}, paused until {told['until']}")
    ck_eq(d.must_get("/api/v1/pause")["paused"], False, "paused")


def test_a_pause_said_again_goes_on_with_the_new_words(t):
    d = t.daemon(config(t))
    first = must_order(d, "pause", {"reason": "one", "for": "1h"})
    d.must_post(down())
    second = must_order(d, "pause", {"reason": "two"})
    ck_eq((second["since"], second["until"], second["reason"], len(second["suppressed"])),
          (first["since"], None, "two", 1), "the second")
    with d.store() as db:
        rows = db.execute("SELECT reason, ended_at IS NULL FROM pause ORDER BY id").fetchall()
    ck_eq(rows, [("one", 0), ("two", 1)], "history")


def test_a_pause_is_asked_for_properly(t):
    d = t.daemon(config(t))
    ck_error(order(d, "pause"), 400, "reason: missing or empty")
    ck_error(order(d, "pause", {"for": "1h"}), 400, "reason: missing or empty")
    ck_error(order(d, "pause", {"reason": "r", "for": "never"}), 400, "for: ")
    ck_error(order(d, "pause", {"reason": "r", "until": "x"}), 400,
             "unknown field 'until'; known are: for, reason")
    ck_error(order(d, "pause", {"reason": 3}), 400, "reason: expected string")
    ck_error(d.post({"reason": "r"}, "/api/v1/pause"), 401, ".")
    ck_error(d.request("DELETE", "/api/v1/pause"), 401, ".")
    answer = d.request("PUT", "/api/v1/pause", operator=True)
    ck_error(answer, 405, ".")
    ck_eq(answer.headers["Allow"], "DELETE, GET, HEAD, POST", "Allow")
    ck_eq(d.must_get("/api/v1/pause")["paused"], False, "paused")


# By hand.


def test_a_playbook_is_run_by_hand_with_defaults_and_constants(t):
    d = t.daemon(config(t))
    data = must_start(d, reason="Eve asked")
    ck_eq(data["decision"], "queued", "decision")
    ck_eq(data["run"]["params"], {"service": "argus", "mode": "soft", "zone": "z1"}, "params")
    run = d.wait_run(data["runId"])
    ck_eq((run["status"], run["trigger"], run["incidentId"], run["requestReason"], run["forced"]),
          ("succeeded", "manual", None, "Eve asked", False), "run")
    ck(run["requestedBy"], "nobody asked for it")
    must_start(d, params={"service": "hermes", "mode": "hard"})
    wait_until(lambda: "hermes hard z1" in t.read("ran"), "the second run")
    ck_in("argus soft z1\n", t.read("ran"), "the first run")


def test_params_by_hand_are_held_to_the_same_rules(t):
    d = t.daemon(config(t))
    for params, reason in [
        ({}, "params.service: missing; playbook 'touch' wants"),
        ({"service": "zeus"}, "'zeus' does not match"),
        ({"service": ""}, "empty"),
        ({"service": "argus\n"}, "params.service"),
        ({"service": "argus", "mode": "-f"}, "mode"),
        ({"service": "argus", "nosuch": "x"}, "params.nosuch: playbook 'touch' has no such param"),
        ({"service": "argus", "zone": "z2"}, "params.zone: it is a constant"),
        ({"service": 1}, "params.service: expected string"),
        ({"service": "a" * 257}, "params.service: expected at most 256 bytes"),
    ]:
        ck_error(start(d, params=params), 400, reason)
    ck_error(start(d, params=["argus"]), 400, "params: expected object")
    ck_error(start(d, "nosuch", {}), 404, "there is no playbook 'nosuch'")
    ck_error(start(d, force=True), 400, "reason: missing or empty: force needs a reason")
    ck_error(start(d, force=True, reason=""), 400, "reason: missing or empty: force needs a reason")
    ck_error(start(d, forse=True), 400, "unknown field 'forse'")
    ck_error(d.post({}, "/api/v1/playbooks/touch/runs"), 401, ".")
    ck_eq(run_count(d), 0, "runs")


def test_a_dry_run_by_hand_says_what_would_be(t):
    d = t.daemon(config(t, guards="cooldown: 10m"))
    data = must_start(d, dry_run=True)
    ck_eq((data["decision"], data["runId"], data["run"]), ("dry_run", None, None), "decision")
    ck_eq(run_count(d), 0, "runs")
    d.wait_run(must_start(d)["runId"])
    ck_eq(must_start(d, dry_run=True)["decision"], "cooldown", "what a guard would say")
    ck_eq(must_start(d, dry_run=True, force=True, reason="r")["decision"], "dry_run", "forced")


def ck_held(t, d, pattern):
    """The guard holds a run by hand in its own words, and force with a reason gets it through."""
    before = run_count(d)
    ck_error(start(d), 409, pattern)
    ck_eq(run_count(d), before, "runs")
    data = must_start(d, force=True, reason="I know better")
    ck_eq(data["reason"], "playbook touch, forced", "decision")
    run = d.wait_run(data["runId"])
    ck_eq((run["status"], run["forced"], run["requestReason"]),
          ("succeeded", True, "I know better"), "forced run")


def test_a_cooldown_holds_a_run_by_hand(t):
    d = t.daemon(config(t, guards="cooldown: 10m"))
    d.wait_run(must_start(d)["runId"])
    ck_held(t, d, r"^cooldown: last run 1 ended \S+ ago, next at")


def test_a_limit_holds_a_run_by_hand(t):
    d = t.daemon(config(t, guards="limit: { runs: 1, per: 1h }"))
    d.must_run(down("hermes"))
    ck_held(t, d, "^limit: 1 runs in 1h is all that is allowed")


def test_a_breaker_holds_a_run_by_hand(t):
    d = t.daemon(config(t, guards="breaker: { failures: 1, open_for: 1h }").replace(
        "echo $PARAM_SERVICE", "test $PARAM_SERVICE = argus; echo $PARAM_SERVICE"))
    d.must_run(down("hermes"))
    ck_held(t, d, "^breaker: 1 runs in a row did not help")


def test_max_targets_holds_a_run_by_hand(t):
    d = t.daemon(config(t, guards="max_targets: { distinct: service, at_most: 1, per: 10m }"))
    d.must_run(down("hermes"))
    ck_held(t, d, "^max_targets: 1 other values of service")


def test_max_starts_holds_a_run_by_hand(t):
    d = t.daemon(config(t, head="global: { max_starts_per_hour: 1 }\n"))
    d.must_run(down("hermes"))
    ck_held(t, d, "^max_starts_per_hour: 1 runs")


def test_a_pause_holds_a_run_by_hand(t):
    d = t.daemon(config(t))
    must_order(d, "pause", {"reason": "hands off"})
    ck_held(t, d, "^paused by .*: hands off")


def test_a_dry_run_of_the_configuration_holds_even_when_forced(t):
    d = t.daemon(config(t, head="global: { dry_run: true }\n"))
    ck_error(start(d), 409, "^dry run: playbook touch would be queued")
    ck_error(start(d, force=True, reason="r"), 409, "^dry run")


def test_a_lock_lets_a_run_by_hand_wait(t):
    d = t.daemon(config(t, guards='lock: "l"').replace(
        "name: hold\n", "name: hold\n    guards: { lock: l }\n"))
    first = must_start(d, "hold")["runId"]
    wait_begun(t)
    second = must_start(d)["runId"]
    ck_eq(d.run(second)["status"], "queued", "while the lock is held")
    t.write("go", "")
    d.wait_run(first)
    ck_eq(d.wait_run(second)["status"], "succeeded", "after")


def test_an_idempotency_key_starts_one_run_however_often_it_is_sent(t):
    d = t.daemon(config(t))
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    body = {"params": {"service": "argus"}}
    answers = []

    def send():
        answers.append(order(d, "playbooks/touch/runs", body, **key))

    threads = [threading.Thread(target=send) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ck_eq([a.status for a in answers], [200] * 100, "statuses")
    ck_eq({a.data["runId"] for a in answers}, {1}, "runs told")
    ck_eq(run_count(d), 1, "runs")
    d.wait_run(1)
    ck_eq(t.read("ran"), "argus soft z1\n", "effects")
    other = {"params": {"service": "hermes"}}
    ck_error(order(d, "playbooks/touch/runs", other, **key), 409, "was used for another command")
    ck_error(order(d, "playbooks/touch/runs", body, **{"Idempotency-Key": "a b"}), 400,
             "Idempotency-Key: expected")
    ck_eq(must_order(d, "playbooks/touch/runs", body, **{"Idempotency-Key": "k2"})["runId"], 2,
          "the run of another key")
    d.stop()
    d = t.daemon(config(t), name="again")
    ck_eq(must_order(d, "playbooks/touch/runs", body, **key)["runId"], 1, "after a restart")


def test_an_order_that_was_refused_may_be_tried_again_with_its_key(t):
    d = t.daemon(config(t))
    body = {"params": {"service": "argus"}}
    must_order(d, "pause", {"reason": "r"})
    ck_error(order(d, "playbooks/touch/runs", body, **{"Idempotency-Key": "k"}), 409, "paused")
    must_order(d, "pause", method="DELETE")
    ck_eq(must_order(d, "playbooks/touch/runs", body, **{"Idempotency-Key": "k"})["runId"], 1, "run")


# An incident's playbook once more.


def test_an_incident_is_replayed_once_for_each_target_that_fired(t):
    d = t.daemon(config(t))
    one, two = alert("Down", service="argus", i="1"), alert("Down", service="argus", i="2")
    data = d.must_post(delivery(one, two, alert("Down", service="argus", i="3", mode="hard")))
    incident = data["decisions"][0]["incidentId"]
    for decision in data["decisions"]:
        if decision["decision"] == "queued":
            d.wait_run(decision["runId"])
    d.must_post(delivery(resolved(two)))
    before = t.read("ran").count("\n")
    told = must_order(d, f"incidents/{incident}/replay", {"reason": "again, please"})
    ck_decisions(told, ["queued", "duplicate", "queued"])
    ck_eq(told["decisions"][1]["runId"], told["decisions"][0]["runId"], "the run that does the same")
    run = d.wait_run(told["decisions"][0]["runId"])
    ck_eq((run["trigger"], run["incidentId"], run["requestReason"], run["status"]),
          ("replay", incident, "again, please", "succeeded"), "run")
    d.wait_run(told["decisions"][2]["runId"])
    ck_eq(t.read("ran").count("\n"), before + 2, "effects")


def test_a_replay_obeys_the_guards_unless_it_is_forced(t):
    d = t.daemon(config(t, guards="cooldown: 10m"))
    incident = d.must_run(down())["incidentId"]
    path = f"incidents/{incident}/replay"
    ck_error(order(d, path), 409, "^cooldown: last run")
    ck_error(order(d, path, {"force": True}), 400, "reason: missing or empty")
    ck_decisions(must_order(d, path, {"dry_run": True}), ["cooldown"])
    told = must_order(d, path, {"force": True, "reason": "r"})
    ck_decisions(told, ["queued"])
    ck_eq(d.wait_run(told["decisions"][0]["runId"])["forced"], True, "forced")
    ck_eq(run_count(d), 2, "runs")


def test_what_cannot_be_replayed_says_why(t):
    d = t.daemon(config(t))
    incident = d.must_post(delivery(alert("Unknown")))["decisions"][0]["incidentId"]
    ck_error(order(d, f"incidents/{incident}/replay"), 409, "no playbook matched this incident")
    ck_error(order(d, "incidents/99/replay"), 404, "there is no incident 99")
    incident = d.must_post(down("zeus"))["decisions"][0]["incidentId"]
    ck_error(order(d, f"incidents/{incident}/replay"), 409, "'zeus' does not match")


# Cancel.


def ck_canceled(d, run_id, by="operator"):
    run = d.wait_run(run_id)
    ck_eq(run["status"], "canceled", f"status of {run}")
    ck_match(rf"^canceled by \S*{by}\S*", run["reason"], "reason")
    return run


def test_a_queued_run_is_canceled_at_once(t):
    d = t.daemon(config(t, head="global: { max_concurrent_runs: 1 }\n"))
    must_start(d, "hold")
    wait_begun(t)
    run_id = d.must_post(delivery(alert("Slow", instance="2")))["decisions"][0]["runId"]
    told = must_order(d, f"runs/{run_id}/cancel", {"reason": "not now"})
    ck_eq(told["status"], "canceled", "told")
    run = ck_canceled(d, run_id)
    ck_match("^canceled by .*: not now$", run["reason"], "reason")
    ck_eq((run["steps"], run["startedAt"]), ([], None), "steps")
    ck_match(rf"run {run_id} \(hold\) canceled", d.incident(run["incidentId"])["attention"],
             "attention")
    ck_eq(must_order(d, f"runs/{run_id}/cancel")["reason"], run["reason"], "canceled again")


def test_a_running_step_is_ended_with_all_that_it_started(t):
    d = t.daemon(config(t))
    run_id = d.must_post(delivery(alert("Slow")))["decisions"][0]["runId"]
    wait_begun(t)
    child = int(t.read("pid"))
    told = must_order(d, f"runs/{run_id}/cancel", {"reason": "wrong host"})
    ck_match("^canceled by .*: wrong host$", told["cancelReason"], "told")
    must_order(d, f"runs/{run_id}/cancel", {"reason": "the second does not count"})
    run = ck_canceled(d, run_id)
    ck_match("wrong host", run["reason"], "reason")
    ck_eq([(s["name"], s["status"]) for s in run["steps"]], [("work", "canceled")], "steps")
    ck(not alive(child), "what the step started lives on")
    ck(not exists(t, "after") and not exists(t, "rescued"), "another step was run")
    ck_match("canceled", d.incident(run["incidentId"])["attention"], "attention")


def test_a_run_that_is_over_cannot_be_canceled(t):
    d = t.daemon(config(t))
    run_id = must_start(d)["runId"]
    d.wait_run(run_id)
    ck_error(order(d, f"runs/{run_id}/cancel"), 409, f"run {run_id} is over: succeeded")
    ck_error(order(d, "runs/99/cancel"), 404, "there is no run 99")
    ck_error(d.post(None, f"/api/v1/runs/{run_id}/cancel"), 401, ".")


def test_a_run_is_canceled_while_it_verifies_over_http(t):
    web = t.web(status=503)
    d = t.daemon(f"""
checks: [{{ name: web, http: {{ url: '{web.url}' }} }}]
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    steps: [{{ name: n, run: ['true'] }}]
    verify: [{{ check: web, within: 10m, every: 200ms }}]
    rescue: [{{ name: r, run: [touch, {t.path('rescued')}] }}]
""")
    run_id = d.must_post(down())["decisions"][0]["runId"]
    wait_until(lambda: web.hits >= 2, "two probes")
    told = must_order(d, f"runs/{run_id}/cancel")
    ck_eq(told["status"], "canceled", "told")
    run = ck_canceled(d, run_id)
    ck_eq([s["status"] for s in run["steps"]], ["succeeded", "canceled"], "steps")
    ck(not exists(t, "rescued"), "a rescue step was run")


def test_a_run_is_canceled_while_it_verifies_by_a_command(t):
    d = t.daemon(f"""
checks: [{{ name: c, command: [sh, -c, "echo x >> {t.path('begun')}; exec sleep 60"], timeout: 1m }}]
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    steps: [{{ name: n, run: ['true'] }}]
    verify: [{{ check: c, within: 10m }}]
""")
    run_id = d.must_post(down())["decisions"][0]["runId"]
    wait_begun(t)
    must_order(d, f"runs/{run_id}/cancel")
    run = ck_canceled(d, run_id)
    ck_eq([s["status"] for s in run["steps"]], ["succeeded", "canceled"], "steps")


def test_a_run_is_canceled_in_a_wait_and_before_a_retry(t):
    d = t.daemon("""
playbooks:
  - { name: waits, matchers: ['a="b"'], steps: [{ name: w, wait: 10m }] }
  - { name: tries, matchers: ['a="b"'], steps: [{ name: f, run: ["false"], idempotent: true, retry: { attempts: 2, delay: 10m } }] }
""")
    waits, tries = must_start(d, "waits")["runId"], must_start(d, "tries")["runId"]
    wait_until(lambda: d.run(waits)["steps"], "the wait")
    wait_until(lambda: [s["status"] for s in d.run(tries)["steps"]] == ["failed"], "the first try")
    ck_eq(must_order(d, f"runs/{waits}/cancel")["status"], "canceled", "the wait")
    ck_eq(must_order(d, f"runs/{tries}/cancel")["status"], "canceled", "the pause before a retry")
    ck_eq([s["status"] for s in d.run(waits)["steps"]], ["canceled"], "steps that wait")
    ck_eq([s["status"] for s in d.run(tries)["steps"]], ["failed"], "steps that try")


@limit(90)
def test_a_cancel_survives_the_daemon_and_reaches_its_step(t):
    """The step takes its time to end; meanwhile everything but its shim is killed."""
    stubborn = config(t).replace("sleep 300 >", "trap '' TERM; sleep 300 >")
    d = t.daemon(stubborn)
    run_id = must_start(d, "hold")["runId"]
    wait_begun(t)
    child = int(t.read("pid"))
    must_order(d, f"runs/{run_id}/cancel")
    d.kill()
    d.wait_exit()
    d = t.daemon(stubborn, name="again")
    ck_canceled(d, run_id)
    ck(not alive(child), "what the step started lives on")


@limit(90)
def test_a_step_of_a_daemon_that_was_killed_can_be_canceled(t):
    d = t.daemon(config(t))
    run_id = must_start(d, "hold")["runId"]
    wait_begun(t)
    child = int(t.read("pid"))
    d.kill()
    d.wait_exit()
    d = t.daemon(config(t), name="again")
    ck(alive(child), "the step did not survive")
    must_order(d, f"runs/{run_id}/cancel")
    run = ck_canceled(d, run_id)
    ck_eq(run["steps"][0]["status"], "canceled", "step")
    ck(not alive(child), "what the step started lives on")
