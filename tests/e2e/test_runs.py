# SPDX-License-Identifier: Apache-2.0
"""Playbooks run: steps, verify, rescue, params, guards, output."""

import json
import os
import socket

from harness import (
    alert, ck, ck_decisions, ck_eq, ck_in, ck_match, ck_status, delivery, resolved, wait_until,
)


def playbook(steps, **sections):
    """A configuration with one playbook 'p' for Down, its steps and other sections as YAML."""
    checks = sections.pop("checks", "[]")
    head = sections.pop("head", "")
    lines = [head, f"checks: {checks}", "playbooks:", "  - name: p",
             "    matchers: ['alertname=\"Down\"']"]
    lines += [f"    {key}: {value}" for key, value in sections.items()]
    lines += [f"    steps: {steps}"]
    return "\n".join(lines) + "\n"


def down(**labels):
    return delivery(alert("Down", **labels))


def ck_run(run, status, reason=""):
    ck_eq(run["status"], status, f"status of {run}")
    ck_match(reason, run["reason"], "reason")


def statuses(run):
    return [(s["phase"], s["name"], s["status"]) for s in run["steps"]]


def ck_attention(d, run, pattern):
    ck_match(pattern, d.incident(run["incidentId"])["attention"], "attention")


# Success, and what it takes.


def test_a_run_verified_by_a_command_succeeds_and_mitigates(t):
    flag = t.path("flag")
    d = t.daemon(playbook(
        f"[{{ name: make, run: [touch, {flag}] }}]",
        checks=f"[{{ name: there, command: [test, -e, {flag}] }}]",
        verify="[{ check: there }]"))
    run = d.must_run(down())
    ck_run(run, "succeeded")
    ck_eq([(s["phase"], s["kind"], s["status"]) for s in run["steps"]],
          [("steps", "run", "succeeded"), ("verify", "check", "succeeded")], "steps")
    ck_eq(run["steps"][0]["argv"], ["touch", flag], "argv")
    ck_eq(run["steps"][0]["exitCode"], 0, "exitCode")
    incident = d.incident(run["incidentId"])
    ck_eq((incident["status"], incident["attention"]), ("mitigated", None), "incident")
    ck(incident["mitigatedAt"], "no mitigatedAt")


def test_a_mitigated_incident_resolves_with_its_alert(t):
    d = t.daemon(playbook("[{ name: n, run: ['true'] }]", checks="[{ name: c, command: ['true'] }]",
                          verify="[{ check: c }]"))
    fired = alert("Down")
    run = d.must_run(delivery(fired))
    d.must_post(delivery(resolved(fired)))
    ck_eq(d.incident(run["incidentId"])["status"], "resolved", "status")


def test_a_run_verified_over_http_waits_until_it_is_healthy(t):
    web = t.web(status=503)
    d = t.daemon(playbook(
        "[{ name: n, run: ['true'] }]",
        checks=f"[{{ name: web, http: {{ url: '{web.url}', status: 200 }}, timeout: 2s }}]",
        verify="[{ check: web, within: 20s, every: 100ms }]"))
    data = d.must_post(down())
    wait_until(lambda: web.hits >= 2, "two probes of the sick web server")
    web.status = 200
    run = d.wait_run(data["decisions"][0]["runId"])
    ck_run(run, "succeeded")
    ck_match("200 OK", run["steps"][1]["reason"], "what the probe saw")


def test_an_http_check_looks_at_status_json_and_text(t):
    web = t.web(body='{"status":"ok"}')
    page = t.web(body="<html>maintenance</html>")
    cases = [
        (f"url: '{web.url}', body: json", "succeeded", ""),
        (f"url: '{web.url}', contains: 'ok'", "succeeded", ""),
        (f"url: '{web.url}', status: 204", "failed", "200.*204"),
        (f"url: '{page.url}', body: json", "failed", "JSON"),
        (f"url: '{page.url}', contains: healthy", "failed", "healthy"),
    ]
    config = ["checks:"]
    config += [f"  - {{ name: c{i}, http: {{ {c[0]} }} }}" for i, c in enumerate(cases)]
    config += ["playbooks:"]
    for i in range(len(cases)):
        config += [f"  - {{ name: p{i}, matchers: ['case=\"{i}\"'], steps: "
                   f"[{{ name: n, run: ['true'] }}], verify: [{{ check: c{i} }}] }}"]
    d = t.daemon("\n".join(config) + "\n")
    for i, (_, status, reason) in enumerate(cases):
        run = d.must_run(down(case=str(i)))
        ck_run(run, status, reason)


