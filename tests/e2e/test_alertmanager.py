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
      - { check: argus, within: 20s, every: 200ms }
"""


class Supervisor:
    """Keeps the target, and starts it again when the file restart appears."""

    def __init__(self, t, port):
        self.t, self.port, self.starts = t, port, 0
        self.restart = t.path("restart")
        self.program = t.write("target.py", TARGET)
        self.over = threading.Event()
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
        while not self.over.wait(0.1):
            if os.path.exists(self.restart):
                os.unlink(self.restart)
                self.start()

    def kill(self):
        self.target.kill(signal.SIGKILL)
        self.target.wait_exit()


def start_alertmanager(t, name, playbookd_port, web, cluster, peers=()):
    config = t.write(name + ".yml", ALERTMANAGER % playbookd_port)
    t.start(name, "prometheus-alertmanager", "--config.file=" + config,
            "--storage.path=" + t.path(name), f"--web.listen-address=127.0.0.1:{web}",
            f"--web.external-url=http://{name}.test:{web}",
            f"--cluster.listen-address={cluster}", "--cluster.settle-timeout=0s",
            "--cluster.peer-timeout=1ms", "--cluster.gossip-interval=10m",
            "--cluster.pushpull-interval=10m", *(f"--cluster.peer={peer}" for peer in peers))
    wait_until(lambda: ready(web), f"{name}, ready")
    if peers:
        wait_until(lambda: cluster_size(web) == len(peers) + 1, f"{name}, one of a cluster")


def cluster_size(web):
    return len(json.loads(ask(web, "/api/v2/status"))["cluster"]["peers"])


def start_prometheus(t, target, alertmanagers):
    web = free_port()
    listed = ", ".join(f"'127.0.0.1:{port}'" for port in alertmanagers)
    t.write("rules.yml", RULES)
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
    clusters = [f"127.0.0.1:{free_port()}" for _ in webs] if alertmanagers > 1 else [""]
    for i, web in enumerate(webs):
        start_alertmanager(t, f"alertmanager-{i + 1}", d.port, web, clusters[i],
                           clusters[:i])  # whom to join; joining again would tell what was sent
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


def ended(d):
    return sorted(x["decision"] for x in d.must_get("/api/v1/decisions")["decisions"])


@limit(120)
def test_two_alertmanagers_that_both_deliver_cause_one_run(t):
    """They are a cluster whose gossip is slow, so neither hears in time that the other has."""
    d, supervisor = start_loop(t, 2)
    supervisor.kill()

    def senders():
        told = d.must_get("/api/v1/deliveries")["deliveries"]
        return {delivery["externalURL"] for delivery in told}

    wait_until(lambda: incidents(d, status="resolved"), "the resolution", timeout=60)
    wait_until(lambda: len(senders()) == 2, "deliveries of both")
    ck_eq(len(incidents(d)), 1, "incidents")
    runs = d.must_get("/api/v1/runs")["runs"]
    ck_eq([run["status"] for run in runs], ["succeeded"], "runs")
    ck_eq(supervisor.starts, 2, "starts of the target")
    wait_until(lambda: ended(d) == ["duplicate", "duplicate", "queued", "resolved"],
               "both deliveries of the end, of which one counts", timeout=10)
