# SPDX-License-Identifier: Apache-2.0
"""config/opareta: the failover procedures as a configuration. script/drill tries them for real."""

import os
import re
import shutil

from harness import PLAYBOOKD, ROOT, alert, ck, ck_eq, ck_in, delivery

OPARETA = os.path.join(ROOT, "config/opareta")

# What Prometheus fires (config/opareta/prometheus/alerts.yml), and who has to deal with it.
WANTED = [
    ("ServiceInstanceDown", {"service": "argus", "instance": "argus-2"}, "restart-instance"),
    ("ServiceCompletelyDown", {"service": "hermes", "instance": "all"}, "restart-all-instances"),
    ("PostgresDown", {"service": "argus", "instance": "postgres-argus"}, "recover-postgres"),
    ("RedisDown", {"service": "redis", "instance": "redis"}, "recover-redis"),
    ("HostDown", {"service": "host", "instance": "opareta-1", "host": "opareta-1"}, "recover-host"),
    ("NetworkTrouble", {"service": "network", "host": "opareta-1"}, "repair-network"),
    ("LowDiskSpace", {"mountpoint": "/", "instance": "opareta-1:9100"}, "clean-disk"),
    ("CriticalDiskSpace", {"mountpoint": "/var/lib/postgresql", "instance": "opareta-1:9100"},
     "clean-disk-in-an-emergency"),
    ("NginxDown", {"service": "nginx"}, "restart-nginx"),
    ("GrafanaDown", {"service": "grafana"}, "restart-grafana"),
    ("PrometheusDown", {"service": "prometheus"}, "look-at-prometheus"),
]

RECEIVERS = ("on-call", "senior-engineer", "tech-lead", "engineering-manager", "tickets")


def must(t, *argv):
    status, out, err = t.command(*argv)
    ck_eq(status, 0, f"{' '.join(argv)}: {out}{err}")


def copy(t, dry_run):
    """The configuration in the test's folder; its files are the owner's alone to write."""
    for folder in ("playbooks", "templates"):
        shutil.copytree(os.path.join(OPARETA, folder), t.path(folder))
        for name in os.listdir(t.path(folder)):
            os.chmod(t.path(os.path.join(folder, name)), 0o600)
    for name in RECEIVERS:
        t.write(f"secrets/{name}.url", "http://127.0.0.1:9/\n")  # nobody is there
    t.write("secrets/smtp.password", "none\n")
    with open(os.path.join(OPARETA, "playbookd.yml"), encoding="utf-8") as f:
        text = f.read()
    if dry_run:
        text = text.replace("global:\n", "global:\n  dry_run: true\n", 1)
        text = text.replace("smarthost: mail.opareta.example:587", "smarthost: 127.0.0.1:9", 1)
    return t.write("playbookd.yml", text)


def test_the_configuration_of_opareta_is_valid(t):
    must(t, PLAYBOOKD, "check-config", copy(t, dry_run=False))


def test_the_rules_of_opareta_are_valid_and_pass_their_tests(t):
    must(t, "promtool", "check", "config", os.path.join(OPARETA, "prometheus/prometheus.yml"))
    must(t, "promtool", "test", "rules", os.path.join(OPARETA, "prometheus/alerts_test.yml"))
    must(t, "amtool", "check-config", os.path.join(OPARETA, "alertmanager.yml"))
    must(t, "prometheus-blackbox-exporter", "--config.check",
         "--config.file=" + os.path.join(OPARETA, "prometheus/blackbox.yml"))


def test_every_alert_of_opareta_has_its_playbook(t):
    with open(os.path.join(OPARETA, "prometheus/alerts.yml"), encoding="utf-8") as f:
        rules = set(re.findall(r"- alert: (\w+)", f.read()))
    ck_eq(rules, {name for name, _, _ in WANTED}, "alerts")
    copy(t, dry_run=True)
    d = t.daemon(None)
    for name, labels, playbook in WANTED:
        told = d.must_post(delivery(alert(name, **labels)))["decisions"][0]
        ck_eq((told["decision"], told["playbook"]), ("dry_run", playbook), f"{name}: {told}")


def test_what_may_lose_data_is_started_by_no_alert_of_opareta(t):
    copy(t, dry_run=True)
    d = t.daemon(None)
    with open(t.path("playbooks/by-hand.yml"), encoding="utf-8") as f:
        by_hand = set(re.findall(r"- name: ([a-z-]+)\n    matchers", f.read()))
    ck(len(by_hand) >= 5, f"playbooks by hand: {by_hand}")
    wanted = {playbook for _, _, playbook in WANTED}
    ck(not by_hand & wanted, f"started by an alert: {by_hand & wanted}")
    told = d.must_post(delivery(alert("ServiceInstanceDown", service="argus; reboot",
                                      instance="argus-1")))["decisions"][0]
    ck_eq(told["decision"], "unmatched", f"{told}")
    told = d.must_post(delivery(alert("ServiceInstanceDown", service="argus",
                                      instance="argus-1 --all")))["decisions"][0]
    ck_eq(told["decision"], "rejected_param", f"{told}")


# Which incidents mean which level: the escalation matrix, by alerts that fire at the same time.
MATRIX = [
    ([("ServiceCompletelyDown", "argus")], ["L2"]),
    ([("ServiceCompletelyDown", "argus"), ("ServiceCompletelyDown", "hermes")], ["L3", "L3"]),
    ([("PostgresDown", "argus"), ("ServiceCompletelyDown", "hermes")], ["L3", "L3"]),
    ([("PostgresDown", "argus"), ("ServiceCompletelyDown", "argus")], ["L2", "L2"]),
    ([("RedisDown", "redis")], ["L3"]),
    ([("RedisDown", "redis"), ("NginxDown", "nginx")], ["L4", "L4"]),
    ([("ServiceCompletelyDown", "argus"), ("PostgresDown", "hermes"), ("NginxDown", "nginx")],
     ["L4", "L4", "L4"]),
    ([("HostDown", "host")], ["L4"]),
]


def test_the_escalation_matrix_of_opareta(t):
    copy(t, dry_run=True)
    for i, (alerts, levels) in enumerate(MATRIX):
        d = t.daemon(None, name=f"matrix-{i}", storage=f"storage-{i}")
        fired = [alert(name, service=service, instance="x", host="opareta-1")
                 for name, service in alerts]
        told = d.must_post(delivery(*fired))["decisions"]
        ck_eq([d.incident(one["incidentId"])["level"] for one in told], levels, f"{alerts}")
        ck_eq(d.stop(), 0, "exit status")


def test_the_health_table_of_opareta_is_the_runbooks(t):
    copy(t, dry_run=True)
    d = t.daemon(None)
    rows = {row["name"]: row for row in d.must_get("/api/v1/checks")["checks"]}
    for name, target in (("nginx", "http://localhost/health"),
                         ("argus-1", "http://localhost:3001/api/health"),
                         ("argus-2", "http://localhost:3002/api/health"),
                         ("hermes-1", "http://localhost:3003/api/health"),
                         ("hermes-2", "http://localhost:3004/api/health"),
                         ("prometheus", "http://localhost:9090/-/healthy"),
                         ("grafana", "http://localhost:3100/api/health")):
        ck_in(target, rows[name]["target"], name)
        ck_in("200", rows[name]["expected"], name)
    ck(all(row["intervalMs"] for row in rows.values()), "looked at only when asked")
