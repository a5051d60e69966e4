# SPDX-License-Identifier: Apache-2.0
"""monitoring - Prometheus, its exporters, Alertmanager and the configuration of playbookd, with
the files of config/opareta.

Nothing in them is changed but the times: every duration is divided by SPEED, so that a minute of
waiting takes four seconds; of playbookd only those of escalation and of background checks, since
what a remedy takes is not faster here. Ports, rules, labels, routes, inhibitions, playbooks,
receivers, levels and templates are those of production.
"""

import http.client
import json
import os
import re
import shutil

from harness import read_file, wait_until, write_file
from machine import ROOT

SPEED = 15
UPDATE_S = 30 * 60 / SPEED  # update_every
TARGETS = 11  # in prometheus.yml
OPARETA = os.path.join(ROOT, "config/opareta")

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
# The keys whose values are durations, and ranges in expressions.
TIMES = re.compile(r"((?:for|keep_firing_for|scrape_interval|scrape_timeout|evaluation_interval|"
                   r"timeout|group_wait|group_interval|repeat_interval): |\[)(\d+)(ms|s|m|h)\b")


# Of playbookd: not `hold`, which is the time that a remedy has, and none of the remedies'.
PEOPLES_TIMES = re.compile(r"(\b(?:respond_within|update_every|interval): )(\d+)(ms|s|m|h)\b")


def faster(text, times=TIMES):
    def divided(match):
        return f"{match[1]}{int(match[2]) * UNITS[match[3]] // SPEED}ms"

    return times.sub(divided, text)


def copy_faster(source, target):
    with open(os.path.join(OPARETA, source), encoding="utf-8") as f:
        write_file(target, faster(f.read()), 0o644)


def ask(port, path, host="127.0.0.1", timeout=3):
    """(status, body); (0, "") when nothing answers."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def query(expression):
    """The samples of an instant query: [(labels, value)]."""
    status, body = ask(9090, "/api/v1/query?query=" + expression.replace(" ", "%20")
                       .replace('"', "%22").replace("{", "%7B").replace("}", "%7D"))
    if status != 200:
        return []
    return [(s["metric"], float(s["value"][1])) for s in json.loads(body)["data"]["result"]]


def firing():
    """The names of the alerts that fire or are about to."""
    status, body = ask(9090, "/api/v1/alerts")
    return sorted(a["labels"]["alertname"] for a in json.loads(body)["data"]["alerts"]) \
        if status == 200 else ["Prometheus does not answer"]


def start_exporters(start):
    copy_faster("prometheus/blackbox.yml", "/etc/monitoring/blackbox.yml")
    start("blackbox", "prometheus-blackbox-exporter", "--web.listen-address=127.0.0.1:9115",
          "--config.file=/etc/monitoring/blackbox.yml", "--log.level=error")
    start("node", "prometheus-node-exporter", "--web.listen-address=127.0.0.1:9100",
          "--collector.disable-defaults", "--collector.filesystem", "--collector.loadavg",
          "--collector.meminfo",
          "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|etc|usr|run|opt|tmp|work|"
          "home|root|mnt|srv|var/.+)($|/)|^/$")


def start_alertmanager(start, storage):
    copy_faster("alertmanager.yml", "/etc/monitoring/alertmanager.yml")
    start("alertmanager", "prometheus-alertmanager",
          "--config.file=/etc/monitoring/alertmanager.yml", "--storage.path=" + storage,
          "--web.listen-address=127.0.0.1:9093", "--cluster.listen-address=")
    wait_until(lambda: ask(9093, "/-/ready")[0] == 200, "Alertmanager")


def start_prometheus(start, storage):
    for name in ("prometheus.yml", "alerts.yml"):
        copy_faster("prometheus/" + name, "/etc/monitoring/" + name)
    start("prometheus", "prometheus", "--config.file=/etc/monitoring/prometheus.yml",
          "--storage.tsdb.path=" + storage, "--web.listen-address=127.0.0.1:9090",
          "--log.level=warn")
    wait_until(lambda: ask(9090, "/-/ready")[0] == 200, "Prometheus")


def all_is_well():
    """Every target is up, nothing fires or is about to, and Alertmanager has heard that."""
    up = query("up")
    return (len(up) == TARGETS and all(value == 1 for _, value in up) and not firing()
            and ask(9093, "/api/v2/alerts")[1].strip() == "[]")


def start_all(start, folder):
    start_exporters(start)
    start_alertmanager(start, os.path.join(folder, "alertmanager"))
    start_prometheus(start, os.path.join(folder, "prometheus"))


def playbookd_yml():
    """The main file of playbookd, with the times of people divided."""
    return faster(read_file(os.path.join(OPARETA, "playbookd.yml")), PEOPLES_TIMES)


def install_playbookd():
    """Its configuration, as it would be installed; the secrets are people.py's."""
    for folder in ("playbooks", "templates"):
        shutil.copytree(os.path.join(OPARETA, folder), "/etc/playbookd/" + folder)
        for name in os.listdir("/etc/playbookd/" + folder):
            os.chmod(f"/etc/playbookd/{folder}/{name}", 0o644)
