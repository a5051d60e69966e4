# SPDX-License-Identifier: Apache-2.0
"""The whole loop, with the real Prometheus and the real Alertmanager of this machine.

A target is scraped; it dies; Prometheus alerts; Alertmanager delivers; playbookd runs a playbook,
which asks the target's supervisor to restart it and verifies that it answers; Prometheus sees it,
Alertmanager says so, and the incident is resolved.
"""

import http.client
import json
import os
import signal
import sys
import threading
import time

from harness import alive, ck, ck_eq, ck_match, free_port, limit, wait_until

# Started again whenever somebody touches RESTART: what a unit of systemd would be. A step's own
# descendants end with the step, so the supervisor is not one.
TARGET = """
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"target_up 1\\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

http.server.HTTPServer.allow_reuse_address = True
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

PROMETHEUS = """
global: { scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms }
scrape_configs:
  - { job_name: argus, static_configs: [{ targets: ['127.0.0.1:%(target)d'] }] }
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: [%(alertmanagers)s] }]
"""

RULES = """
groups:
  - name: argus
    rules:
      - alert: InstanceDown
        expr: up == 0
        for: 2s  # on a busy machine one scrape may come to nothing
        labels: { severity: critical, service: argus }
        annotations: { summary: "{{ $labels.instance }} does not answer" }
"""

ALERTMANAGER = """
route: { receiver: playbookd, group_by: [alertname], group_wait: 500ms, group_interval: 1s,
         repeat_interval: 1h }
receivers:
  - name: playbookd
    webhook_configs: [{ url: 'http://127.0.0.1:%d/api/v1/alerts', send_resolved: true }]
"""

CONFIG = """
checks:
  - { name: argus, http: { url: "http://127.0.0.1:%(target)d/metrics", status: 200 }, timeout: 1s }
playbooks:
  - name: restart-argus
    matchers: ['alertname="InstanceDown"', 'service="argus"']
    incident: { title: "${instance} is down", group_by: [alertname, instance] }
    params:
      instance: { from: labels.instance, pattern: "127\\\\.0\\\\.0\\\\.1:[0-9]+" }
    steps:
      - { name: restart, run: [touch, "%(restart)s"] }
    verify:
      - { check: argus, within: 60s, every: 200ms }
"""


class Supervisor:
    """Keeps the target, and starts it again when the file restart appears and may_start is set."""

    def __init__(self, t, port):
        self.t, self.port, self.starts = t, port, 0
        self.restart = t.path("restart")
        self.program = t.write("target.py", TARGET)
        self.may_start = threading.Event()
        self.may_start.set()
        self.start()
        threading.Thread(target=self.watch, daemon=True).start()

    def start(self):
        self.starts += 1
        self.target = self.t.start("target", sys.executable, self.program, str(self.port))
        wait_until(self.answers, "the target's answer")

    def answers(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/metrics")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def watch(self):
        while True:
            time.sleep(0.1)
            if os.path.exists(self.restart) and self.may_start.is_set():
                os.unlink(self.restart)
                self.start()

    def kill(self):
        self.target.kill(signal.SIGKILL)
        self.target.wait_exit()


def start_alertmanager(t, name, playbookd_port, web):
    """One that is alone: no other tells it what was sent."""
    config = t.write(name + ".yml", ALERTMANAGER % playbookd_port)
    t.start(name, "prometheus-alertmanager", "--config.file=" + config,
            "--storage.path=" + t.path(name), f"--web.listen-address=127.0.0.1:{web}",
            f"--web.external-url=http://{name}.test:{web}", "--cluster.listen-address=")
    wait_until(lambda: ready(web), f"{name}, ready")


def start_prometheus(t, target, alertmanagers, rules=RULES):
    web = free_port()
    listed = ", ".join(f"'127.0.0.1:{port}'" for port in alertmanagers)
    t.write("rules.yml", rules)
    config = t.write("prometheus.yml", PROMETHEUS % {"target": target, "alertmanagers": listed})
    t.start("prometheus", "prometheus", "--config.file=" + config,
            "--storage.tsdb.path=" + t.path("tsdb"), f"--web.listen-address=127.0.0.1:{web}")
    wait_until(lambda: ready(web), "Prometheus, ready")
    wait_until(lambda: "up" in ask(web, "/api/v1/targets"), "the first scrape")


def ready(port):
    try:
        return ask(port, "/-/ready") is not None
    except OSError:
        return False


def ask(port, path):
    """The body of 200, else None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        return body if response.status == 200 else None
    finally:
        connection.close()


