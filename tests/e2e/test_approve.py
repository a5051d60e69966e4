# SPDX-License-Identifier: Apache-2.0
"""A person is asked before a run goes on: yes, no, too late, twice, something else, nobody."""

import threading
import time

from harness import (
    FINAL, alert, at, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_match, ck_status, delivery, limit,
    resolved, wait_until,
)

CONFIG = """
global: { max_concurrent_runs: 1 }
playbooks:
  - name: flush
    matchers: ['alertname="Full"']
    incident: { group_by: [alertname, service] }
    params: { service: { from: labels.service, pattern: "[a-z]+" } }
    guards: { lock: "service/${service}" }
    steps:
      - name: is it quiet
        approve: { within: WITHIN, message: "flushes ${service}, which loses sessions" }
      - { name: flush, script: "echo $PARAM_SERVICE $HOW >> FOLDER/flushed", env: { HOW: all } }
      - { name: note, run: [touch, "FOLDER/noted"] }
    verify: [{ name: it is flushed, run: [test, -e, "FOLDER/flushed"] }]
    rescue: [{ name: evidence, run: [touch, "FOLDER/rescued"] }]
  - name: halves
    matchers: ['alertname="Half"']
    incident: { group_by: [alertname, service] }
    params: { service: { from: labels.service, pattern: "[a-z]+" } }
    guards: { lock: "half" }
    steps:
      - { name: drain, script: "echo $PARAM_SERVICE >> FOLDER/drained" }
      - { name: is it drained, approve: { within: WITHIN } }
      - { name: restart, script: "echo $PARAM_SERVICE >> FOLDER/restarted" }
    rescue: [{ name: evidence, run: [touch, "FOLDER/rescued"] }]
  - name: eyes
    matchers: ['alertname="Eyes"']
    steps:
      - { name: two of you, approve: { four_eyes: true } }
      - { name: act, run: [touch, "FOLDER/acted"] }
  - name: gently
    matchers: ['alertname="Stuck"']
    params: { mode: { from: labels.mode, pattern: "[a-z]+" } }
    steps:
      - { name: gently, run: [env, "${mode}"], on_failure: continue }
      - { name: by force, approve: {}, when: ['"steps.gently"="failed"'] }
      - { name: force, run: [touch, "FOLDER/forced"], when: ['"steps.gently"="failed"'] }
      - { name: done, run: [touch, "FOLDER/done"], when: ['"steps.by force"=~"succeeded|skipped"'] }
  - name: other
    matchers: ['alertname="Other"']
    incident: { group_by: [alertname, n] }
    steps: [{ name: other, run: [touch, "FOLDER/other"] }]
"""


def config(t, within="30m", text=CONFIG):
    return text.replace("FOLDER", t.folder).replace("WITHIN", within)


def full(service="argus"):
    return delivery(alert("Full", service=service))


def say(d, run_id, word, **body):
    headers = {"Idempotency-Key": body.pop("key")} if "key" in body else {}
    return d.request("POST", f"/api/v1/runs/{run_id}/{word}", body, headers=headers, operator=True)


def digest(d, run_id):
    return d.run(run_id)["approval"]["digest"]


def must_approve(d, run_id, **more):
    answer = say(d, run_id, "approve", digest=digest(d, run_id), **more)
    ck_status(answer, 200)
    return answer.data


def ask(d, body=None):
    """A run that waits for approval."""
    data = d.must_post(body or full())
    ck_decisions(data, ["awaiting_approval"])
    return data["decisions"][0]


def wait_waiting(d, run_id):
    return wait_until(lambda: d.run(run_id) if d.run(run_id)["status"] == "awaiting_approval"
                      else None, "the question")


def ck_nothing_ran(t, *names):
    for name in names or ("flushed", "rescued"):
        ck_eq(t.read(name), "", name)


