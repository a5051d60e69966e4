# SPDX-License-Identifier: Apache-2.0
"""harness - what the end-to-end tests are written in.

A test is a function test_<statement>(t) in a test_*.py; t is a Test: its own folder, and every
process that it started, which are ended by their pid when it is over, however it ends.

    def test_an_alert_becomes_an_incident(t):
        d = t.daemon(CONFIG)
        data = d.must_post(delivery(alert("Down", service="argus")))
        ck_decisions(data, ["queued"])

Verbs: must_* fails the test when it cannot be had; ck_* compares and says both sides; wait_* waits
for an event (a log line) or, where there is none, looks again and again until a deadline.
"""

import ctypes
import http.client
import http.server
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PLAYBOOKD = os.path.abspath(os.environ.get("PLAYBOOKD", os.path.join(ROOT, "build-test/playbookd")))
PAYLOADS = os.path.join(ROOT, "tests/payloads")

FINAL = ("succeeded", "failed", "timed_out", "canceled", "interrupted", "rejected")
NEVER = "0001-01-01T00:00:00Z"
READY = r'msg="ready to receive alerts".* address=(\S+)'
PASSED_ON = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer")

PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """The test's verdict, in one sentence or more."""


class ToldToEnd(Failed):
    """By a signal: whoever goes on after a failure does not after this."""


def limit(seconds):
    """The test may take this long; 60 s is what others may."""

    def mark(function):
        function.limit = seconds
        return function

    return mark


# What is compared.


def ck(condition, sentence):
    if not condition:
        raise Failed(sentence)


def ck_eq(got, want, what="value"):
    ck(got == want, f"{what}: got {got!r}, expected {want!r}")


def ck_in(part, whole, what="value"):
    ck(part in whole, f"{what}: expected {part!r} in {whole!r}")


def ck_match(pattern, text, what="text"):
    ck(re.search(pattern, text or ""), f"{what}: {text!r} does not match {pattern!r}")


def ck_decisions(data, want):
    ck_eq([d["decision"] for d in data["decisions"]], want, f"decisions of {data['decisions']}")


def ck_status(answer, want):
    ck(answer.status == want, f"status {answer.status}, expected {want}: {answer.body[:500]!r}")


def ck_error(answer, status, pattern):
    """An answer that is an error, in Prometheus's envelope, in one line."""
    ck_status(answer, status)
    body = answer.json()
    ck_eq(body["status"], "error", "envelope")
    ck_match(pattern, body["error"], "error")
    ck("\n" not in answer.body.decode().rstrip("\n"), f"more than a line: {answer.body!r}")


def wait_until(predicate, what, timeout=20, every=0.05):
    """For what has no event: the first true value that predicate returns."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"not within {timeout} s: {what}")
        time.sleep(every)


# What Alertmanager would send.


def at(seconds=0):
    """RFC 3339 of so many seconds from now."""
    when = time.time() + seconds
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when))
    return f"{whole}.{int(when * 1000) % 1000:03d}Z"


def fingerprint(labels):
    """Alertmanager's: FNV-1a over the sorted labels."""
    value = 0xCBF29CE484222325
    for name in sorted(labels, key=str.encode):
        for byte in name.encode() + b"\xff" + labels[name].encode() + b"\xff":
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def alert(alertname, status="firing", starts=None, ends=None, annotations=None, **labels):
    labels = {"alertname": alertname, **labels}
    if ends is None:
        ends = NEVER if status == "firing" else at()
    return {
        "status": status,
        "labels": labels,
        "annotations": {} if annotations is None else annotations,
        "startsAt": starts or at(-60),
        "endsAt": ends,
        "generatorURL": "http://prometheus.test/graph",
        "fingerprint": fingerprint(labels),
    }


def resolved(fired, **changes):
    """The end of an alert that fired."""
    return {**fired, "status": "resolved", "endsAt": at(), **changes}


def delivery(*alerts, **root):
    return {
        "version": "4",
        "receiver": "playbookd",
        "status": "firing" if any(a.get("status") == "firing" for a in alerts) else "resolved",
        "groupKey": '{}:{alertname="X"}',
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.test",
        "truncatedAlerts": 0,
        "alerts": list(alerts),
        **root,
    }


