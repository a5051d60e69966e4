# SPDX-License-Identifier: Apache-2.0
"""Guards keep runs from starting, say why, and remember over a restart."""

import os
import time
from datetime import datetime, timedelta, timezone

from harness import (alert, at, ck, ck_decisions, ck_eq, ck_in, ck_match, ck_status, delivery, resolved,
                     wait_until)


def config(guards, steps="[{ name: n, run: ['true'] }]", params="", **sections):
    lines = [f"{key}: {value}" for key, value in sections.items()]
    lines += ["playbooks:", "  - name: p", "    matchers: ['alertname=\"Down\"']",
              f"    params: {{ service: {{ from: labels.service, pattern: '[a-z0-9]+' }}{params} }}",
              "    incident: { group_by: [alertname, service, n] }",
              f"    guards: {guards}", f"    steps: {steps}"]
    return "\n".join(lines) + "\n"


def down(service="argus", n=1):
    return delivery(alert("Down", service=service, n=str(n)))


def ck_held(data, decision, reason):
    """Nothing runs, the reason is said, and the incident needs an operator."""
    ck_decisions(data, [decision])
    ck_match(reason, data["decisions"][0]["reason"], "reason")
    ck_eq(data["decisions"][0]["runId"], None, "runId")


def ck_held_and_told(d, data, decision, reason):
    ck_held(data, decision, reason)
    ck_match(reason, d.incident(data["decisions"][0]["incidentId"])["attention"], "attention")


def test_limit_lets_so_many_runs_through_and_remembers_them(t):
    d = t.daemon(config("{ limit: { runs: 2, per: 1h } }"))
    d.must_run(down("a"))
    d.must_run(down("b"))
    ck_held_and_told(d, d.must_post(down("c")), "limited", r"^limit: 2 runs in 1h .*next at")
    d = restart(t, d)
    ck_held_and_told(d, d.must_post(down("d")), "limited", "limit: 2 runs in 1h")


def test_a_limit_window_slides(t):
    d = t.daemon(config("{ limit: { runs: 1, per: 1h } }"))
    d.must_run(down("a"))
    ck_decisions(d.must_post(down("b")), ["limited"])
    d = an_hour_later(t, d)
    d.must_run(down("c"))
    ck_decisions(d.must_post(down("d")), ["limited"])


def test_an_open_breaker_lets_one_trial_through_and_closes_when_it_helps(t):
    flag = t.path("healthy")
    d = t.daemon(config("{ breaker: { failures: 2, open_for: 1h } }",
                        steps=f"[{{ name: try, run: [test, -e, {flag}] }}]"))
    ck_eq(d.must_run(down("a"))["status"], "failed", "first")
    ck_eq(d.must_run(down("b"))["status"], "failed", "second")
    ck_held_and_told(d, d.must_post(down("c")), "breaker_open",
                     "breaker: 2 runs in a row did not help, the last was run 2")
    d = restart(t, d)
    ck_held(d.must_post(down("d")), "breaker_open", "breaker: 2 runs in a row")
    d = an_hour_later(t, d)
    ck_eq(d.must_run(down("e"))["status"], "failed", "the trial")
    ck_held(d.must_post(down("f")), "breaker_open", "breaker: 2 runs in a row")
    t.write("healthy", "")
    d = an_hour_later(t, d)
    ck_eq(d.must_run(down("g"))["status"], "succeeded", "the second trial")
    ck_eq(d.must_run(down("h"))["status"], "succeeded", "closed again")


def test_max_targets_stops_what_is_bigger_than_a_target(t):
    d = t.daemon(config("{ max_targets: { distinct: service, at_most: 2, per: 10m } }"))
    d.must_run(down("a"))
    d.must_run(down("b"))
    d.must_run(down("a", n=2))
    ck_held_and_told(d, d.must_post(down("c")), "too_many_targets",
                     "^max_targets: 2 other values of service had a run within 10m, 2 at most")
    d.must_run(down("b", n=2))
    d = restart(t, d)
    ck_held(d.must_post(down("d")), "too_many_targets", "max_targets")