def start_loop(t, alertmanagers):
    """(playbookd, supervisor) with so many Alertmanagers between Prometheus and playbookd."""
    supervisor = Supervisor(t, free_port())
    d = t.daemon(CONFIG % {"target": supervisor.port, "restart": supervisor.restart})
    webs = [free_port() for _ in range(alertmanagers)]
    for i, web in enumerate(webs):
        start_alertmanager(t, f"alertmanager-{i + 1}", d.port, web)
    start_prometheus(t, supervisor.port, webs)
    return d, supervisor


def incidents(d, **query):
    return d.must_get("/api/v1/incidents", **query)["incidents"]


@limit(120)
def test_a_target_that_dies_is_restarted_verified_and_its_incident_resolved(t):
    d, supervisor = start_loop(t, 1)
    supervisor.kill()
    incident = wait_until(lambda: incidents(d), "the incident", timeout=40)[0]
    run = d.wait_run(d.incident(incident["id"])["runs"][0]["id"], timeout=40)
    ck_eq(run["status"], "succeeded", f"{run}")
    ck_eq(supervisor.starts, 2, "starts of the target")
    ck(alive(supervisor.target.pid), "the target is dead again")
    wait_until(lambda: incidents(d, status="resolved"), "the resolution", timeout=40)
    incident = d.incident(incident["id"])
    ck_match("^127.0.0.1:.* is down$", incident["title"], "title")
    ck(incident["openedAt"] <= incident["mitigatedAt"] <= incident["resolvedAt"], "times")
    ck_eq((len(incident["runs"]), incident["attention"]), (1, None), "runs, attention")
    ck_eq(incident["alerts"][0]["annotations"]["summary"],
          f"127.0.0.1:{supervisor.port} does not answer", "annotation")


def senders(d):
    """Who delivered, once for each delivery."""
    return [x["externalURL"] for x in d.must_get("/api/v1/deliveries")["deliveries"]]


@limit(120)
def test_two_alertmanagers_that_both_deliver_cause_one_run(t):
    """Each is alone, as when the network between a pair is cut, so each tells all of it. A pair that
    hears of one another tells less, and how much less is a matter of luck: whoever learns in time
    that it was told does not tell it. The target comes back when both have told that it is gone."""
    d, supervisor = start_loop(t, 2)
    supervisor.may_start.clear()
    supervisor.kill()
    wait_until(lambda: len(set(senders(d))) == 2, "deliveries of both", timeout=40)
    supervisor.may_start.set()
    wait_until(lambda: incidents(d, status="resolved"), "the resolution", timeout=40)
    wait_until(lambda: all(senders(d).count(one) >= 2 for one in set(senders(d))),
               "the end, told by both", timeout=40)
    ck_eq(len(incidents(d)), 1, "incidents")
    ck_eq([run["status"] for run in d.must_get("/api/v1/runs")["runs"]], ["succeeded"], "runs")
    ck_eq(supervisor.starts, 2, "starts of the target")
    decisions = [x["decision"] for x in d.must_get("/api/v1/decisions")["decisions"]]
    ck_eq(sorted(x for x in decisions if x != "duplicate"), ["queued", "resolved"], "what counts")
    ck(decisions.count("duplicate") >= 2, f"of the other, beginning and end: {decisions}")
