# SPDX-License-Identifier: Apache-2.0
"""Checks in the background: the health table, what it remembers, and what it lives through."""

import gzip
import os
import signal
import socket
import threading
import time
import urllib.parse

from harness import (alert, ck, ck_eq, ck_error, ck_in, ck_match, command_of, delivery, free_port,
                     read_file, wait_until)

HTTP = """
checks:
  - name: web
    http: { url: "%(url)shealth", json: { status: ok, db.up: true } }
    interval: 1s
    timeout: 3s
"""
GOOD = '{"status": "ok", "db": {"up": true}}'


def check(d, name):
    return d.must_get("/api/v1/checks/" + name)


def wait_status(d, name, status, timeout=20):
    """The check, once it has that status."""

    def there():
        it = check(d, name)
        return it if it["status"] == status else None

    return wait_until(there, f"check {name} is {status}", timeout)


class Raw:
    """A server of bytes: each connection's request is read, then serve(connection) has it."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.requests = []
        self.serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with connection:
            head = b""
            connection.settimeout(20)
            try:
                while b"\r\n\r\n" not in head:
                    more = connection.recv(4096)
                    if not more:
                        return
                    head += more
                self.requests.append(head.decode("latin-1"))
                self.serve(connection)
            except OSError:
                pass

    def end(self):
        self.socket.close()


def test_a_url_that_goes_down_and_up_is_seen_with_since_and_error(t):
    web = t.web(body=GOOD)
    d = t.daemon(HTTP % {"url": web.url})
    up = wait_status(d, "web", "healthy")
    ck_eq(up["kind"], "http", "kind")
    ck_eq(up["target"], web.url + "health", "target")
    ck_eq(up["expected"], "200 + JSON with status = ok, db.up = true", "expected")
    ck_eq(up["intervalMs"], 1000, "intervalMs")
    ck(up["since"] and up["lastAt"] and up["durationMs"] is not None, f"times: {up}")
    ck_eq(up["lastError"], None, "lastError")

    web.body = GOOD.replace("true", "false")
    down = wait_status(d, "web", "failing")
    ck_eq(down["lastError"], "db.up is false, expected true", "lastError")
    ck(down["since"] > up["since"], "since did not move")
    ck_eq(down["since"], down["history"][0]["at"], "since and the newest change")

    web.status = 503
    told = wait_until(lambda: "503" in (check(d, "web")["lastError"] or "") and check(d, "web"),
                      "the newest error")
    ck_eq(told["since"], down["since"], "since, while it goes on failing")

    web.status, web.body = 200, GOOD
    again = wait_status(d, "web", "healthy")
    ck_eq(again["lastError"], "status 503, expected 200", "the last error is kept")
    ck_eq([c["status"] for c in again["history"]], ["healthy", "failing", "healthy"], "history")
    metrics = d.get("/metrics").body.decode()
    ck_in('playbookd_check_up{check="web"} 1\n', metrics)
    ck_in('playbookd_check_duration_seconds{check="web"} 0.', metrics)
    status, out, err = t.command("promtool", "check", "metrics", stdin=metrics.encode())
    ck_eq((status, out + err), (0, ""), "promtool")


TABLE = """
checks:
  - { name: port, tcp: "127.0.0.1:%(port)d", interval: 1s }
  - { name: asked, tcp: "127.0.0.1:%(port)d" }
  - { name: good, command: ["true"], interval: 1s }
  - { name: bad, command: [sh, -c, "echo too long; exit 3"], interval: 1s }
  - { name: gone, command: [/no/such/program], interval: 1s }