def test_more_targets_than_a_playbook_is_for_call_a_person_once(t):
    d = t.daemon(config("{ max_targets: { distinct: service, at_most: 1, per: 10m } }"))
    alerts = [alert("Down", service=service, n="1") for service in "abcde"]
    data = d.must_post(delivery(*alerts))
    ck_decisions(data, ["queued"] + ["too_many_targets"] * 4)
    first, *others = data["decisions"][1:]
    reason = r"^max_targets: 1 other values of service had a run within 10m, 1 at most: [a-z ]+"
    ck_match(reason + "$", first["reason"], "the first")
    ck_match(reason, d.incident(first["incidentId"])["attention"], "who is called")
    for other in others:
        ck_match(reason + f"; the on-call engineer was paged for incident {first['incidentId']}$",
                 other["reason"], "the others")
        ck_eq(d.incident(other["incidentId"])["attention"], other["reason"], "their attention")
    ck_eq(len([i for i in d.must_get("/api/v1/incidents")["incidents"]
               if "paged for" not in (i["attention"] or "paged for")]), 1, "calls")
    again = d.must_post(delivery(alerts[1], at="again"))["decisions"][0]
    ck_match("max_targets: .*bigger than one target$", again["reason"], "the first, told again")
    d = restart(t, d)
    ck_match("the on-call engineer was paged for incident", d.must_post(down("f"))["decisions"][0]["reason"],
             "after a restart")
    # Once that incident is over, the next one calls again.
    d.must_post(delivery(resolved(alerts[1])))
    next_ = d.must_post(down("g"))["decisions"][0]
    ck_match("max_targets", d.incident(next_["incidentId"])["attention"], "the next call")


def test_starts_of_all_playbooks_are_bounded(t):
    d = t.daemon(config("{}", **{"global": "{ max_starts_per_hour: 2 }"}))
    d.must_run(down("a"))
    d.must_run(down("b"))
    ck_held(d.must_post(down("c")), "limited", "max_starts_per_hour: 2 runs of all playbooks")


def test_a_playbook_in_dry_run_says_what_it_would_do(t):
    d = t.daemon(config("{}").replace("    guards:", "    dry_run: true\n    guards:"))
    ck_held(d.must_post(down("a")), "dry_run", "dry run: playbook p would be queued")


def restart(t, d):
    ck_eq(d.stop(), 0, "exit status")
    return t.daemon(None, name="again")


HOUR_MS = 3600 * 1000


def restart_moved(t, d, ms, name):
    """While the daemon is stopped, all that the guards look at is moved by so much in time."""
    ck_eq(d.stop(), 0, "exit status")
    store = d.store()
    store.execute("UPDATE run SET queued_at = queued_at + ?1, started_at = started_at + ?1,"
                  " finished_at = finished_at + ?1", (ms,))
    store.execute("UPDATE pause SET at = at + ?1, since = since + ?1, until = until + ?1", (ms,))
    store.commit()
    store.close()
    return t.daemon(None, name=name)


def an_hour_later(t, d):
    return restart_moved(t, d, -HOUR_MS, "an-hour-later")


def set_clock_back(t, d):
    """By a day: all that is there is a day ahead of the clock."""
    return restart_moved(t, d, 24 * HOUR_MS, "a-day-earlier")


def ck_holds_for_its_own_time(t, guards, decision, first="a", status="succeeded", **more):
    d = t.daemon(config(guards, **more))
    ck_eq(d.must_run(down(first))["status"], status, "the run before")
    d = set_clock_back(t, d)
    ck_decisions(d.must_post(down("b", n=2)), [decision])
    n = iter(range(3, 1000))
    wait_until(lambda: d.must_post(down("b", n=next(n)))["decisions"][0]["runId"],
               "a run once the guard's own time has passed", every=0.1)


def test_a_cooldown_holds_for_its_own_time_when_the_clock_was_set_back(t):
    ck_holds_for_its_own_time(t, "{ cooldown: 1s }", "cooldown", first="b")


def test_a_limit_holds_for_its_own_time_when_the_clock_was_set_back(t):
    ck_holds_for_its_own_time(t, "{ limit: { runs: 1, per: 1s } }", "limited")