def payload(name):
    with open(os.path.join(PAYLOADS, name), "rb") as f:
        return f.read()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as e:
            raise Failed(f"status {self.status} and no JSON ({e}): {self.body[:500]!r}") from e

    @property
    def data(self):
        return self.json()["data"]


# Processes.


class Process:
    """A program of a test, its output in FOLDER/NAME.log, each line an event."""

    def __init__(self, folder, name, argv, env=None):
        self.name = name
        self.lines = []
        self.more = threading.Condition()
        self.file = open(os.path.join(folder, name + ".log"), "ab", buffering=0)
        self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, env=env, cwd=folder)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def pid(self):
        return self.popen.pid

    def _read(self):
        for raw in self.popen.stdout:
            self.file.write(raw)
            with self.more:
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self.more.notify_all()
        with self.more:
            self.lines.append(None)
            self.more.notify_all()

    def mark(self):
        """A place in the log, for wait_log(after=…)."""
        with self.more:
            return len(self.lines)

    def log_text(self):
        with self.more:
            return "\n".join(line for line in self.lines if line is not None)

    def wait_log(self, pattern, timeout=20, after=0):
        """The match of the first log line that has it."""
        deadline = time.monotonic() + timeout
        wanted = re.compile(pattern)
        with self.more:
            while True:
                while after < len(self.lines):
                    line = self.lines[after]
                    match = wanted.search(line) if line is not None else None
                    if match:
                        return match
                    if line is None:
                        raise Failed(f"{self.name} ended and never logged {pattern!r}")
                    after += 1
                if not self.more.wait(deadline - time.monotonic()):
                    raise Failed(f"{self.name} did not log {pattern!r} within {timeout} s")

    def wait_exit(self, timeout=20):
        try:
            status = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {timeout} s") from None
        self.reader.join(5)
        return status

    def kill(self, signo=signal.SIGKILL):
        self.popen.send_signal(signo)

    def stop(self, timeout=20):
        """Ask it to end, wait, and return its exit status."""
        if self.popen.poll() is None:
            self.kill(signal.SIGTERM)
        return self.wait_exit(timeout)

    def end(self):
        """Whatever it takes."""
        try:
            self.stop(10)
        except Failed:
            self.kill()
            self.popen.wait()


class Daemon(Process):
    """playbookd on a port of its own, with its configuration and storage below folder.

    config is the text of the configuration, or None when config_file is there already.
    """

    def __init__(self, folder, config, name="playbookd", storage="data", listen="127.0.0.1:0",
                 flags=(), env=None, under=(), config_file="playbookd.yml"):
        """under: the command, if any, that executes it."""
        self.folder = folder
        self.config = os.path.join(folder, config_file)
        self.storage = os.path.join(folder, storage)
        self.listen = listen
        if config is not None:
            self.write_config(config)
        super().__init__(folder, name, [
            *under, PLAYBOOKD, "--config.file=" + self.config, "--storage.path=" + self.storage,
            "--web.listen-address=" + listen, *flags,
        ], env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | (env or {}))

    def write_config(self, text):
        write_file(self.config, text)

    def wait_ready(self, after=0, timeout=30):
        self.address = self.wait_log(READY, timeout, after).group(1).strip('"')
        host, _, port = self.address.rpartition(":")
        self.host, self.port = host, int(port or 0) if port.isdigit() else 0
        return self

    @property
    def token(self):
        with open(os.path.join(self.storage, "operator.token"), encoding="ascii") as f:
            return f.read().strip()

    def connect(self, timeout=30):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, operator=False, connection=None,
                **query):
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if operator:
            headers["Authorization"] = "Bearer " + self.token
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True)
        own = connection or self.connect()
        try:
            own.request(method, path, body, headers)
            return Answer(own.getresponse())
        finally:
            if not connection:
                own.close()

    def get(self, path, **query):
        return self.request("GET", path, **query)

    def post(self, body, path="/api/v1/alerts", **more):
        return self.request("POST", path, body, **more)

    def must_get(self, path, **query):
        answer = self.get(path, **query)
        ck_status(answer, 200)
        return answer.data

    def must_post(self, body, path="/api/v1/alerts", **more):
        answer = self.post(body, path, **more)
        ck_status(answer, 200)
        return answer.data

    def must_operate(self, path, **query):
        answer = self.request("POST", path, operator=True, **query)
        ck_status(answer, 200)
        return answer

    def put_in_force(self, config):
        """Another configuration: whoever asks or delivers afterwards meets it."""
        self.write_config(config)
        self.must_operate("/-/reload")

    def incident(self, incident_id):
        return self.must_get(f"/api/v1/incidents/{incident_id}")

    def run(self, run_id):
        return self.must_get(f"/api/v1/runs/{run_id}")

    def wait_run(self, run_id, timeout=30):
        """The run, once it is over. (It is logged before it is durable, and told after.)"""
        self.wait_log(rf'msg="run finished".* run={run_id}\b', timeout)
        run = self.run(run_id)
        ck_in(run["status"], FINAL, "status of an ended run")
        return run

    def must_run(self, body, timeout=30):
        """Deliver; the run that comes of its first alert, once it is over."""
        data = self.must_post(body)
        ck(data["decisions"] and data["decisions"][0]["runId"], f"no run: {data}")
        return self.wait_run(data["decisions"][0]["runId"], timeout)

    def output(self, run_id, step, **query):
        answer = self.get(f"/api/v1/runs/{run_id}/steps/{step}/output", **query)
        ck_status(answer, 200)
        return answer.body

    def roles(self, timeout=20):
        """pid by role, once all are up; the executor's is our child's."""

        def pids():
            try:
                told = self.must_get("/api/v1/status")["roles"]
            except (OSError, http.client.HTTPException, Failed):
                return None  # one of them is down, and it is the one that would answer
            up = {role["name"]: role["pid"] for role in told if role["pid"]}
            return up if len(up) == 3 else None

        return {"executor": self.pid, **wait_until(pids, "the pids of all roles", timeout)}

    def store(self):
        """The database, for reading what no answer tells."""
        return sqlite3.connect(os.path.join(self.storage, "playbookd.db"))

    def ck_clean(self):
        found = SANITIZER.search(self.log_text())
        ck(not found, f"{self.name}: a sanitizer has something to say: {found and found.group()}")