def test_nothing_runs_before_somebody_says_yes(t):
    d = t.daemon(config(t))
    told = ask(d)
    ck_eq(told["reason"], "playbook flush waits for approval: is it quiet", "reason")
    run = d.run(told["runId"])
    ck_eq((run["status"], run["startedAt"], run["finishedAt"]), ("awaiting_approval", None, None),
          "the run")
    open_ = run["approval"]
    ck_eq((open_["step"], open_["name"], open_["message"], open_["notBy"]),
          (0, "is it quiet", "flushes argus, which loses sessions", None), "the question")
    ck(open_["askedAt"] < open_["expiresAt"], f"until when: {open_}")
    ck_eq([(s["index"], s["phase"], s["name"], s["kind"]) for s in open_["steps"]],
          [(1, "steps", "flush", "script"), (2, "steps", "note", "run"),
           (3, "verify", "it is flushed", "run")], "what would be done")
    ck_eq(open_["steps"][0]["argv"][:3], ["/bin/sh", "-eu", "-c"], "argv of a script")
    ck_eq(open_["steps"][0]["env"], {"HOW": "all"}, "env")
    ck_eq(open_["steps"][1]["argv"], ["touch", t.path("noted")], "argv")
    ck_eq([(s["kind"], s["status"]) for s in run["steps"]], [("approve", "waiting")], "steps")
    incident = d.incident(told["incidentId"])
    ck_eq(incident["attention"], "run 1 (flush) waits for approval: is it quiet", "attention")
    ck_in("\nplaybookd_runs_awaiting_approval 1\n", d.get("/metrics").body.decode(), "metrics")
    ck_eq([r["id"] for r in d.must_get("/api/v1/runs", status="awaiting_approval")["runs"]], [1],
          "the list")
    d.must_run(delivery(alert("Other")))  # it holds no place among the runs that go on
    ck_nothing_ran(t)

    data = must_approve(d, 1, reason="it is")
    ck_in(data["status"], ("queued", "running"), "right after")
    run = d.wait_run(1)
    ck_eq((run["status"], run["approval"]), ("succeeded", None), "the end")
    said = run["approvals"][0]
    ck_eq((said["decision"], said["decidedBy"], said["reason"]), ("approved", "operator", "it is"),
          "who said what")
    ck_eq((said["digest"], said["configHash"]), (open_["digest"], run["configHash"]), "to what")
    ck_eq((run["steps"][0]["status"], run["steps"][0]["reason"]),
          ("succeeded", "approved by operator: it is"), "the approve step")
    ck_eq(t.read("flushed"), "argus all\n", "what was done")
    ck_eq(d.incident(told["incidentId"])["attention"], None, "attention")
    ck_in("\nplaybookd_runs_awaiting_approval 0\n", d.get("/metrics").body.decode(), "metrics")


def test_a_rejected_run_does_nothing_more(t):
    d = t.daemon(config(t))
    told = ask(d)
    answer = say(d, 1, "reject", reason="not now")
    ck_status(answer, 200)
    ck_eq(answer.data["status"], "rejected", "the answer")
    run = d.run(1)
    ck_eq((run["status"], run["reason"]),
          ("rejected", "is it quiet: rejected by operator: not now"), "the run")
    ck_eq([(s["kind"], s["status"]) for s in run["steps"]], [("approve", "failed")], "steps")
    ck_eq(d.incident(told["incidentId"])["attention"],
          "run 1 (flush) rejected: is it quiet: rejected by operator: not now", "attention")
    ck_error(say(d, 1, "approve", digest=run["approvals"][0]["digest"]), 409,
             r"^'is it quiet' was rejected by operator at \S+Z: not now$")
    ck_error(say(d, 1, "reject"), 409, "was rejected by operator")
    ck_decisions(d.must_post(full()), ["repeat"])
    ck_nothing_ran(t)