def test_a_breaker_holds_for_its_own_time_when_the_clock_was_set_back(t):
    ck_holds_for_its_own_time(t, "{ breaker: { failures: 1, open_for: 1s } }", "breaker_open",
                              status="failed", steps="[{ name: n, run: ['false'] }]")


def test_max_targets_holds_for_its_own_time_when_the_clock_was_set_back(t):
    ck_holds_for_its_own_time(t, "{ max_targets: { distinct: service, at_most: 1, per: 1s } }",
                              "too_many_targets")


def test_a_pause_holds_for_its_own_time_when_the_clock_was_set_back(t):
    d = t.daemon(config("{ cooldown: 0s }"))
    ck_eq(d.post({"reason": "r", "for": "3s"}, "/api/v1/pause", operator=True).status, 200, "pause")
    d = set_clock_back(t, d)
    ck_decisions(d.must_post(down("a")), ["paused"])
    wait_until(lambda: not d.must_get("/api/v1/pause")["paused"], "the end of the pause", every=0.1)
    ck_decisions(d.must_post(down("b")), ["queued"])


def test_a_cooldown_holds_over_a_restart(t):
    d = t.daemon(config("{ cooldown: 10m }"))
    run = d.must_run(down("a"))
    d = restart(t, d)
    ck_held(d.must_post(down("a", n=2)), "cooldown", rf"^cooldown: last run {run['id']} ended")
    ck_decisions(d.must_post(down("b")), ["queued"])


def test_starts_of_all_playbooks_are_counted_over_a_restart(t):
    d = t.daemon(config("{}", **{"global": "{ max_starts_per_hour: 2 }"}))
    d.must_run(down("a"))
    d = restart(t, d)
    d.must_run(down("b"))
    ck_held(d.must_post(down("c")), "limited", "max_starts_per_hour: 2 runs of all playbooks")


def test_a_storm_of_alerts_and_one_that_flaps_start_no_more_than_is_allowed(t):
    """T25: 1,000 alerts in one body, and one that fires and ends again and again."""
    d = t.daemon(config("{ limit: { runs: 3, per: 1h } }"))
    data = d.must_post(delivery(*(alert("Down", service=f"s{i}", n="1") for i in range(1000))))
    made = [decision["runId"] for decision in data["decisions"] if decision["runId"]]
    ck_eq((len(data["decisions"]), len(made)), (1000, 3), "decisions, runs")
    for run in made:
        d.wait_run(run)
    for _ in range(10):
        d.must_post(delivery(resolved(alert("Down", service="s0", n="1"))))
        d.must_post(down("s0"))
    d = restart(t, d)
    ck_held(d.must_post(down("s2000")), "limited", "limit: 3 runs in 1h")
    ck_eq(len(d.must_get("/api/v1/runs", limit=100)["runs"]), 3, "runs")


def gate(t, name):
    """A step that goes on when its gate is opened, and the function that opens it."""
    script = f"while ! test -e {t.path('gate')}.$PARAM_SERVICE.$PARAM_N; do sleep 0.05; done"
    return f"[{{ name: {name}, script: '{script}', timeout: 30s }}]"


N_PARAM = ", n: { from: labels.n, pattern: '[0-9]+' }"


def statuses(d):
    return {run["id"]: run["status"] for run in d.must_get("/api/v1/runs")["runs"]}


def test_runs_of_one_lock_go_one_after_the_other(t):
    d = t.daemon(config('{ lock: "service/${service}" }', steps=gate(t, "g"), params=N_PARAM))
    first, second, other = [d.must_post(down(service, n))["decisions"][0]["runId"]
                            for service, n in (("a", 1), ("a", 2), ("b", 1))]
    wait_until(lambda: statuses(d)[other] == "running", "the other lock's run")
    ck_eq((statuses(d)[first], statuses(d)[second]), ("running", "queued"), "one lock")
    t.write("gate.b.1", "")
    ck_eq(d.wait_run(other)["status"], "succeeded", "the other lock")
    ck_eq(statuses(d)[second], "queued", "still behind its lock")
    t.write("gate.a.1", "")
    ck_eq(d.wait_run(first)["status"], "succeeded", "first")
    t.write("gate.a.2", "")
    second = d.wait_run(second)
    ck(second["startedAt"] >= d.run(first)["finishedAt"], "they overlapped")


