# SPDX-License-Identifier: Apache-2.0
"""What steps may do and use: precheck, when, on_interrupt, limits, detach, their surroundings."""

import json
import os
import shutil
import signal
import time

import harness
from harness import (
    alert, alive, ck, ck_eq, ck_match, ck_status, delivery, limit, read_file, wait_until,
)
from strace import Injection
from test_load import PROMPT
from test_runs import ck_attention, ck_run, down, playbook, statuses


def parent_of(t, name):
    """The shim of the step that wrote its pid there."""
    with open(f"/proc/{int(t.read(name))}/stat", encoding="ascii") as f:
        return int(f.read().rpartition(")")[2].split()[1])


# Whether it runs.


def test_a_precheck_that_says_no_cancels_the_run_and_tells_why(t):
    ran = t.path("ran")
    d = t.daemon(playbook(f"[{{ name: n, run: [touch, {ran}] }}]",
                          precheck="{ script: 'echo looking; echo the backup runs; exit 75' }",
                          rescue=f"[{{ name: r, run: [touch, {ran}] }}]"))
    run = d.must_run(down())
    ck_run(run, "canceled", "^precheck: the backup runs$")
    ck_eq(statuses(run), [("precheck", "precheck", "failed")], "steps")
    ck(not os.path.exists(ran), "a step ran")
    ck_attention(d, run, rf"run {run['id']} \(p\) canceled: precheck: the backup runs")


def test_a_precheck_lets_the_run_go_on_or_fails_it(t):
    flag = t.path("flag")
    d = t.daemon(playbook("[{ name: n, run: ['true'] }]",
                          precheck=f"{{ name: flag, script: 'echo no flag; test -e {flag}' }}",
                          rescue="[{ name: r, run: ['true'] }]"))
    run = d.must_run(down(instance="1"))
    ck_run(run, "failed", "^flag: exit status 1: no flag$")
    ck_eq(statuses(run), [("precheck", "flag", "failed"), ("rescue", "r", "succeeded")], "steps")
    open(flag, "w", encoding="ascii").close()
    run = d.must_run(down(instance="2"))
    ck_run(run, "succeeded")
    ck_eq(statuses(run), [("precheck", "flag", "succeeded"), ("steps", "n", "succeeded")], "steps")


def test_when_skips_a_step_by_param_and_by_what_happened_before(t):
    d = t.daemon(playbook(
        "[{ name: try it, run: ['false'], on_failure: continue },"
        " { name: argus only, run: ['true'], when: ['service=\"argus\"'] },"
        " { name: repair, run: ['true'], when: ['\"steps.try it\"=~\"failed|timed_out\"'] },"
        " { name: not now, run: ['true'], when: ['\"steps.argus only\"!=\"skipped\"'] }]",
        params="{ service: { from: labels.service, pattern: '[a-z]+' } }"))
    run = d.must_run(down(service="hermes"))
    ck_run(run, "succeeded")
    ck_eq([s["status"] for s in run["steps"]], ["failed", "skipped", "succeeded", "skipped"],
          "steps")
    ck_eq(run["steps"][1]["reason"], 'when service="argus": it is "hermes"', "reason")


def interrupted(t, word, **sections):
    """The run of a step with that on_interrupt, whose shim was killed."""
    d = t.daemon(playbook(f"[{{ name: n, script: 'echo $$ > {t.path('pid')}; exec sleep 300',"
                          f" on_interrupt: {word} }}, {{ name: after, run: ['true'] }}]", **sections))
    run_id = d.must_post(down())["decisions"][0]["runId"]
    wait_until(lambda: t.read("pid"), "the step")
    os.kill(parent_of(t, "pid"), signal.SIGKILL)
    return d.wait_run(run_id)


def test_on_interrupt_fail_is_a_failure_with_rescue(t):
    run = interrupted(t, "fail", rescue="[{ name: r, run: ['true'] }]")
    ck_run(run, "failed", "n: it was started, and nobody knows how it ended")
    ck_eq([s["status"] for s in run["steps"]], ["interrupted", "succeeded"], "steps")


def test_on_interrupt_verify_leaves_it_to_verify(t):
    run = interrupted(t, "verify", verify="[{ name: v, run: ['true'] }]")
    ck_run(run, "succeeded", "verified")
    ck_eq(statuses(run), [("steps", "n", "interrupted"), ("verify", "v", "succeeded")], "steps")