def write_file(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new = path + ".new"
    with open(new, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(new, mode)
    os.replace(new, path)


def read_file(path):
    """'' when there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):  # the latter: a process that has just ended
        return ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def own_children():
    """Pids of the processes whose parent we are, by birth or because theirs died."""
    pids = []
    for task in os.listdir("/proc/self/task"):
        pids += read_file(f"/proc/self/task/{task}/children").split()
    return [int(pid) for pid in pids]


def alive(pid):
    """Is it there, and no zombie?"""
    stat = read_file(f"/proc/{pid}/stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def command_of(pid):
    return read_file(f"/proc/{pid}/cmdline").replace("\0", " ").strip()


class Web(http.server.ThreadingHTTPServer):
    """A health endpoint: answers with its status and body; hits counts."""

    daemon_threads = True

    def __init__(self, status=200, body="ok"):
        self.status, self.body, self.hits = status, body, 0
        super().__init__(("127.0.0.1", 0), WebHandler)
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class WebHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hits += 1
        body = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Test:
    """What a test gets: a folder, and the means to start things that end with it."""

    def __init__(self, folder):
        self.folder = folder
        self.things = []
        # What is left of a daemon becomes our child, so that it can be found and ended.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o600):
        write_file(self.path(name), text, mode)
        return self.path(name)

    def read(self, name):
        return read_file(self.path(name))

    def start(self, name, *argv):
        self.things.append(Process(self.folder, name, argv))
        return self.things[-1]

    def daemon(self, config, **more):
        """Started, and ready to receive alerts."""
        return self.daemon_raw(config, **more).wait_ready()

    def daemon_raw(self, config, **more):
        self.things.append(Daemon(self.folder, config, **more))
        return self.things[-1]

    def web(self, **more):
        self.things.append(Web(**more))
        return self.things[-1]

    def command(self, *argv, stdin=None, timeout=30):
        """Run to its end: (exit status, standard output, standard error)."""
        done = subprocess.run(argv, input=stdin, stdin=None if stdin else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, cwd=self.folder, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def finish(self):
        """End everything. Fails when a daemon did not end well or a sanitizer spoke."""
        for thing in reversed(self.things):
            thing.end()
        for pid in own_children():
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        for thing in self.things:
            if isinstance(thing, Daemon):
                thing.ck_clean()