def test_two_runs_of_one_target_never_overlap(t):
    """Without any guard, by hand and forced too; the later one says for which it waits."""
    d = t.daemon(config("{}", steps=gate(t, "g"), params=N_PARAM))
    first = d.must_post(down("a", 1))["decisions"][0]["runId"]
    wait_until(lambda: statuses(d)[first] == "running", "the first")
    d.must_post(delivery(resolved(alert("Down", service="a", n="1"))))
    again = delivery(alert("Down", service="a", n="1", starts=at()))
    second = d.must_post(again)["decisions"][0]["runId"]
    third = d.request("POST", "/api/v1/playbooks/p/runs", {
        "params": {"service": "a", "n": "1"}, "force": True, "reason": "now"},
        operator=True).data["runId"]
    for run_id in (second, third):
        wait_until(lambda: d.run(run_id)["reason"] == f"waits for run {first}, which does the same",
                   "why it waits")
    t.write("gate.a.1", "")
    runs = [d.wait_run(run_id) for run_id in (first, second, third)]
    ck_eq([run["status"] for run in runs], ["succeeded"] * 3, "all")
    for before, after in zip(runs, runs[1:]):
        ck(after["startedAt"] >= before["finishedAt"], "they overlapped")


def test_what_waits_is_canceled_when_its_alert_is_over_and_wanted_once(t):
    d = t.daemon(config("{ max_concurrent: 1 }", steps=gate(t, "g"), params=N_PARAM))
    first = d.must_post(down("a", 1))["decisions"][0]["runId"]
    waits = d.must_post(down("a", 2))["decisions"][0]["runId"]
    same = d.must_post(delivery(alert("Down", service="a", n="2", instance="i")))["decisions"][0]
    ck_eq((same["decision"], same["reason"], same["runId"]),
          ("duplicate", f"run {waits} (queued) of this incident does the same", waits), "the same from elsewhere")
    d.must_post(delivery(resolved(alert("Down", service="a", n="2"))))
    ck_eq(d.run(waits)["status"], "queued", "another alert wants it still")
    d.must_post(delivery(resolved(alert("Down", service="a", n="2", instance="i"))))
    ck_eq((d.run(waits)["status"], d.run(waits)["startedAt"]), ("canceled", None), "all is over")
    t.write("gate.a.1", "")
    ck_eq(d.wait_run(first)["status"], "succeeded", "what had begun")


def test_max_concurrent_runs_of_a_playbook(t):
    d = t.daemon(config("{ max_concurrent: 1 }", steps=gate(t, "g"), params=N_PARAM))
    first, second = [d.must_post(down("a", n))["decisions"][0]["runId"] for n in (1, 2)]
    wait_until(lambda: statuses(d)[first] == "running", "the first")
    ck_eq(statuses(d)[second], "queued", "the second")
    t.write("gate.a.1", "")
    t.write("gate.a.2", "")
    ck_eq([d.wait_run(first)["status"], d.wait_run(second)["status"]], ["succeeded"] * 2, "both")


def test_a_limit_counts_runs_that_wait_until_they_have_started(t):
    """However long they wait, they do not start in one burst with others."""
    d = t.daemon(config("{ max_concurrent: 1, limit: { runs: 1, per: 500ms } }",
                        steps=gate(t, "g"), params=N_PARAM))
    first = d.must_post(down("a", 1))["decisions"][0]["runId"]
    wait_until(lambda: statuses(d)[first] == "running", "the first")
    numbers = iter(range(2, 1000))

    def post():
        return d.must_post(down("a", next(numbers)))["decisions"][0]

    second = wait_until(lambda: post()["runId"], "a run once the window has passed", every=0.1)
    ck_eq(statuses(d)[second], "queued", "behind the first")
    end = time.monotonic() + 1
    while time.monotonic() < end:
        told = post()
        ck_eq(told["decision"], "limited", "while the second waits")
    ck_eq(told["reason"], "limit: 1 runs in 500ms is all that is allowed, next 500ms after one of "
          "those that wait has started", "reason")
    ck_status(d.request("POST", f"/api/v1/runs/{second}/cancel", {}, operator=True), 200)
    ck_eq(post()["decision"], "queued", "one that was canceled before it started counts nowhere")


