# SPDX-License-Identifier: Apache-2.0
"""scenarios - how Opareta is broken, and what has to be true afterwards: what playbookd repairs.

A scenario breaks something, waits for what playbookd makes of it, and looks at the real thing: start
times of containers, free bytes, rows; and says who was to be told.
"""

import os
import re
import signal
import subprocess
import time

import aftermath
import engine
import machine
import monitoring
import people
from harness import ck, ck_eq, ck_in, ck_match, wait_until, write_file
from result import scenario


def restarted(before):
    """Which of the containers of {name: start time} were started since."""
    return sorted(name for name, at in before.items() if engine.started_at(name) != at)


def starts(*names):
    return {"opareta-" + name: engine.started_at("opareta-" + name) for name in names}


def who_serves(service):
    """The instances that answer through Nginx, of some requests; every one has to succeed."""
    told = set()
    for _ in range(6):
        status, body = monitoring.ask(80, f"/{service}/whoami", timeout=5)
        ck_eq(status, 200, f"{service} through Nginx")
        told |= set(re.findall(rf"{service}-\d", body))
    return told


# The runbook, from top to bottom.


@scenario("instance", "1: one instance hangs", short=True)
def one_instance_hangs(s):
    before = starts("argus-1", "argus-2", "hermes-1")
    s.breaks(lambda: engine.hang("opareta-argus-1"), ["argus-1"])
    ck_eq(who_serves("argus"), {"argus-2"}, "who serves meanwhile")
    run = s.repaired("ServiceInstanceDown", "restart-instance")
    ck_eq(restarted(before), ["opareta-argus-1"], "restarted")
    ck_in("argus-1 v1.1.0 starts", s.output(run, "its logs"), "logs")
    wait_until(lambda: who_serves("argus") == {"argus-1", "argus-2"}, "both to serve again")
    # Nobody is woken for what was repaired within its hold.


@scenario("service", "2: every instance of a service is down", short=True)
def every_instance_is_down(s):
    before = starts("argus-1", "argus-2", "hermes-1", "hermes-2")
    s.breaks(lambda: [engine.hang("opareta-argus-1"), engine.hang("opareta-argus-2")],
             ["argus-1", "argus-2"])
    s.wait_incident("ServiceCompletelyDown")
    aftermath.acknowledge(s)
    run = s.repaired("ServiceCompletelyDown", "restart-all-instances")
    ck_eq(restarted(before), ["opareta-argus-1", "opareta-argus-2"], "restarted")
    ck_in("accepting connections", s.output(run, "database accepts connections"), "pg_isready")
    ck_in("PONG", s.output(run, "Redis answers"), "redis-cli ping")
    s.tell_begin_and_end("senior-engineer", "argus", resolution=s.helped(run))
    aftermath.write_down(s)
    aftermath.finish(s)


def sql(database, text):
    return engine.docker("exec", "opareta-postgres-" + database,
                         "psql", "-U", "postgres", "-d", database, "-Atc", text)


@scenario("postgres", "3: PostgreSQL runs and accepts no connections", short=True)
def postgres_hangs(s):
    sql("argus", "create table drill (n int); insert into drill select generate_series(1, 1000)")
    before = starts("postgres-argus", "postgres-hermes", "argus-1")
    s.breaks(lambda: engine.hang("opareta-postgres-argus"), ["argus-1", "argus-2"])
    run = s.repaired("PostgresDown", "recover-postgres")
    ck_eq(restarted(before), ["opareta-postgres-argus"], "restarted")
    ck_match("no response", s.output(run, "accepts connections"), "pg_isready")
    ck_eq(sql("argus", "select count(*) from drill; drop table drill"), "1000\nDROP TABLE", "rows")
    s.tell_begin_and_end("senior-engineer", "argus", resolution=s.helped(run))


@scenario("redis", "3: Redis hangs", short=True)
def redis_hangs(s):
    before = starts("redis", "argus-1", "hermes-1")
    s.breaks(lambda: engine.hang("opareta-redis"), ["argus-1", "hermes-1"])
    run = s.repaired("RedisDown", "recover-redis")
    ck_eq(restarted(before), ["opareta-redis"], "restarted")
    ck_eq([step["status"] for step in run["steps"] if step["name"] == "answers"], ["timed_out"],
          "redis-cli ping, before")
    s.tell_begin_and_end("tech-lead", "redis", resolution=s.helped(run))