"""


def test_the_table_has_ports_programs_and_what_is_only_asked_for(t):
    port = free_port()
    d = t.daemon(TABLE % {"port": port})
    wait_status(d, "port", "failing")
    ck_match("Connection refused", check(d, "port")["lastError"], "error of the port")
    with socket.create_server(("127.0.0.1", port)):
        wait_status(d, "port", "healthy")
    wait_status(d, "good", "healthy")
    ck_eq(wait_status(d, "bad", "failing")["lastError"], "exit status 3: too long", "last line")
    ck_match("exec failed", wait_status(d, "gone", "failing")["lastError"], "exec")

    table = d.must_get("/api/v1/checks")["checks"]
    ck_eq([c["name"] for c in table], ["port", "asked", "good", "bad", "gone"], "order")
    asked = table[1]
    ck_eq([asked[k] for k in ("status", "since", "lastAt", "durationMs", "intervalMs")],
          ["unknown", None, None, None, None], "a check that is only asked for")
    ck_eq(table[3]["target"], "sh -c echo too long; exit 3", "target of a program")
    ck_eq(table[3]["expected"], "exit status 0", "expected of a program")
    failing = d.must_get("/api/v1/checks", status="failing")["checks"]
    ck(set(c["name"] for c in failing) >= {"bad", "gone"}, f"filter: {failing}")
    ck("good" not in [c["name"] for c in failing], f"filter: {failing}")
    ck_error(d.get("/api/v1/checks", status="well"), 400, "expected one of unknown, healthy")
    ck_error(d.get("/api/v1/checks/other"), 404, "there is no check 'other'")


COMMANDS = """
checks:
  - name: hangs
    command: [sh, -c, "setsid sleep %(sleep)s & echo $$$$ $! >%(dir)s/hangs; exec sleep %(sleep)s"]
    interval: 1s
    timeout: 500ms
  - { name: floods, command: [sh, -c, "yes | head -c 300000000; echo; echo end; exit 1"],
      interval: 1s, timeout: 30s }
  - { name: leaves, command: [sh, -c, "setsid sleep %(sleep)s & exit 0"], interval: 1s }
  - { name: env, command: [sh, -c, "env | sort | tr '\\n' ' '; exit 1"], interval: 1s }
"""


def sleep():
    """A command line of this test's own: others run beside it."""
    return f"sleep {10**6 + os.getpid()}"


def commands(t, **changes):
    config = COMMANDS.replace("sleep %(sleep)s", sleep()) % {"dir": t.folder}
    return config.replace("500ms", changes.get("timeout", "500ms"))


def sleepers():
    return [pid for pid in filter(str.isdigit, os.listdir("/proc")) if command_of(pid) == sleep()]


def test_a_program_is_held_to_its_deadline_and_leaves_nothing(t):
    d = t.daemon(commands(t))
    hangs = wait_status(d, "hangs", "failing")
    ck_eq(hangs["lastError"], "ended by its deadline", "lastError")
    ck_eq(wait_status(d, "floods", "failing", 30)["lastError"], "exit status 1: end", "last line")
    wait_status(d, "leaves", "healthy")
    env = wait_status(d, "env", "failing")["lastError"]
    ck_match(r"HOME=/\S* LANG=C.UTF-8 PATH=/usr/local/sbin\S* .*PLAYBOOKD_CHECK=env", env, "env")
    rss = int(read_file(f"/proc/{d.pid}/status").split("VmRSS:")[1].split()[0])
    ck(rss < 1_000_000, f"the executor has {rss} kB")
    ck_eq(d.store().execute("SELECT count(*) FROM step").fetchone()[0], 0, "rows of steps")
    ck_eq(os.listdir(os.path.join(d.storage, "runs")), [], "folders of runs")
    d.stop()
    wait_until(lambda: not sleepers(), "everything that the checks started is gone")


def test_programs_of_checks_end_with_the_daemon_however_it_ends(t):
    d = t.daemon(commands(t, timeout="5m"))
    wait_until(lambda: t.read("hangs"), "the program runs")
    d.kill(signal.SIGKILL)
    d.wait_exit()
    wait_until(lambda: not sleepers(), "everything that the checks started is gone")


def test_what_a_killed_shim_leaves_is_ended_and_the_check_is_unknown(t):
    d = t.daemon(commands(t, timeout="5m"))
    wait_until(lambda: t.read("hangs").strip(), "the program runs")
    program, child = t.read("hangs").split()
    shim = read_file(f"/proc/{program}/stat").rpartition(")")[2].split()[1]
    ck_match("playbookd-shim", read_file(f"/proc/{shim}/comm"), "its parent")
    os.kill(int(shim), signal.SIGKILL)
    hangs = wait_until(lambda: check(d, "hangs")["lastError"] and check(d, "hangs"), "an error")
    ck_eq((hangs["status"], hangs["lastError"]), ("unknown", "its shim was killed"), "state")
    wait_until(lambda: not read_file(f"/proc/{program}/cmdline") and
               not read_file(f"/proc/{child}/cmdline"), "the program and its child are gone")


