# SPDX-License-Identifier: Apache-2.0
"""The command line, the start, the end, and a configuration that changes."""

import os
import signal
import socket

from harness import (
    PLAYBOOKD, READY, alert, ck, ck_decisions, ck_eq, ck_error, ck_match, ck_status, delivery,
    own_children, wait_until,
)

CONFIG = """
playbooks:
  - { name: old, matchers: ['alertname="Down"'], steps: [{ name: n, run: [echo, old] }] }
"""
NEW_CONFIG = CONFIG.replace("old", "new")
BROKEN = """global:
  dry_run: maybe
  max_concurent_runs: 3
playbooks:
  - name: p
    matchers: ['alertname=']
    steps:
      - { name: n, run: [echo, "${nosuch}"] }
"""


def mistakes(path):
    """Where BROKEN is wrong: line and column of each."""
    return [f"{path}:2:12: error: ", f"{path}:3:3: error: ", f"{path}:6:", f"{path}:8:"]


def refused(t, d, status):
    """d did not start; its last words."""
    ck_eq(d.wait_exit(), status, "exit status")
    return d.log_text()


def test_a_second_daemon_on_the_same_storage_is_refused(t):
    first = t.daemon(CONFIG)
    second = t.daemon_raw(CONFIG, name="second")
    text = refused(t, second, 4)
    ck_eq(text, f"playbookd: storage '{second.storage}' is in use by another playbookd"
                f" (pid {first.pid})", "last words")
    ck_decisions(first.must_post(delivery(alert("Down"))), ["queued"])


def test_a_new_daemon_takes_over_at_once_when_the_old_one_was_killed(t):
    first = t.daemon(CONFIG)
    run = first.must_run(delivery(alert("Down")))
    first.kill(signal.SIGKILL)
    second = t.daemon(CONFIG, name="second")
    ck_eq(second.run(run["id"])["status"], "succeeded", "run")


def test_every_mistake_of_a_broken_configuration_is_told_at_the_start(t):
    d = t.daemon_raw(BROKEN)
    text = refused(t, d, 1)
    for mistake in mistakes(d.config):
        ck(mistake in text, f"{mistake!r} is not in:\n{text}")
    ck_match(r"playbookd: 4 mistakes in the configuration$", text, "last line")
    ck(not os.path.exists(d.storage), "the storage directory was made")


def test_check_config_tells_what_is_right(t):
    path = t.write("good.yml", CONFIG)
    ck_eq(t.command(PLAYBOOKD, "check-config", path), (0, f"{path}: OK, 1 playbook, 0 checks\n", ""),
          "check-config")


def test_check_config_tells_every_mistake_of_every_file(t):
    good, bad = t.write("good.yml", CONFIG), t.write("bad.yml", BROKEN)
    status, out, err = t.command(PLAYBOOKD, "check-config", bad, good)
    ck_eq((status, out), (1, f"{good}: OK, 1 playbook, 0 checks\n"), "status, output")
    for mistake in mistakes(bad):
        ck(mistake in err, f"{mistake!r} is not in:\n{err}")


def test_the_shipped_configuration_is_right(t):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    text = t.write("playbookd.yml", open(f"{root}/config/playbookd.yml", encoding="utf-8").read())
    status, out, err = t.command(PLAYBOOKD, "check-config", text)
    ck_eq((status, err), (0, ""), "status, errors")
    ck_match("OK, 4 playbooks", out, "output")


def test_a_file_that_others_can_write_is_refused(t):
    path = t.write("loose.yml", CONFIG, 0o666)
    status, _, err = t.command(PLAYBOOKD, "check-config", path)
    ck_eq(status, 1, "status")
    ck_match("loose.yml' is writable by group or others", err, "error")


def test_a_missing_file_is_named(t):
    d = t.daemon_raw(None)
    ck_match(r"^playbookd: open '.*playbookd.yml': No such file or directory$",
             (d.wait_exit(), d.log_text())[1], "last words")


def test_an_address_in_use_is_named(t):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        address = "127.0.0.1:%d" % s.getsockname()[1]
        d = t.daemon_raw(CONFIG, listen=address)
        ck_eq((d.wait_exit() != 0, d.log_text()),
              (True, f"playbookd: listen {address}: Address already in use"), "last words")