def test_on_interrupt_retry_starts_the_step_again(t):
    tries = t.path("tries")
    d = t.daemon(playbook(
        f"[{{ name: n, script: 'echo $$ >> {tries}; test $(wc -l < {tries}) -ge 2 || sleep 300',"
        " idempotent: true, on_interrupt: retry }]"))
    run_id = d.must_post(down())["decisions"][0]["runId"]
    wait_until(lambda: t.read("tries"), "the step")
    os.kill(parent_of(t, "tries"), signal.SIGKILL)
    run = d.wait_run(run_id)
    ck_run(run, "succeeded")
    ck_eq([s["status"] for s in run["steps"]], ["interrupted", "succeeded"], "attempts")


# What it may use, and what it leaves.


def test_a_fork_bomb_is_bounded_and_the_daemon_answers_throughout(t):
    """200 children want to start; where there is a cgroup for it, 30 processes are all there is."""
    bomb = ("n=0; while [ $n -lt 200 ]; do (sleep 2; :) & n=$((n + 1)); done || true; "
            "echo started $n; wait")
    d = t.daemon(playbook(f"[{{ name: bomb, script: '{bomb}', limits: {{ processes: 30 }} }}]"))
    limited = "processes=cgroup" in d.log_text()
    run_id = d.must_post(down())["decisions"][0]["runId"]
    while d.run(run_id)["finishedAt"] is None:
        began = time.monotonic()
        ck_status(d.get("/-/healthy"), 200)
        ck(time.monotonic() - began < PROMPT, "the daemon did not answer")
        time.sleep(0.05)
    run = d.run(run_id)
    if limited:
        ck_run(run, "failed", "bomb: exit status 2")
        ck_match("[Ff]ork", run["steps"][0]["outputTail"], "output")
    else:
        ck_run(run, "succeeded")


def test_a_memory_limit_ends_the_step_alone(t):
    d = t.daemon(playbook("[{ name: hog, script: 'head -c 200000000 /dev/zero | tail -c 190000000',"
                          " limits: { memory: 64MiB } }]"))
    ck_run(d.must_run(down()), "failed", "hog")
    ck_status(d.get("/-/healthy"), 200)


def test_a_detached_service_goes_on_and_is_not_ended_with_another_step(t):
    """Its group, where there is one, is left to it; a killed shim of another run changes nothing."""
    service, victim = t.path("service"), t.path("victim")
    d = t.daemon(playbook(
        f"[{{ name: start, script: 'setsid sleep 300 > /dev/null 2>&1 & echo $! > {service}',"
        f" detach: true }},"
        f" {{ name: next, script: 'echo $$ > {victim}; exec sleep 300',"
        f" when: ['service=\"victim\"'] }}]",
        params="{ service: { from: labels.service, pattern: '[a-z]+' } }"))
    ck_run(d.must_run(down(service="service")), "succeeded")
    pid = int(t.read("service"))
    ck(alive(pid), "the service was ended with its step")
    run_id = d.must_post(down(service="victim"))["decisions"][0]["runId"]
    wait_until(lambda: t.read("victim"), "the second step")
    second = int(t.read("service"))
    os.kill(parent_of(t, "victim"), signal.SIGKILL)
    ck_run(d.wait_run(run_id), "interrupted")
    wait_until(lambda: not alive(int(t.read("victim"))), "the end of the victim")
    ck(alive(pid) and alive(second), "a service was ended with a shim that was not its own")
    for each in (pid, second):
        os.kill(each, signal.SIGKILL)
        wait_until(lambda: not os.path.exists(f"/proc/{each}"), "the service to be reaped")


def test_nothing_is_left_of_a_step_in_any_cgroup(t):
    d = t.daemon(playbook("[{ name: n, script: 'cat /proc/self/cgroup' }]"))
    run = d.must_run(down())
    ck_run(run, "succeeded")
    status = os.stat(d.storage)
    name = f"playbookd-{status.st_dev:x}-{status.st_ino:x}.{run['id']}.0.1"
    if "processes=cgroup" in d.log_text():
        ck_match(name.replace(".", r"\."), d.output(run["id"], 0).decode(), "its cgroup")
    for folder, _, _ in os.walk("/sys/fs/cgroup"):
        ck(not folder.endswith(name), f"{folder} is left")