def test_a_run_verified_by_tcp(t):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        d = t.daemon(playbook(
            "[{ name: n, run: ['true'] }]",
            checks=f"[{{ name: port, tcp: '127.0.0.1:{port}' }}]",
            verify="[{ check: port }]"))
        ck_run(d.must_run(down(instance="1")), "failed", "refused")
        s.listen()
        ck_run(d.must_run(down(instance="2")), "succeeded")


def test_settle_wants_the_check_to_go_on_passing(t):
    web = t.web()
    d = t.daemon(playbook(
        "[{ name: n, run: ['true'] }]",
        checks=f"[{{ name: web, http: {{ url: '{web.url}' }} }}]",
        verify="[{ check: web, within: 20s, every: 100ms, settle: 500ms }]"))
    ck_run(d.must_run(down()), "succeeded")
    ck(web.hits >= 2, f"only {web.hits} probes")


def test_a_verify_that_fails_runs_the_rescue_and_calls_for_a_person(t):
    evidence = t.path("evidence")
    d = t.daemon(playbook(
        "[{ name: n, run: ['true'] }]",
        checks="[{ name: sick, command: ['false'] }]",
        verify="[{ check: sick, within: 300ms, every: 100ms }]",
        rescue=f"[{{ name: broken, run: ['false'] }}, {{ name: collect, run: [touch, {evidence}] }}]"))
    run = d.must_run(down())
    ck_run(run, "failed", "sick|exit status 1")
    ck_eq([(s["phase"], s["status"]) for s in run["steps"]],
          [("steps", "succeeded"), ("verify", "failed"), ("rescue", "failed"),
           ("rescue", "succeeded")], "steps")
    ck(os.path.exists(evidence), "the rescue step after a failed one did not run")
    ck_attention(d, run, rf"run {run['id']} \(p\) failed")
    ck_eq(d.incident(run["incidentId"])["status"], "firing", "incident")


# Failure, in all its forms.


def test_a_failed_step_stops_the_run(t):
    d = t.daemon(playbook("[{ name: one, run: [sh, -c, 'exit 7'] }, { name: two, run: ['true'] }]"))
    run = d.must_run(down())
    ck_run(run, "failed", "one.*exit status 7")
    ck_eq(statuses(run), [("steps", "one", "failed")], "steps")
    ck_eq(run["steps"][0]["exitCode"], 7, "exitCode")
    ck_attention(d, run, "exit status 7")


def test_on_failure_continue_goes_on(t):
    d = t.daemon(playbook("[{ name: one, run: ['false'], on_failure: continue },"
                          " { name: two, run: ['true'] }]"))
    run = d.must_run(down())
    ck_eq(statuses(run), [("steps", "one", "failed"), ("steps", "two", "succeeded")], "steps")
    ck_run(run, "succeeded")


def test_a_missing_program_is_named(t):
    d = t.daemon(playbook("[{ name: one, run: [nosuch] }]"))
    run = d.must_run(down())
    ck_run(run, "failed", "exec failed: nosuch: No such file or directory")
    ck_eq(run["steps"][0]["reason"], "exec failed: nosuch: No such file or directory", "reason")


def test_a_program_that_may_not_be_executed_is_named(t):
    script = t.write("plain.sh", "#!/bin/sh\n")
    d = t.daemon(playbook(f"[{{ name: one, run: [{script}] }}]"))
    ck_run(d.must_run(down()), "failed", "exec failed: .*plain.sh: Permission denied")


def test_a_signal_is_named(t):
    d = t.daemon(playbook("[{ name: one, script: 'kill -SEGV $$' }]"))
    run = d.must_run(down())
    ck_run(run, "failed", "SIGSEGV")
    ck_eq((run["steps"][0]["signal"], run["steps"][0]["exitCode"]), (11, None), "signal, exit")


def test_a_step_that_takes_too_long_is_ended(t):
    d = t.daemon(playbook("[{ name: slow, run: [sleep, '60'], timeout: 300ms }]"))
    run = d.must_run(down())
    ck_run(run, "timed_out", "slow")
    ck_eq(run["steps"][0]["status"], "timed_out", "step")
    ck_attention(d, run, "timed_out")