def test_an_address_for_everybody_is_refused(t):
    d = t.daemon_raw(CONFIG, listen="0.0.0.0:0")
    ck(d.wait_exit() != 0, "it started")
    ck_match("it is not a loopback address", d.log_text(), "last words")


def test_a_unix_socket_is_served(t):
    d = t.daemon_raw(CONFIG, listen="unix:" + t.path("s"))
    d.wait_log(READY)
    status, out, err = t.command("curl", "-sS", "--unix-socket", t.path("s"), "http://any.test/-/ready")
    ck_eq((status, err), (0, ""), "curl")
    ck_match("ready", out, "answer")
    ck_eq(d.stop(), 0, "exit status")
    ck(not os.path.exists(t.path("s")), "the socket is left")


def test_unknown_flags_and_commands_are_named(t):
    for args, words in ((["--nosuch"], "unknown flag '--nosuch'"), (["frobnicate"], "frobnicate"),
                        (["--role=core"], "--role is for playbookd itself"),
                        (["--log.level=loud"], "--log.level: log level 'loud'")):
        status, out, err = t.command(PLAYBOOKD, *args)
        ck_eq((status, out), (2, ""), f"{args}")
        ck_match(words, err, f"{args}")
    status, out, _ = t.command(PLAYBOOKD, "--version")
    ck_eq(status, 0, "--version")
    ck_match(r"^playbookd \d", out, "--version")


def test_variables_of_the_loader_are_refused(t):
    status, _, err = t.command("env", "LD_PRELOAD_X=1", PLAYBOOKD)
    ck_eq(status, 1, "status")
    ck_match("LD_PRELOAD_X is set in the environment", err, "error")


def test_sigterm_ends_it_and_all_of_it(t):
    d = t.daemon(CONFIG)
    d.must_run(delivery(alert("Down")))
    pids = d.roles()
    ck_eq(d.stop(), 0, "exit status")
    ck(not any(os.path.exists(f"/proc/{pid}") for pid in pids.values()), f"left: {pids}")
    ck_eq(own_children(), [], "processes left")


def test_sigint_at_a_terminal_ends_every_role_in_order(t):
    d = t.daemon(CONFIG)
    for pid in d.roles().values():  # a terminal tells the whole group
        os.kill(pid, signal.SIGINT)
    ck_eq(d.wait_exit(), 0, "exit status")
    ended = [line for line in d.log_text().splitlines() if 'msg="role ended"' in line]
    ck_eq(len(ended), 3, "roles that ended")
    ck(all("status=0" in line for line in ended), f"ended: {ended}")


def test_what_was_accepted_survives_a_restart(t):
    d = t.daemon(CONFIG)
    run = d.must_run(delivery(alert("Down")))
    ck_eq(d.stop(), 0, "exit status")
    again = t.daemon(CONFIG, name="again")
    ck_eq(again.run(run["id"]), run, "run")
    ck_decisions(again.must_post(delivery(alert("Down", instance="new"))), ["queued"])


# A configuration that changes.


def reload(d):
    return d.request("POST", "/-/reload", operator=True)


def playbooks(d):
    return [p["name"] for p in d.must_get("/api/v1/playbooks")["playbooks"]]


def test_reload_puts_a_good_file_in_force(t):
    d = t.daemon(CONFIG)
    before = d.must_get("/api/v1/status")["config"]["hash"]
    d.write_config(NEW_CONFIG)
    ck_status(reload(d), 200)
    ck_eq(playbooks(d), ["new"], "playbooks")
    ck(d.must_get("/api/v1/status")["config"]["hash"] != before, "the hash is the old one")
    run = d.must_run(delivery(alert("Down")))
    ck_eq((run["playbook"], d.output(run["id"], 0)), ("new", b"new\n"), "run")


def test_whoever_asks_or_delivers_after_a_reload_meets_what_it_loaded(t):
    d = t.daemon(CONFIG)
    for i in range(200):
        name = f"number-{i}"
        d.write_config(CONFIG.replace("old", name) if i % 4 else BROKEN)
        ck_status(reload(d), 200 if i % 4 else 400)
        if i % 2:
            data = d.must_post(delivery(alert("Down", instance=str(i))), path="/api/v1/alerts")
            ck_eq(data["decisions"][0]["playbook"], name, f"playbook of delivery {i}")
        elif i % 4:
            ck_eq(playbooks(d), [name], f"playbooks after reload {i}")
        told = d.must_get("/api/v1/status")["config"]["lastReloadSuccessful"]
        ck_eq(told, i % 4 != 0, f"lastReloadSuccessful after reload {i}")