@scenario("host", "4: nothing of the host answers; recovered over ssh")
def host_is_down(s):
    before = starts("argus-1", "hermes-2", "postgres-argus", "redis", "nginx")
    s.breaks(lambda: engine.crash(s.stage.cgroup),
             ["nginx", "argus-1", "argus-2", "hermes-1", "hermes-2"])
    run = s.repaired("HostDown", "recover-host")
    ck_eq(restarted(before), sorted(before), "restarted")
    ck_eq(s.incident()["level"], "L4", "level")
    ck_eq([step["argv"][0] for step in run["steps"] if step["phase"] == "steps"], ["ssh"] * 3,
          "commands")
    s.tell_begin_and_end("engineering-manager", "host", resolution=s.helped(run))


def network_device():
    return "br-" + engine.docker("network", "inspect", "-f", "{{.Id}}", "opareta_default")[:12]


@scenario("network", "5: the containers' network is down")
def network_is_down(s):
    before = engine.docker("network", "inspect", "-f", "{{.Id}}", "opareta_default")
    running = starts("argus-1", "nginx", "redis")
    s.breaks(lambda: machine.must("ip", "link", "set", network_device(), "down"),
             ["argus-1", "argus-2", "hermes-1", "hermes-2"])
    s.wait_incident("NetworkTrouble")
    run_id = wait_until(lambda: s.incident()["runs"], "its run")[0]["id"]

    def nothing_is_done_yet():
        ck_match("waits for approval: may everything", s.incident()["attention"], "attention")
        ck_eq(restarted(running), [], "restarted before the yes")

    s.say_yes(run_id, "may everything be taken down", nothing_is_done_yet)
    run = s.wait_run("NetworkTrouble", "repair-network")
    ck_in("Redis unreachable", s.output(run, "from argus-1 to Redis"), "diagnosis")
    ck_in("PostgreSQL unreachable", s.output(run, "from argus-1 to PostgreSQL"), "diagnosis")
    s.wait_healthy()
    s.wait_resolved()
    after = engine.docker("network", "inspect", "-f", "{{.Id}}", "opareta_default")
    ck(after != before, "it is the same network")
    s.tell_begin_and_end("tech-lead", "network", resolution=s.helped(run))
    ck_taken_down(s)


def ck_taken_down(s):
    """When it takes long to bring everything up, that is a host that is down; its playbook waits for
    its turn, and sees then that there is nothing to do."""
    for other in s.incidents():
        if other["id"] != s.incident_id:
            ck_eq([run["playbook"] for run in other["runs"]], ["recover-host"], "the other run")
            run = s.daemon.wait_run(other["runs"][0]["id"], 60)
            ck_eq((run["status"], run["reason"]), ("canceled", "precheck: the host answers again"), "its end")
            other = s.daemon.incident(other["id"])
            s.tell("engineering-manager", s.initial(other, "host"), people.resolved_of(other))


# The disk. What is removed and what stays are files of real sizes.

MIB = 1 << 20
WEEK = 7 * 86400