def test_what_outlived_daemon_and_shim_is_ended_at_the_next_start(t):
    """It left its session, so only its cgroup tells whose it is."""
    config = playbook(
        f"[{{ name: n, script: 'setsid sleep 300 > /dev/null 2>&1 & echo $! > {t.path('stray')};"
        f" echo $$ > {t.path('pid')}; wait' }}]")
    first = t.daemon(config)
    limited = "processes=cgroup" in first.log_text()
    run_id = first.must_post(down())["decisions"][0]["runId"]
    wait_until(lambda: t.read("pid"), "the step")
    shim, stray = parent_of(t, "pid"), int(t.read("stray"))
    first.kill(signal.SIGKILL)
    first.wait_exit(10)
    os.kill(shim, signal.SIGKILL)
    wait_until(lambda: not alive(int(t.read("pid"))), "the end of the step's own process")
    ck(alive(stray), "the stray is not one")
    second = t.daemon(config, name="second")
    ck_run(second.wait_run(run_id), "interrupted")
    if limited:
        wait_until(lambda: not alive(stray), "the end of the stray")
    else:
        os.kill(stray, signal.SIGKILL)


# What it starts with.

SPOILED = """#!/bin/sh
umask 077
trap '' HUP PIPE USR1 CHLD
ulimit -Sn 4096
ulimit -c unlimited
[ "$(id -u)" != 0 ] || echo 500 > /proc/self/oom_score_adj
cd /tmp
exec nice -n "$([ "$(id -u)" != 0 ] && echo 0 || echo 5)" %s "$@"
"""

SIGNALS = """Umask:\t0022
SigBlk:\t0000000000000000
SigIgn:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t0
"""


def test_a_step_starts_as_documented_however_the_daemon_was_started(t):
    """T32, T33: byte for byte what include/executor/shim.h says."""
    harness.PLAYBOOKD = t.write("spoiled", SPOILED % harness.PLAYBOOKD)
    os.chmod(harness.PLAYBOOKD, 0o755)
    d = t.daemon(playbook(
        "[{ name: status, run: [grep, -E, '^(Umask|SigBlk|SigIgn|NoNewPrivs|Seccomp):',"
        " /proc/self/status] },"
        " { name: fds, run: [ls, /proc/self/fd] },"
        " { name: rest, script: 'pwd; ulimit -c; ulimit -Sn; nice; cat /proc/self/oom_score_adj' },"
        " { name: may, run: [grep, NoNewPrivs, /proc/self/status], new_privs: true },"
        " { name: stdin, run: [cat] }]"))
    run = d.must_run(down())
    ck_run(run, "succeeded")
    # 3 is the folder that ls looks at.
    for step, want in enumerate([SIGNALS, "0\n1\n2\n3\n", "/\n0\n1024\n0\n0\n",
                                 "NoNewPrivs:\t0\n", ""]):
        ck_eq(d.output(run["id"], step).decode(), want, f"output of step {step}")


WRITES = """
playbooks:
  - name: writes
    matchers: ['alertname="Down"']
    steps:
      - name: one
        script: |
          echo said
          while ! test -e %(dir)s/go; do sleep 0.02; done
"""


def with_hidden_output(t):
    """(daemon, its run, what brings back the output) of a run whose step ended, and whose output
    the core cannot open."""
    d = t.daemon(WRITES % {"dir": t.folder})
    run_id = d.must_post(delivery(alert("Down")))["decisions"][0]["runId"]
    path = os.path.join(d.storage, f"runs/{run_id}/0.1/output")
    wait_until(lambda: read_file(path), "the step has spoken")
    os.rename(path, path + ".away")
    os.symlink("output.away", path)
    t.write("go", "")
    return d, run_id, lambda: os.replace(path + ".away", path)


def test_output_that_cannot_be_read_now_is_read_a_little_later(t):
    """For want of descriptors, say: it is not given up, and not removed."""
    d, run_id, bring_back = with_hidden_output(t)
    d.wait_log("the output of a step cannot be read now")
    bring_back()
    ck_eq(d.wait_run(run_id)["status"], "succeeded", "run")
    ck_eq(d.output(run_id, 0), b"said\n", "output")


def test_output_that_cannot_be_read_at_all_holds_up_no_run_and_stays_on_the_disk(t):
    d, run_id, _ = with_hidden_output(t)
    run = d.wait_run(run_id)
    ck_eq(run["status"], "succeeded", "run")
    ck_eq(run["steps"][0]["outputTruncated"], True, "truncated")
    d.wait_log("the output of a step cannot be read, and stays in its folder")
    kept = os.path.join(d.storage, f"runs/{run_id}/0.1/output.away")
    ck_eq(read_file(kept), "said\n", "the file")


SAYS = """
playbooks:
  - name: says
    matchers: ['alertname="Down"']
    steps: [{ name: one, run: [echo, said] }]
"""