def test_a_restart_keeps_since_and_history(t):
    web = t.web(body=GOOD)
    config = HTTP % {"url": web.url}
    d = t.daemon(config)
    up = wait_status(d, "web", "healthy")
    web.status = 500
    down = wait_status(d, "web", "failing")
    written = "SELECT count(*) FROM check_change WHERE status = 'failing'"
    wait_until(lambda: d.store().execute(written).fetchone()[0], "the change is written down")
    d.kill(signal.SIGKILL)
    d.wait_exit()
    hits = web.hits
    d = t.daemon(config, name="second")
    again = check(d, "web")
    ck_eq((again["status"], again["since"]), ("failing", down["since"]), "status and since")
    ck_eq(again["lastError"], "status 500, expected 200", "lastError")
    wait_until(lambda: web.hits > hits, "it is looked at again")
    ck_eq([c["at"] for c in check(d, "web")["history"]], [down["since"], up["since"]], "history")


TWO = """
checks:
  - { name: same, http: { url: "%(url)ssame" }, interval: %(every)s }
  - { name: %(name)s, http: { url: "%(url)s%(path)s" }, interval: 1s }
"""


def test_a_reload_keeps_what_means_the_same(t):
    web = t.web()
    d = t.daemon(TWO % {"url": web.url, "every": "1s", "name": "other", "path": "a"})
    same = wait_status(d, "same", "healthy")
    other = wait_status(d, "other", "healthy")

    web.status = 500  # of both; what is new is seen failing, once it was looked at
    d.put_in_force(TWO % {"url": web.url, "every": "2s", "name": "other", "path": "b"})
    ck(check(d, "other")["since"] > other["since"], "another URL is another check")
    ck_eq(check(d, "other")["target"], web.url + "b", "target")
    ck_eq(check(d, "same")["intervalMs"], 2000, "intervalMs")
    wait_status(d, "other", "failing")
    down = wait_status(d, "same", "failing")
    ck_eq(down["history"][-1]["at"], same["since"], "history of what stayed the same")

    d.put_in_force(TWO % {"url": web.url, "every": "2s", "name": "new", "path": "b"})
    ck_eq([c["name"] for c in d.must_get("/api/v1/checks")["checks"]], ["same", "new"], "table")

    def rows():
        found = d.store().execute("SELECT name FROM check_state UNION SELECT name FROM check_change")
        return sorted(name for (name,) in found)

    wait_until(lambda: rows() == ["new", "same"], "the rows of what is no more are gone")


def test_the_kill_switch_does_not_stop_it(t):
    web = t.web(body=GOOD)
    d = t.daemon(HTTP % {"url": web.url})
    wait_status(d, "web", "healthy")
    d.must_post({"reason": "test"}, "/api/v1/pause", operator=True)
    web.status = 500
    wait_status(d, "web", "failing")


def test_a_new_egress_and_a_new_core_go_on(t):
    web = t.web(body=GOOD)
    d = t.daemon((HTTP + '  - { name: cmd, command: [sh, -c, "test ! -e %(dir)s/flag"], '
                  'interval: 1s }\n') % {"url": web.url, "dir": t.folder})
    up = wait_status(d, "web", "healthy")
    wait_status(d, "cmd", "healthy")
    for role in ("egress", "core"):
        os.kill(d.roles()[role], signal.SIGKILL)
        d.roles()
        hits = web.hits
        wait_until(lambda: web.hits > hits + 1, f"it is looked at after the end of {role}")
    ck_eq(check(d, "web")["since"], up["since"], "since")
    t.write("flag", "")
    wait_status(d, "cmd", "failing")


def test_egress_that_hangs_makes_it_unknown(t):
    web = t.web(body=GOOD)
    d = t.daemon(HTTP % {"url": web.url})
    wait_status(d, "web", "healthy")
    pid = d.roles()["egress"]
    os.kill(pid, signal.SIGSTOP)
    try:
        ck_eq(wait_status(d, "web", "unknown")["lastError"], "no answer from egress", "lastError")
        ck("playbookd_check_up{" not in d.get("/metrics").body.decode(), "a sample of the unknown")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_status(d, "web", "healthy")


PARAMS = r"""
checks:
  - name: of-host
    http: { url: "%(url)shosts/${host}/health?host=${host}&x=1", status: 204 }
    timeout: 2s
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    incident: { group_by: [alertname, host] }
    params: { host: { from: labels.host, pattern: '@.*|\.\..*|.*' } }
    steps: [{ name: nothing, run: ["true"] }]
    verify: [{ check: of-host }]
"""

# T36: what somebody could try to reach another host with.
HOSTS = ["169.254.169.254", "127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "x@evil", "@evil",
         "evil#", "evil?", "evil/", "//evil", "\\\\evil", "file:///etc/passwd", "gopher://evil:70/_x",
         "%2e%2e%2f", "a b", "a&b=c", "ünïcödé", "..evil", "http://evil", ":80", "evil%00", "${host}",
         "$(id)", "argus-1"]