def test_a_reload_that_the_core_has_not_taken_over_has_not_succeeded(t):
    d = t.daemon(CONFIG)
    core = d.roles()["core"]
    d.write_config(NEW_CONFIG)
    os.kill(core, signal.SIGSTOP)
    try:
        d.kill(signal.SIGHUP)
        ck_error(reload(d), 503, "was loaded, but the core has not taken it over yet")
        d.wait_log('msg="configuration not in force yet" .*the core has not taken it over')
    finally:
        os.kill(core, signal.SIGCONT)
    wait_until(lambda: playbooks(d) == ["new"], "the new playbook")
    d.write_config(CONFIG)
    ck_status(reload(d), 200)
    ck_eq(playbooks(d), ["old"], "playbooks")


def test_reload_of_a_bad_file_leaves_the_old_one_and_says_why(t):
    d = t.daemon(CONFIG)
    d.write_config(BROKEN)
    answer = reload(d)
    ck_error(answer, 400, r"playbookd\.yml:2:12: error:")
    for mistake in mistakes(d.config):
        ck(mistake in answer.json()["error"], f"{mistake!r} is not in {answer.json()['error']}")
    ck_eq(playbooks(d), ["old"], "playbooks")
    ck_eq(d.must_get("/api/v1/status")["config"]["lastReloadSuccessful"], False, "status")
    ck("playbookd_config_last_reload_successful 0\n" in d.get("/metrics").body.decode(), "metrics")
    run = d.must_run(delivery(alert("Down")))
    ck_eq(run["status"], "succeeded", "run of the old configuration")
    d.write_config(NEW_CONFIG)
    ck_status(reload(d), 200)
    ck_eq(playbooks(d), ["new"], "playbooks")


def test_sighup_reloads(t):
    d = t.daemon(CONFIG)
    d.write_config(NEW_CONFIG)
    d.kill(signal.SIGHUP)
    d.wait_log('msg="configuration in force"')
    ck_eq(playbooks(d), ["new"], "playbooks")
    d.write_config(BROKEN)
    mark = d.mark()
    d.kill(signal.SIGHUP)
    d.wait_log("the previous one stays in force", after=mark)
    ck_eq(playbooks(d), ["new"], "playbooks")
    ck_match(r'error="?.*playbookd\.yml:2:12: error: ', d.log_text(), "log")


def test_a_run_keeps_the_configuration_that_it_began_with(t):
    go = t.path("go")
    step = f"script: 'while ! test -e {go}; do sleep 0.1; done'"
    config = CONFIG.replace("run: [echo, old]", step)
    config = config.replace("}]", "}, { name: last, run: [echo, old] }]")
    d = t.daemon(config)
    run_id = d.must_post(delivery(alert("Down")))["decisions"][0]["runId"]
    wait_until(lambda: d.run(run_id)["steps"], "the first step")
    for i in range(3):
        d.write_config(NEW_CONFIG + f"# {i}\n")
        ck_status(reload(d), 200)
    for _ in range(5):
        ck_status(reload(d), 200)
    t.write("go", "")
    run = d.wait_run(run_id)
    ck_eq((run["status"], run["playbook"]), ("succeeded", "old"), "run")
    ck_eq(d.output(run_id, 1), b"old\n", "output of the last step")


# Roles that die.


def test_each_role_that_dies_is_started_again(t):
    d = t.daemon(CONFIG)
    for i, role in enumerate(("front", "egress", "core")):
        before = d.roles()
        mark = d.mark()
        os.kill(before[role], signal.SIGKILL)
        if role == "core":
            d.wait_log(READY, after=mark)

        def renewed():
            pids = d.roles()
            return pids if pids[role] != before[role] else None

        after = wait_until(renewed, f"a new {role}")
        ck_eq({r for r in after if after[r] != before[r]}, {role}, "roles with another pid")
        ck_eq(d.must_run(delivery(alert("Down", instance=str(i))))["status"], "succeeded", "run")


def test_all_roles_die_with_the_executor(t):
    d = t.daemon(CONFIG)
    pids = d.roles()
    d.kill(signal.SIGKILL)
    d.wait_exit()
    wait_until(lambda: not own_children() or all(gone(pid) for pid in pids.values()),
               "the end of the roles")


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