def waste(path, mib, days=0):
    """A file that takes up room, last written some days ago."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        os.posix_fallocate(f.fileno(), 0, mib * MIB)
    then = time.time() - days * 86400
    os.utime(path, (then, then))


def waste_image(mib):
    """An image that has lost its name."""
    for content in (b"x" * (mib * MIB), b""):
        texts = {"waste": content.decode()}
        engine.import_image("waste:1", engine.root_file_system([], texts), ["true"])


def waste_volume(mib):
    engine.docker("volume", "create", "waste")
    waste("/var/lib/docker/volumes/waste/_data/waste", mib)


def waste_journal(mib, days):
    """A journal that was put aside: its name says when it began."""
    machine_id = "0123456789abcdef0123456789abcdef"
    micros = int((time.time() - days * 86400) * 1e6)
    path = f"/var/log/journal/{machine_id}/system@{machine_id}-0000000000000001-{micros:016x}.journal"
    write_file("/etc/machine-id", machine_id + "\n", 0o444)
    waste(path, mib, days)
    return path


def fill_disk(percent_left):
    """What cannot be removed takes the rest."""
    told = os.statvfs("/var")
    left = told.f_blocks * told.f_frsize * percent_left // 100
    waste("/var/lib/application/data", (machine.free_bytes() - left) // MIB)


@scenario("disk-low", "6: a disk is getting full", short=True)
def disk_is_low(s):
    try:
        waste_image(100)
        journal = waste_journal(10, days=5)
        log, backup = "/var/log/old.log", "/var/backups/opareta/old.sql.gz"
        waste(log, 1, days=8)
        waste(backup, 1, days=8)
        s.breaks(lambda: fill_disk(15))
        before = machine.free_bytes()
        run = s.wait_run("LowDiskSpace", "clean-disk")
        won = machine.free_bytes() - before
        ck(won > 100 * MIB, f"{won} bytes were won")
        ck(not os.path.exists(journal), "the journal is still there")
        ck(os.path.exists(log) and os.path.exists(backup), "more was removed than is needed")
        ck_match(r"Total reclaimed space: 1\d\d(\.\d+)?MB",
                 s.output(run, "remove what Docker does not use"), "prune")
        ck_eq(s.wait_resolved()["attention"], None, "attention")
        s.ck_alone()
    finally:
        clean_disk()


@scenario("disk-critical", "6: a disk is almost full", short=True)
def disk_is_critical(s):
    try:
        waste_image(20)
        waste_volume(20)
        waste_journal(10, days=5)
        old = ["/var/log/app/old.log", "/var/backups/opareta/old.sql.gz"]
        new = ["/var/log/app/new.log", "/var/log/app/old.txt", "/var/backups/opareta/new.sql.gz"]
        waste(old[0], 20, days=9)
        waste(old[1], 90, days=5)
        waste(new[0], 1, days=2)
        waste(new[1], 1, days=9)
        waste(new[2], 1, days=1)
        s.breaks(lambda: fill_disk(4))
        before = machine.free_bytes()
        run = s.wait_run("CriticalDiskSpace", "clean-disk-in-an-emergency",
                   asks="may old backups be removed")
        won = machine.free_bytes() - before
        ck(won > 150 * MIB, f"{won} bytes were won")
        ck_eq([path for path in old + new if os.path.exists(path)], new, "files that stay")
        ck_eq(engine.docker("volume", "ls", "-q").split(),
              ["opareta_postgres-argus", "opareta_postgres-hermes", "opareta_redis"], "volumes")
        ck_eq(s.wait_resolved()["attention"], None, "attention")
        s.ck_alone()
        s.tell_begin_and_end("senior-engineer", "node", resolution=s.helped(run))
    finally:
        clean_disk()


def clean_disk():
    """After a scenario, however it ended."""
    for argv in (["rm", "-rf", "/var/lib/application", "/var/log/journal", "/var/log/app",
                  "/var/log/old.log"],
                 ["find", "/var/backups/opareta", "-type", "f", "-delete"],
                 ["docker", "image", "rm", "-f", "waste:1"], ["docker", "image", "prune", "-f"],
                 ["docker", "volume", "rm", "-f", "waste"]):
        subprocess.run(argv, capture_output=True, check=False)


@scenario("restore", "Rollback: rows are lost, a person restores the backup")
def rows_are_lost(s):
    sql("hermes", "create table letters (n int); insert into letters select generate_series(1, 500)")
    machine.must("/opt/opareta/infrastructure/backup/backup-postgres.sh", "hermes", "20260101T000000Z")
    s.breaks(lambda: sql("hermes", "delete from letters where n > 7"))
    run = s.by_hand("restore-database", {"service": "hermes", "timestamp": "20260101T000001Z"},
                    status="failed")
    ck_match("the backup is there and whole", run["reason"], "reason")
    s.by_hand("restore-database", {"service": "hermes", "timestamp": "20260101T000000Z"},
              asks="may what was written since be lost")
    ck_eq(sql("hermes", "select count(*) from letters; drop table letters"), "500\nDROP TABLE", "rows")


@scenario("flush", "3: a person clears Redis")
def redis_is_cleared(s):
    engine.docker("exec", "opareta-redis", "redis-cli", "set", "drill", "1")
    s.by_hand("flush-redis")
    ck_eq(engine.docker("exec", "opareta-redis", "redis-cli", "dbsize"), "0", "keys")


@scenario("nginx", "Health endpoints: Nginx hangs")
def nginx_hangs(s):
    before = starts("nginx", "argus-1")

    def hang():
        for pid in engine.processes_in("opareta-nginx"):
            os.kill(pid, signal.SIGSTOP)

    s.breaks(hang, ["nginx"])
    run = s.repaired("NginxDown", "restart-nginx")
    ck_eq(restarted(before), ["opareta-nginx"], "restarted")
    s.tell_begin_and_end("tech-lead", "nginx", resolution=s.helped(run))


@scenario("grafana", "Health endpoints: Grafana hangs")
def grafana_hangs(s):
    before = starts("grafana", "argus-1")
    s.breaks(lambda: engine.hang("opareta-grafana"), ["grafana"])
    s.repaired("GrafanaDown", "restart-grafana")
    ck_eq(restarted(before), ["opareta-grafana"], "restarted")