def test_a_rejection_between_steps_runs_no_rescue(t):
    d = t.daemon(config(t))
    data = d.must_post(delivery(alert("Half", service="argus")))
    ck_decisions(data, ["queued"])
    run = wait_waiting(d, 1)
    ck(run["startedAt"], f"it has begun: {run}")
    ck_eq([s["name"] for s in run["approval"]["steps"]], ["restart"], "what would be done")
    ck_status(say(d, 1, "reject"), 200)
    ck_eq(d.run(1)["reason"], "is it drained: rejected by operator", "reason")
    ck_eq((t.read("drained"), t.read("restarted"), t.read("rescued")), ("argus\n", "", ""), "done")


def test_a_run_that_waits_between_steps_keeps_its_lock_and_no_place(t):
    d = t.daemon(config(t))
    for service in ("argus", "hermes"):
        d.must_post(delivery(alert("Half", service=service)))
    wait_waiting(d, 1)
    d.must_run(delivery(alert("Other")))  # max_concurrent_runs is 1
    ck_eq(d.run(2)["status"], "queued", "behind the lock")
    ck_eq(t.read("drained"), "argus\n", "drained")
    must_approve(d, 1)
    ck_eq(d.wait_run(1)["status"], "succeeded", "the first")
    wait_waiting(d, 2)
    must_approve(d, 2)
    ck_eq(d.wait_run(2)["status"], "succeeded", "the second")
    ck_eq(t.read("restarted"), "argus\nhermes\n", "restarted")


def test_what_nobody_approves_in_time_is_rejected(t):
    d = t.daemon(config(t, within="1500ms"))
    told = ask(d)
    run = d.wait_run(1)
    key = run["approvals"][0]["digest"]
    ck_eq((run["status"], run["reason"]),
          ("rejected", "is it quiet: nobody approved it within 1s500ms"), "the run")
    ck_eq(run["approvals"][0]["decision"], "expired", "what was said")
    ck_eq(run["approvals"][0]["decidedBy"], None, "by whom")
    ck_match("nobody approved it", d.incident(told["incidentId"])["attention"], "attention")
    ck_error(say(d, 1, "approve", digest=key), 409, "rejected at .*nobody approved it")
    ck_nothing_ran(t)


def test_the_expiry_goes_on_while_nobody_is_there(t):
    d = t.daemon(config(t, within="3s"))
    ask(d)
    until = d.run(1)["approval"]["expiresAt"]
    ck_eq(d.stop(), 0, "exit status")
    wait_until(lambda: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) > until[:19],
               "the expiry")
    d = t.daemon(None, name="again")
    ck_eq(wait_until(lambda: d.run(1)["status"] in FINAL and d.run(1), "the end")["approvals"][0]
          ["decision"], "expired", "after the restart")
    ck_nothing_ran(t)