def test_a_param_in_a_url_is_a_part_of_its_path_and_nothing_else(t):
    server = Raw(lambda c: c.sendall(b"HTTP/1.1 204 No Content\r\n\r\n"))
    d = t.daemon(PARAMS % {"url": server.url})
    for host in HOSTS:
        server.requests.clear()
        run = d.must_run(delivery(alert("Down", host=host)))
        encoded = urllib.parse.quote(host, safe="")
        want = f"GET /hosts/{encoded}/health?host={encoded}&x=1 HTTP/1.1\r\n"
        ck_eq(run["status"], "succeeded", f"run for {host!r}: {run['reason']}")
        ck_eq(len(server.requests), 1, f"requests for {host!r}")
        ck(server.requests[0].startswith(want), f"{host!r}: {server.requests[0]!r}")
        ck_in(f"\r\nHost: 127.0.0.1:{server.port}\r\n", server.requests[0], "Host")
        ck_eq(run["steps"][-1]["argv"], [server.url + want.split()[1][1:]], "argv")
    for host in ("a\r\nHost: b", "a\nb"):
        data = d.must_post(delivery(alert("Down", host=host)))
        ck_eq(data["decisions"][0]["decision"], "rejected_param", f"{host!r}")
    server.requests.clear()
    for host in (".", ".."):  # parts of a path that mean another path
        run = d.must_run(delivery(alert("Down", host=host)))
        ck_eq(run["status"], "failed", f"run for {host}")
        ck_match(r"'\.' or '\.\.'", run["reason"], "reason")
    ck_eq(server.requests, [], "requests")
    server.end()


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.2)


def flood(head, part):
    def serve(connection):
        connection.sendall(head)
        while True:
            connection.sendall(part)

    return serve


def once(data):
    return lambda connection: connection.sendall(data)


GZIPPED = gzip.compress(b'{"status": "ok"}' + b" " * 10_000_000)


# T37: name → what the server does, and what is said of it.
BOMBS = {
    "body": (flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), "longer than 64 KiB"),
    "promised": (flood(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", b"x" * 65536),
                 "longer than 64 KiB"),
    "headers": (flood(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"b" * 1000 + b"\r\n"), "longer than 32 KiB"),
    "one-header": (flood(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536), "."),
    "drip": (drip, "timed out after 3s"),
    "silence": (lambda connection: time.sleep(15), "timed out after 3s"),
    "gzip": (once(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
                  + str(len(GZIPPED)).encode() + b"\r\n\r\n" + GZIPPED), "not JSON"),
    "deep": (once(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"status":' * 6000), "not JSON"),
    "wide": (once(b"HTTP/1.1 200 OK\r\n\r\n[" + b"0," * 32000 + b"0]"), "not JSON|no 'status'"),
    "redirect": (once(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n"
                      b"Content-Length: 0\r\n\r\n"), "status 302"),
}


def test_what_a_server_does_to_hurt_fails_its_check(t):
    servers = {name: Raw(serve) for name, (serve, _) in BOMBS.items()}
    config = "checks:\n" + "".join(
        f'  - {{ name: {name}, http: {{ url: "{server.url}", json: {{ status: ok }} }}, '
        "interval: 1s, timeout: 3s }\n" for name, server in servers.items())
    web = t.web(body='{"status": "ok"}')
    d = t.daemon(config + f'  - {{ name: good, http: {{ url: "{web.url}", json: {{ status: ok }} }}, '
                 "interval: 1s, timeout: 3s }\n")
    egress = d.roles()["egress"]
    for name, (_, error) in BOMBS.items():
        ck_match(error, wait_status(d, name, "failing")["lastError"], name)
    wait_status(d, "good", "healthy")
    ck_eq(d.roles()["egress"], egress, "egress lived through it")
    rss = int(read_file(f"/proc/{egress}/status").split("VmHWM:")[1].split()[0])
    ck(rss < 600_000, f"egress had {rss} kB")
    for server in servers.values():
        server.end()


def test_metadata_services_are_out_of_reach_under_any_name(t):
    names = ["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
             "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "0.0.0.0", "[::]"]
    d = t.daemon("checks:\n" + "".join(
        f'  - {{ name: n{i}, http: {{ url: "http://{name}/latest/" }}, interval: 1s }}\n'
        for i, name in enumerate(names)))
    for i, name in enumerate(names):
        ck_match("the address .* is not allowed", wait_status(d, f"n{i}", "failing")["lastError"],
                 name)