def test_what_a_step_leaves_behind_is_ended_with_it(t):
    pid_file = t.path("pid")
    d = t.daemon(playbook(f"[{{ name: n, script: 'sleep 300 & echo $! > {pid_file}' }}]"))
    ck_run(d.must_run(down()), "succeeded")
    pid = int(t.read("pid"))
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "the end of what the step left")


def test_retry_tries_again_and_says_how_often(t):
    count = t.path("count")
    d = t.daemon(playbook(
        f"[{{ name: flaky, script: 'echo x >> {count}; test $(wc -l < {count}) -ge 3',"
        " idempotent: true, retry: { attempts: 4, delay: 50ms } }]"))
    run = d.must_run(down())
    ck_run(run, "succeeded")
    ck_eq([(s["attempt"], s["status"]) for s in run["steps"]],
          [(1, "failed"), (2, "failed"), (3, "succeeded")], "attempts")


def test_retry_gives_up(t):
    d = t.daemon(playbook("[{ name: n, run: ['false'], idempotent: true,"
                          " retry: { attempts: 2, delay: 10ms } }]"))
    run = d.must_run(down())
    ck_run(run, "failed")
    ck_eq(len(run["steps"]), 2, "attempts")


def test_a_wait_step_waits(t):
    d = t.daemon(playbook("[{ name: w, wait: 300ms }]"))
    run = d.must_run(down())
    ck_run(run, "succeeded")
    ck_eq(run["steps"][0]["kind"], "wait", "kind")


# Params and what steps see.

PARAM = "{ service: { from: labels.service, pattern: 'argus|hermes' } }"


def test_a_param_stands_in_one_argument(t):
    d = t.daemon(playbook("[{ name: n, run: [printf, '<%s>', 'x-${service}-y', b] }]",
                          params=PARAM))
    run = d.must_run(down(service="argus"))
    ck_eq(run["params"], {"service": "argus"}, "params")
    ck_eq(d.output(run["id"], 0), b"<x-argus-y><b>", "output")
    ck_eq(run["steps"][0]["argv"], ["printf", "<%s>", "x-argus-y", "b"], "argv")


def test_a_bad_param_is_refused_and_calls_for_a_person(t):
    ran = t.path("ran")
    d = t.daemon(playbook(f"[{{ name: n, run: [touch, {ran}] }}]", params=PARAM))
    cases = [
        ({"service": "zeus"}, "'zeus' does not match"),
        ({"service": "argus2"}, "does not match"),
        ({"service": "argus\n"}, "."),
        ({"service": ""}, "has no label 'service'|empty"),
        ({}, "has no label 'service'"),
    ]
    for i, (labels, reason) in enumerate(cases):
        data = d.must_post(down(instance=str(i), **labels))
        ck_decisions(data, ["rejected_param"])
        ck_match(reason, data["decisions"][0]["reason"], "reason")
        ck_in("service", data["decisions"][0]["reason"], "reason")
        incident = d.incident(data["decisions"][0]["incidentId"])
        ck_match(reason, incident["attention"], "attention")
    ck_eq(d.must_get("/api/v1/runs")["runs"], [], "runs")
    ck(not os.path.exists(ran), "it ran")


def test_options_and_files_cannot_be_smuggled_into_a_param(t):
    """T04, T05: even where the pattern is careless."""
    d = t.daemon(playbook("[{ name: n, run: [printf, '<%s>', '${service}'] }]",
                          params="{ service: { from: labels.service, pattern: '.+' } }"))
    for i, value in enumerate(("-f", "--help", "--file=/etc/shadow", "--entrypoint=sh",
                               "-oProxyCommand=x", "=x", "+x", "@/etc/passwd", "../../etc/passwd",
                               "a/../../b")):
        data = d.must_post(down(instance=str(i), service=value))
        ck_decisions(data, ["rejected_param"])
    ck_eq(d.must_get("/api/v1/runs")["runs"], [], "runs")


def test_shell_text_in_a_param_is_only_bytes(t):
    """T03, T07, T11: argv and environment get what was sent, and nothing reads it as code."""
    d = t.daemon(playbook(
        "[{ name: argv, run: [printf, '%s', '${service}'], cwd: " + t.folder + " },"
        " { name: env, script: 'printf %s \"$PARAM_SERVICE\"', cwd: " + t.folder + " }]",
        params="{ service: { from: labels.service, pattern: '.+' } }"))
    values = ["$(touch P)", "`touch P`", ";touch P", "x'\"; touch P", "${IFS}touch${IFS}P", "%0atouch",
              "() { :;}; touch P", "${service}", "%s%n", "{{ .Secret }}", "a b  c", "*", "ünï"]
    for i, value in enumerate(values):
        run = d.must_run(down(instance=str(i), service=value))
        ck_run(run, "succeeded")
        ck_eq(d.output(run["id"], 0), value.encode(), "argv")
        ck_eq(d.output(run["id"], 1), value.encode(), "environment")
    ck(not os.path.exists(t.path("P")), "something was executed")