def test_twenty_who_approve_at_once_start_one(t):
    d = t.daemon(config(t))
    ask(d)
    key = digest(d, 1)
    answers = []

    def approve(n):
        answers.append(say(d, 1, "approve", digest=key, reason=str(n)))

    threads = [threading.Thread(target=approve, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [a for a in answers if a.status == 200]
    ck_eq(len(taken), 1, "answers with 200")
    for answer in answers:
        if answer.status != 200:
            ck_error(answer, 409, r"^'is it quiet' was approved by operator at \S+Z: \d+$")
    ck_eq(d.wait_run(1)["status"], "succeeded", "the run")
    ck_eq(t.read("flushed"), "argus all\n", "done once")
    with d.store() as store:
        ck_eq(store.execute("SELECT count(*) FROM run").fetchone()[0], 1, "runs")


def test_an_answer_is_repeated_for_its_idempotency_key(t):
    d = t.daemon(config(t))
    ask(d)
    key = digest(d, 1)
    first = say(d, 1, "approve", digest=key, key="k")
    ck_status(first, 200)
    d.wait_run(1)
    ck_eq(say(d, 1, "approve", digest=key, key="k").data, first.data, "the same again")
    ck_error(say(d, 1, "approve", digest=key, key="other"), 409, "was approved by operator")
    ck_eq(t.read("flushed"), "argus all\n", "done once")


def test_what_counts_as_a_yes(t):
    d = t.daemon(config(t))
    ask(d)
    key = digest(d, 1)
    ck_error(say(d, 1, "approve"), 400, "^digest: missing")
    ck_error(say(d, 1, "approve", digest="yes"), 400, "^digest: expected 64 hex digits")
    ck_error(say(d, 1, "approve", digest=key, seal="0" * 64), 400, "unknown field 'seal'")
    ck_error(say(d, 1, "approve", digest="0" * 64), 409, "the digest is not that of the open question")
    ck_error(say(d, 1, "reject", digest="0" * 64), 409, "the digest is not that of")
    ck_error(say(d, 7, "approve", digest=key), 404, "no run 7")
    other = d.must_run(delivery(alert("Other")))["id"]
    ck_error(say(d, other, "approve", digest=key), 409, f"run {other} does not wait for approval: it is succeeded")
    answer = d.request("POST", "/api/v1/runs/1/approve", {"digest": key})
    ck_error(answer, 401, "operator's token")
    told = ask(d, full("hermes"))
    ck(digest(d, told["runId"]) != key, "another run has another digest")
    ck_error(say(d, told["runId"], "approve", digest=key), 409, "the digest is not that of")
    ck_nothing_ran(t)


def test_a_question_survives_the_death_of_core_and_daemon(t):
    d = t.daemon(config(t))
    ask(d)
    before = d.run(1)["approval"]
    mark = d.mark()
    t.command("kill", "-9", str(d.roles()["core"]))
    d.wait_ready(after=mark)
    wait_until(lambda: d.get("/api/v1/runs/1").status == 200, "an answer")
    ck_eq(d.run(1)["approval"], before, "after kill -9 of the core")
    ck_eq(d.stop(), 0, "exit status")
    d = t.daemon(None, name="again")
    ck_eq(d.run(1)["approval"], before, "after a restart")
    ck_eq(say(d, 1, "approve", digest=before["digest"]).status, 200, "approve")
    ck_eq(d.wait_run(1)["status"], "succeeded", "the run")


CHANGES = [("script", "echo $PARAM_SERVICE $HOW", "echo $PARAM_SERVICE   $HOW"),
           ("env", "HOW: all", "HOW: most"),
           ("verify", "run: [test, -e", "run: [test, -s"),
           ("a step more", "      - { name: note,", "      - { name: more, wait: 1s }\n"
            "      - { name: note,")]


@limit(120)
def test_a_reload_that_changes_what_would_be_done_ends_the_question(t):
    d = t.daemon(config(t))
    for n, (what, before, after) in enumerate(CHANGES, 1):
        told = ask(d, full("a" * n))
        run_id = told["runId"]
        key = digest(d, run_id)
        d.put_in_force(config(t).replace(before, after))
        run = d.run(run_id)
        ck_eq((run["status"], run["approvals"][0]["decision"]), ("rejected", "void"), what)
        ck_match("is it quiet: the configuration changed, and so did what the run would execute",
                 run["reason"], "reason")
        ck_match(r"rejected: .* the configuration changed", d.incident(told["incidentId"])["attention"],
                 "attention")
        ck_error(say(d, run_id, "approve", digest=key), 409, "was void at .*the configuration changed")
        d.put_in_force(config(t))
    ck_nothing_ran(t)


def test_a_reload_that_changes_something_else_binds_the_question_anew(t):
    d = t.daemon(config(t))
    ask(d)
    old = d.run(1)
    d.put_in_force(config(t) + "# something else\n")
    new = d.run(1)
    ck_eq(new["status"], "awaiting_approval", "the run")
    ck(new["configHash"] != old["configHash"], "it follows the new configuration")
    ck(new["approval"]["digest"] != old["approval"]["digest"], "what is approved is bound to it")
    ck_eq(new["approval"]["expiresAt"], old["approval"]["expiresAt"], "until when")
    ck_error(say(d, 1, "approve", digest=old["approval"]["digest"]), 409, "read the run again")
    must_approve(d, 1)
    ck_eq(d.wait_run(1)["status"], "succeeded", "the run")


def test_what_was_approved_is_not_run_when_a_reload_changed_it_in_the_queue(t):
    busy = """
  - name: busy
    matchers: ['alertname="Busy"']
    steps: [{ name: work, script: "while ! test -e FOLDER/go; do sleep 0.05; done" }]
"""
    d = t.daemon(config(t, text=CONFIG + busy))
    ask(d)
    d.must_post(delivery(alert("Busy")))
    wait_until(lambda: d.run(2)["status"] == "running", "the run that is in the way")
    must_approve(d, 1)
    ck_eq(d.run(1)["status"], "queued", "approved, and behind another")
    d.put_in_force(config(t, text=CONFIG + busy).replace("HOW: all", "HOW: most"))
    t.write("go", "")
    run = d.wait_run(1)
    ck_eq(run["status"], "rejected", "the run")
    ck_match(r"^is it quiet: approved by operator at \S+Z, but the configuration changed, and so did",
             run["reason"], "reason")
    ck_nothing_ran(t)



def test_a_yes_that_only_the_store_knows_starts_nothing(t):
    """What a core could do that lies, or a hand in its store: the executor wants the front's seal."""
    d = t.daemon(config(t))
    ask(d)
    ck_eq(d.stop(), 0, "exit status")
    with d.store() as store:
        store.execute("UPDATE approval SET decision = 'approved', decided_by = 'operator',"
                      f" decided_at = {int(time.time() * 1000)}, reason = '', seal = zeroblob(32)")
        store.execute("UPDATE step SET status = 'succeeded'")
        store.execute("UPDATE run SET status = 'queued'")
    d = t.daemon(None, name="again")
    run = d.wait_run(1)
    ck_eq(run["status"], "failed", "the run")
    ck_match("^flush: refused: .*the approval at 'is it quiet' is missing, or is for other work",
             run["reason"], "reason")
    ck_eq(t.read("flushed"), "", "what was done")


def test_during_a_pause_nobody_can_say_yes(t):
    d = t.daemon(config(t))
    ask(d)
    key = digest(d, 1)
    ck_status(d.request("POST", "/api/v1/pause", {"reason": "r"}, operator=True), 200)
    ck_error(say(d, 1, "approve", digest=key), 409, "^paused by operator since .*: r$")
    ck_eq(d.run(1)["status"], "awaiting_approval", "the run")
    data = d.must_post(full("hermes"))
    ck_decisions(data, ["paused"])
    ck_eq(data["decisions"][0]["runId"], None, "nobody is asked")
    d.request("DELETE", "/api/v1/pause", operator=True)
    must_approve(d, 1)
    ck_eq(d.wait_run(1)["status"], "succeeded", "the run")


def test_somebody_is_asked_only_when_it_is_needed(t):
    d = t.daemon(config(t))
    ck_eq(d.must_run(delivery(alert("Stuck", mode="true")))["status"], "succeeded", "gently")
    ck_eq((t.read("forced"), d.run(1)["approvals"]), ("", []), "nobody was asked")
    ck_eq([s["status"] for s in d.run(1)["steps"]],
          ["succeeded", "skipped", "skipped", "succeeded"], "steps")
    run_id = d.must_post(delivery(alert("Stuck", mode="false")))["decisions"][0]["runId"]
    wait_waiting(d, run_id)
    must_approve(d, run_id)
    run = d.wait_run(run_id)
    # What came before the question is still known behind it.
    ck_eq([s["status"] for s in run["steps"]], ["failed"] + ["succeeded"] * 3, "steps")


def test_four_eyes_are_not_those_of_who_asked(t):
    d = t.daemon(config(t))
    started = d.request("POST", "/api/v1/playbooks/eyes/runs", {}, operator=True)
    ck_status(started, 200)
    ck_eq(started.data["decision"], "awaiting_approval", "decision")
    ck_eq(d.run(1)["approval"]["notBy"], "operator", "notBy")
    ck_error(say(d, 1, "approve", digest=digest(d, 1)), 409,
             "^operator requested this run: another operator must approve it")
    ck_eq(d.run(1)["status"], "awaiting_approval", "it still waits")
    ck_status(say(d, 1, "reject"), 200)
    told = ask(d, delivery(alert("Eyes")))
    ck_eq(d.run(told["runId"])["approval"]["notBy"], None, "of an alert: any operator")
    must_approve(d, told["runId"])
    ck_eq(d.wait_run(told["runId"])["status"], "succeeded", "the run")
    ck(t.read("acted") == "" and d.run(1)["status"] == "rejected", "the first")


def test_nobody_can_say_yes_to_what_is_over(t):
    """By its alert, or by an operator: neither has to cancel the run first."""
    d = t.daemon(config(t))
    for end in (lambda incident: d.must_post(delivery(resolved(alert("Full", service="argus")))),
                lambda incident: ck_status(d.request("POST", f"/api/v1/incidents/{incident}/resolve",
                                                     {}, operator=True), 200)):
        told = ask(d, delivery(alert("Full", service="argus", starts=at())))
        run_id, incident = told["runId"], told["incidentId"]
        asked = digest(d, run_id)
        end(incident)
        run = d.run(run_id)
        ck_eq((run["status"], run["reason"], run["startedAt"]),
              ("canceled", f"incident {incident} is resolved", None), "the run")
        ck_eq((run["approvals"][0]["decision"], run["approvals"][0]["decidedBy"]),
              ("canceled", None), "the question")
        ck_eq(d.incident(incident)["attention"], None, "nobody is needed any more")
        for word in ("approve", "reject"):
            ck_error(say(d, run_id, word, digest=asked), 409,
                     f"^incident {incident} is resolved: run {run_id} was canceled$")
    ck_in("\nplaybookd_runs_awaiting_approval 0\n", d.get("/metrics").body.decode(), "metrics")
    ck_nothing_ran(t)


def test_a_run_that_waits_can_be_canceled(t):
    d = t.daemon(config(t))
    told = ask(d)
    answer = say(d, 1, "cancel", reason="enough")
    ck_status(answer, 200)
    run = d.run(1)
    ck_eq((run["status"], run["reason"]), ("canceled", "canceled by operator: enough"), "the run")
    ck_eq(run["approvals"][0]["decision"], "canceled", "the question")
    ck_eq([(s["kind"], s["status"]) for s in run["steps"]], [("approve", "canceled")], "steps")
    ck_match("canceled", d.incident(told["incidentId"])["attention"], "attention")
    ck_error(say(d, 1, "approve", digest=run["approvals"][0]["digest"]), 409, "was canceled")
    ck_nothing_ran(t)


def test_a_dry_run_says_that_somebody_would_be_asked(t):
    d = t.daemon(config(t))
    ask(d)
    say(d, 1, "reject")
    answer = d.request("POST", "/api/v1/deliveries/1/replay", operator=True, dry_run="true")
    ck_decisions(answer.data, ["awaiting_approval"])
    ck_in("\nplaybookd_runs_awaiting_approval 0\n", d.get("/metrics").body.decode(), "no trace")
    started = d.request("POST", "/api/v1/playbooks/flush/runs",
                        {"params": {"service": "argus"}, "dry_run": True}, operator=True)
    ck_eq((started.data["decision"], started.data["reason"]),
          ("dry_run", "dry run: playbook flush would wait for approval"), "by hand")
    ck_decisions(d.request("POST", "/api/v1/deliveries/1/replay", operator=True).data,
                 ["awaiting_approval"])


def test_a_question_whose_incident_is_resolved_calls_nobody(t):
    d = t.daemon(config(t, within="1500ms"))
    fired = alert("Full", service="argus")
    told = ask(d, delivery(fired))
    d.must_post(delivery(resolved(fired)))
    d.wait_run(1)
    incident = d.incident(told["incidentId"])
    ck_eq((incident["status"], incident["attention"]), ("resolved", None), "the incident")