def test_a_lock_holds_over_a_restart(t):
    d = t.daemon(config('{ lock: "service/${service}" }', steps=gate(t, "g"), params=N_PARAM))
    first, second = [d.must_post(down("a", n))["decisions"][0]["runId"] for n in (1, 2)]
    wait_until(lambda: statuses(d)[first] == "running", "the first")
    d = restart(t, d)
    ck_eq(statuses(d), {first: "running", second: "queued"}, "after the restart")
    t.write("gate.a.1", "")
    t.write("gate.a.2", "")
    ck_eq([d.wait_run(first)["status"], d.wait_run(second)["status"]], ["succeeded"] * 2, "both")


ALWAYS = "[{ name: always, time_intervals: [{ location: Europe/Berlin }] }]"
NEVER = "[{ name: always, time_intervals: [{ years: ['1999'] }] }]"


def test_a_mute_time_interval_keeps_runs_back_over_a_restart(t):
    d = t.daemon(config("{ mute_time_intervals: [always] }", time_intervals=ALWAYS))
    reason = r"^muted: within time interval 'always' \(Europe/Berlin, now \d\d:\d\d [A-Z][a-z]{2}\)$"
    ck_held_and_told(d, d.must_post(down("a")), "muted", reason)
    d = restart(t, d)
    ck_held_and_told(d, d.must_post(down("b")), "muted", reason)
    d.put_in_force(config("{ mute_time_intervals: [always] }", time_intervals=NEVER))
    d.must_run(down("c"))


def test_outside_of_its_active_time_intervals_a_playbook_does_not_run(t):
    guards = "{ active_time_intervals: [always] }"
    d = t.daemon(config(guards, time_intervals=NEVER))
    ck_held_and_told(d, d.must_post(down("a")), "muted",
                     "^muted: outside of the active time intervals 'always'$")
    d = restart(t, d)
    ck_held(d.must_post(down("b")), "muted", "outside of the active time intervals")
    d.put_in_force(config(guards, time_intervals=ALWAYS))
    d.must_run(down("c"))


def test_local_is_the_time_zone_of_the_daemon(t):
    always = "[{ name: always, time_intervals: [{ location: Local }] }]"
    d = t.daemon(config("{ mute_time_intervals: [always] }", time_intervals=always),
                 env={"TZ": "Asia/Kathmandu"})
    zone = timezone(timedelta(hours=5, minutes=45))
    before = datetime.now(zone)
    data = d.must_post(down("a"))
    times = {time.strftime("%H:%M %a") for time in (before, datetime.now(zone))}
    reasons = [f"muted: within time interval 'always' (Local, now {time})" for time in times]
    ck_in(data["decisions"][0]["reason"], reasons, "reason")


def test_a_queued_run_waits_while_a_time_interval_mutes_it(t):
    def having(time_intervals):
        return config("{ max_concurrent: 1, mute_time_intervals: [always] }", params=N_PARAM,
                      steps=gate(t, "g"), time_intervals=time_intervals)

    d = t.daemon(having(NEVER))
    first, second = [d.must_post(down("a", n))["decisions"][0]["runId"] for n in (1, 2)]
    wait_until(lambda: statuses(d)[first] == "running", "the first")
    d.put_in_force(having(ALWAYS))
    t.write("gate.a.1", "")
    t.write("gate.a.2", "")
    ck_eq(d.wait_run(first)["status"], "succeeded", "what runs goes on")
    ck_eq(statuses(d)[second], "queued", "the second")
    d = restart(t, d)
    ck_held(d.must_post(down("b")), "muted", "within time interval 'always'")
    ck_eq(statuses(d)[second], "queued", "after the restart")
    d.put_in_force(having(NEVER))
    ck_eq(d.wait_run(second)["status"], "succeeded", "the second")