def test_a_control_character_in_a_param_is_refused(t):
    d = t.daemon(playbook("[{ name: n, run: [echo, '${service}'] }]",
                          params="{ service: { from: labels.service, pattern: '(?s).+' } }"))
    for i, value in enumerate(("\n touch P", "a\tb", "a\x1b[2Jb", "a\u202eb")):
        ck_decisions(d.must_post(down(instance=str(i), service=value)), ["rejected_param"])


def test_a_steps_environment_is_built_from_nothing(t):
    """T06: labels cannot name variables, and nothing of the daemon's own is inherited."""
    d = t.daemon(playbook("[{ name: n, run: [env, '-0'], env: { EXTRA: '<${service}>' } }]",
                          params=PARAM))
    body = down(service="argus", LD_PRELOAD="/tmp/x.so", PATH="/tmp", BASH_ENV="/tmp/x", IFS="x")
    run = d.must_run(body)
    env = dict(line.split("=", 1) for line in d.output(run["id"], 0).decode().split("\0") if line)
    home = env.pop("HOME")
    ck(home.startswith("/"), f"HOME {home!r}")
    ck(env.pop("PATH").startswith("/"), "PATH is not absolute")
    ck("tmp" not in env.pop("LANG"), "LANG")
    ck_eq(env, {
        "EXTRA": "<argus>", "PARAM_SERVICE": "argus",
        "PLAYBOOKD_INCIDENT_ID": str(run["incidentId"]), "PLAYBOOKD_RUN_ID": str(run["id"]),
        "PLAYBOOKD_PLAYBOOK": "p", "PLAYBOOKD_STEP": "n", "PLAYBOOKD_ATTEMPT": "1",
        "PLAYBOOKD_TRIGGER": "alert", "PLAYBOOKD_ALERTNAME": "Down", "PLAYBOOKD_STATUS": "firing",
    }, "environment")


def test_a_step_can_read_the_alert_on_its_standard_input(t):
    d = t.daemon(playbook("[{ name: n, run: [cat], stdin: alert }, { name: none, run: [cat] }]"))
    fired = alert("Down", service="argus", annotations={"summary": 'quote " and \\ and ü'})
    run = d.must_run(delivery(fired))
    seen = json.loads(d.output(run["id"], 0))
    for key in ("labels", "annotations", "status", "fingerprint", "generatorURL", "startsAt"):
        ck_eq(seen[key], fired[key], key)
    ck_eq(run["steps"][1]["outputBytes"], 0, "output of the step without stdin")


def test_a_script_ends_at_its_first_failure(t):
    d = t.daemon(playbook("[{ name: n, script: 'echo one; false; echo two' }]"))
    run = d.must_run(down())
    ck_run(run, "failed")
    ck_eq(d.output(run["id"], 0), b"one\n", "output")


# Output.


def test_of_much_output_head_and_tail_are_kept_and_the_rest_counted(t):
    d = t.daemon(playbook("[{ name: n, run: [seq, '1', '150000'] }]"))
    run = d.must_run(down())
    ck_run(run, "succeeded")
    whole = "".join(f"{i}\n" for i in range(1, 150001)).encode()
    head, tail = 64 * 1024, 192 * 1024
    step = run["steps"][0]
    ck_eq((step["outputBytes"], step["outputTruncated"]), (len(whole), True), "bytes, truncated")
    ck(whole.endswith(step["outputTail"].encode()), "outputTail is not the end of the output")
    mark = f"\n[{len(whole) - head - tail} bytes left out]\n".encode()
    ck(d.output(run["id"], 0) == whole[:head] + mark + whole[-tail:], "head and tail are wrong")


def test_output_is_both_streams_and_kept_exactly(t):
    d = t.daemon(playbook("[{ name: n, script: 'printf out; printf err >&2; printf \"\\001\\377\"' }]"))
    run = d.must_run(down())
    ck_eq(d.output(run["id"], 0), b"outerr\x01\xff", "output")
    ck_eq(run["steps"][0]["outputTruncated"], False, "outputTruncated")