def test_a_step_for_which_there_is_no_process_is_started_a_little_later(t):
    """F12: fork() fails in the shim, after the word go."""
    d = t.daemon(SAYS)
    injection = Injection(t, d.pid, "vfork:error=EAGAIN:when=1", until_exec=True)
    run_id = d.must_post(delivery(alert("Down")))["decisions"][0]["runId"]
    d.wait_log('msg="a step cannot be started now".* reason=".*fork: Resource temporarily')
    injection.end()
    run = d.wait_run(run_id)
    ck_eq(run["status"], "succeeded", f"run {run}")
    ck_eq([s["status"] for s in run["steps"]], ["not_started", "not_started", "succeeded"], "steps")
    ck_match("not started: fork: Resource temporarily unavailable", run["steps"][0]["reason"], "reason")


# The output of a step, and what it is told.


PEAK = "grep VmHWM /proc/$PPID/status"  # of the shim


def peak_of(d, run_id, step):
    return int(d.output(run_id, step).decode(errors="replace").split("VmHWM:")[1].split()[0])


@limit(120)
def test_two_gigabytes_of_output_cost_no_memory(t):
    """T28. Whatever a step writes, its shim needs no more than for one that writes nothing."""
    d = t.daemon(playbook(f"[{{ name: quiet, script: '{PEAK}' }},"
                          f" {{ name: loud, script: 'head -c 2000000000 /dev/zero; {PEAK}',"
                          " timeout: 100s }]"))
    before = {role: resident_of(d.roles()[role]) for role in ("executor", "core")}
    run = d.must_run(down(), timeout=110)
    ck_run(run, "succeeded")
    ck(run["steps"][1]["outputBytes"] > 2000000000, f"all is counted: {run['steps'][1]}")
    ck(len(d.output(run["id"], 1)) < 300 * 1024, "what is kept")
    grown = peak_of(d, run["id"], 1) - peak_of(d, run["id"], 0)
    ck(grown <= 4096, f"the shim needed {grown} kB more")
    for role, had in before.items():
        grown = resident_of(d.roles()[role]) - had
        ck(grown <= (4096 if role == "executor" else 16384), f"{role} needed {grown} kB more")


def resident_of(pid):
    return int(read_file(f"/proc/{pid}/status").split("VmRSS:")[1].split()[0])


def test_no_alert_is_too_long_for_a_step_to_be_started(t):
    """T10: what is longer than an argument may be is on standard input, whole up to 256 KiB."""
    d = t.daemon(playbook("[{ name: n, stdin: alert, run: [cat] }]"))
    long = alert("Down", instance="1")
    long["annotations"] = {str(i): "a" * 8000 for i in range(26)}
    run = d.must_run(delivery(long))
    ck_run(run, "succeeded")
    ck_eq(run["steps"][0]["outputBytes"] > 200000, True, "the whole alert")
    huge = alert("Down", instance="2")
    huge["annotations"] = {str(i): "a" * 8000 for i in range(40)}
    run = d.must_run(delivery(huge))
    ck_run(run, "succeeded")
    told = json.loads(d.output(run["id"], 0))
    ck_eq((told["labels"]["instance"], told["annotations"], told["truncated"]), ("2", {}, True),
          "what is left of one that is longer")


# Another program in its place.


def test_a_new_program_takes_up_what_the_old_one_started(t):
    """An upgrade while a step runs: the file is another, the daemon is killed and started again."""
    installed = t.path("playbookd")
    shutil.copy(harness.PLAYBOOKD, installed)
    original, harness.PLAYBOOKD = harness.PLAYBOOKD, installed
    go, done = t.path("go"), t.path("done")
    d = t.daemon(playbook(
        f"[{{ name: n, script: 'while ! test -e {go}; do sleep 0.05; done; echo x >> {done}' }},"
        f" {{ name: after, script: 'echo y >> {done}' }}]"))
    run_id = d.must_post(down())["decisions"][0]["runId"]
    wait_until(lambda: [s["status"] for s in d.run(run_id)["steps"]] == ["running"], "the step")
    shutil.copy(original, installed + ".new")
    os.replace(installed + ".new", installed)
    mark = d.mark()
    os.kill(d.roles()["core"], signal.SIGKILL)  # the old daemon goes on with the old program
    d.wait_log('msg="ready to receive alerts"', after=mark)
    d.kill()
    d.wait_exit()
    d = t.daemon(None, name="upgraded")
    ck_eq([s["status"] for s in d.run(run_id)["steps"]], ["running"], "taken up")
    t.write("go", "")
    ck_run(d.wait_run(run_id), "succeeded")
    ck_eq(t.read("done"), "x\ny\n", "effects")