def test_the_output_of_each_attempt_is_kept(t):
    d = t.daemon(playbook("[{ name: n, script: 'echo $PLAYBOOKD_ATTEMPT; false',"
                          " idempotent: true, retry: { attempts: 2, delay: 10ms } }]"))
    run = d.must_run(down())
    ck_eq(d.output(run["id"], 0, attempt=1), b"1\n", "attempt 1")
    ck_eq(d.output(run["id"], 0, attempt=2), b"2\n", "attempt 2")
    ck_eq(d.output(run["id"], 0), b"2\n", "the last attempt")
    ck_status(d.get(f"/api/v1/runs/{run['id']}/steps/9/output"), 404)


# When it may not run, or not yet.


def test_a_cooldown_says_when_it_ends(t):
    d = t.daemon(playbook("[{ name: n, run: ['true'] }]", params=PARAM,
                          guards="{ cooldown: 10m }"))
    run = d.must_run(down(service="argus", replica="1"))
    data = d.must_post(down(service="argus", replica="2", instance="other"))
    ck_decisions(data, ["cooldown"])
    ck_match(rf"^cooldown: last run {run['id']} ended \S+ ago, next at \d\d:\d\d:\d\d UTC$",
             data["decisions"][0]["reason"], "reason")
    ck_decisions(d.must_post(down(service="hermes")), ["queued"])


def test_one_target_of_an_incident_runs_once(t):
    d = t.daemon(playbook("[{ name: n, run: ['true'] }]", params=PARAM,
                          incident="{ group_by: [alertname, service] }"))
    data = d.must_post(delivery(alert("Down", service="argus", replica="1"),
                                alert("Down", service="argus", replica="2")))
    ck_decisions(data, ["queued", "duplicate"])
    ck_match("of this incident does the same", data["decisions"][1]["reason"], "reason")


def test_continue_goes_on_to_the_next_playbook(t):
    d = t.daemon("""
playbooks:
  - { name: a, matchers: ['alertname="Down"'], continue: true, steps: [{ name: n, run: ["true"] }] }
  - { name: b, matchers: ['alertname=~"D.*"'], steps: [{ name: n, run: ["true"] }] }
  - { name: c, matchers: ['alertname="Down"'], steps: [{ name: n, run: ["true"] }] }
""")
    data = d.must_post(down())
    ck_eq([x["playbook"] for x in data["decisions"]], ["a", "b"], "playbooks")
    ck_decisions(data, ["queued", "queued"])


def test_no_more_runs_at_a_time_than_allowed(t):
    """Each step notes how many there are while it waits for the word."""
    go = t.path("go")
    d = t.daemon(playbook(
        f"[{{ name: n, script: 'echo begun; while ! test -e {go}; do sleep 0.1; done' }}]",
        head="global: { max_concurrent_runs: 2 }",
        params="{ on: { from: labels.instance, pattern: '[0-9]' } }"))
    data = d.must_post(delivery(*(alert("Down", instance=str(i)) for i in range(5))))
    ids = [x["runId"] for x in data["decisions"]]

    def count(status):
        return len(d.must_get("/api/v1/runs", status=status)["runs"])

    wait_until(lambda: count("running") == 2, "two runs")
    ck_eq(count("queued"), 3, "queued runs")
    ck_in("playbookd_runs_active 2", d.get("/metrics").body.decode(), "metrics")
    t.write("go", "")
    for run_id in ids:
        ck_run(d.wait_run(run_id), "succeeded")


def test_a_run_goes_on_while_the_daemon_is_stopped_and_is_taken_up_after(t):
    go, done = t.path("go"), t.path("done")
    config = playbook(
        f"[{{ name: n, script: 'while ! test -e {go}; do sleep 0.1; done; echo x >> {done}' }},"
        " { name: after, run: ['true'] }]")
    d = t.daemon(config)
    run_id = d.must_post(down())["decisions"][0]["runId"]
    wait_until(lambda: d.run(run_id)["steps"] and d.run(run_id)["steps"][0]["status"] == "running",
               "a running step")
    ck_eq(d.stop(), 0, "exit status")
    t.write("go", "")
    wait_until(lambda: t.read("done"), "the end of the step")
    d = t.daemon(config, name="again")
    run = d.wait_run(run_id)
    ck_run(run, "succeeded")
    ck_eq(statuses(run), [("steps", "n", "succeeded"), ("steps", "after", "succeeded")], "steps")
    ck_eq(t.read("done"), "x\n", "effects")
