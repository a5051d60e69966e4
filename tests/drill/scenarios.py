"""scenarios - how Opareta is broken, and what has to be true afterwards.

A scenario is a function that gets a Result: it breaks something, waits for what playbookd makes of
it, and looks at the real thing: start times of containers, free bytes, rows.
"""

import collections
import datetime
import os
import re
import signal
import subprocess
import threading
import time

import engine
import machine
import monitoring
from harness import ck, ck_eq, ck_in, ck_match, ck_status, wait_until, write_file

Scenario = collections.namedtuple("Scenario", "name what short function")
ALL = []
DETECTION = 60
LIMIT = 240


def scenario(name, what, short=False):
    def mark(function):
        ALL.append(Scenario(name, what, short, function))
        return function

    return mark


def choose(names, short):
    """Those whose name begins with one of names; all, when there are none."""
    return [s for s in ALL if (s.short or not short)
            and (not names or any(s.name.startswith(name) for name in names))]


def epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def told(run):
    """A run in a few lines."""
    lines = [f"run {run['id']} ({run['playbook']}) {run['status']}: {run['reason']}"]
    for step in run["steps"]:
        tail = step["outputTail"].strip().splitlines()[-3:]
        lines.append(f"  {step['phase']} '{step['name']}' {step['status']} {step['reason']} {tail}")
    return "\n".join(lines) + "\nstatus"


class Watch:
    """Looks at endpoints all the time: when were they all well again after they were not?"""

    def __init__(self, healthy):
        self.healthy, self.over, self.well_at = healthy, threading.Event(), None
        self.was_down = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self):
        while not self.over.wait(0.1):
            if not self.healthy():
                self.was_down.set()
                self.well_at = None
            elif self.was_down.is_set() and self.well_at is None:
                self.well_at = time.time()

    def stop(self):
        self.over.set()
        self.thread.join(10)


class Result:
    """One scenario as it goes: what happened when, and what a scenario may ask."""

    def __init__(self, which, stage):
        self.scenario, self.stage = which, stage
        self.times, self.verdict, self.people = {}, "", ""
        self.broken_at, self.watch, self.incident_id = None, None, None

    @property
    def daemon(self):
        return self.stage.daemon

    def breaks(self, what, endpoints=()):
        """Do what breaks it. From here on time is taken."""
        if endpoints:
            self.watch = Watch(lambda: all(self.stage.healthy(name) for name in endpoints))
        self.broken_at = time.time()
        what()

    def after(self, what, when):
        self.times[what] = when - self.broken_at

    def incident(self):
        return self.daemon.incident(self.incident_id)

    def wait_incident(self, alertname):
        """The first incident of that alert."""

        def found():
            told = self.daemon.must_get("/api/v1/incidents",
                                        filter=f'alertname="{alertname}"')["incidents"]
            return min(told, key=lambda incident: incident["id"]) if told else None

        incident = wait_until(found, f"an incident of {alertname}; firing: {monitoring.firing()}",
                              timeout=DETECTION, every=0.1)
        self.incident_id = incident["id"]
        self.after("detected", epoch(incident["openedAt"]))

    def wait_run(self, alertname, playbook, status="succeeded", timeout=LIMIT, asks=None):
        """The run that playbookd makes of the alert, once it is over. asks: the approve step that
        a person says yes to."""
        self.wait_incident(alertname)
        runs = wait_until(lambda: self.incident()["runs"], "its run")
        ck_eq(runs[0]["playbook"], playbook, "playbook")
        if asks:
            self.say_yes(runs[0]["id"], asks)
        run = self.daemon.wait_run(runs[0]["id"], timeout)
        ck_eq(run["status"], status, told(run))
        self.after("started", epoch(run["startedAt"]))
        self.after("ended", epoch(run["finishedAt"]))
        if self.incident()["attention"]:
            self.people = "people called"
        return run

    def say_yes(self, run_id, asks, meanwhile=lambda: None):
        """Once the run asks: it has done nothing of what it asks for, and goes on with a yes."""
        run = wait_until(lambda: self.daemon.run(run_id)["status"] == "awaiting_approval"
                         and self.daemon.run(run_id), f"the question '{asks}'", timeout=60)
        ck_eq(run["approval"]["name"], asks, "question")
        self.people = "with a yes"
        meanwhile()
        order = {"digest": run["approval"]["digest"], "reason": "drill"}
        ck_status(self.daemon.request("POST", f"/api/v1/runs/{run_id}/approve", order,
                                      operator=True), 200)

    def wait_healthy(self):
        wait_until(lambda: self.watch.well_at, "the endpoints to be healthy again", timeout=60)
        self.watch.stop()
        self.after("healthy", self.watch.well_at)

    def wait_resolved(self):
        incident = wait_until(lambda: self.incident()["resolvedAt"] and self.incident(),
                              f"the incident to be resolved; {self.incident()}", timeout=90,
                              every=0.1)
        self.after("resolved", epoch(incident["resolvedAt"]))
        return incident

    def repaired(self, alertname, playbook):
        """All of it, from the alert to the end of the incident, without a person."""
        run = self.wait_run(alertname, playbook)
        self.wait_healthy()
        incident = self.wait_resolved()
        ck_eq(incident["attention"], None, "attention")
        self.ck_alone()
        return run

    def ck_alone(self):
        """Nothing else was found wrong: causes held back their symptoms."""
        told = self.daemon.must_get("/api/v1/incidents")["incidents"]
        ck_eq([i["id"] for i in told], [self.incident_id],
              f"incidents {[i['title'] for i in told]}")

    def by_hand(self, playbook, params=None, status="succeeded", asks=None, **order):
        """What a person would do: start a playbook. Returns the run, once it is over."""
        order |= {"params": params or {}, "reason": "drill"}
        answer = self.daemon.request("POST", f"/api/v1/playbooks/{playbook}/runs", order,
                                     operator=True)
        ck_status(answer, 200)
        self.people = self.people or "by hand"
        if asks:
            self.say_yes(answer.data["runId"], asks)
        run = self.daemon.wait_run(answer.data["runId"], LIMIT)
        ck_eq(run["status"], status, told(run))
        return run

    def output(self, run, name):
        """The end of what a step of the run wrote."""
        for step in run["steps"]:
            if step["name"] == name:
                return step["outputTail"]
        ck(False, f"no step '{name}' in {[s['name'] for s in run['steps']]}")


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


@scenario("service", "2: every instance of a service is down", short=True)
def every_instance_is_down(s):
    before = starts("argus-1", "argus-2", "hermes-1", "hermes-2")
    s.breaks(lambda: [engine.hang("opareta-argus-1"), engine.hang("opareta-argus-2")],
             ["argus-1", "argus-2"])
    run = s.repaired("ServiceCompletelyDown", "restart-all-instances")
    ck_eq(restarted(before), ["opareta-argus-1", "opareta-argus-2"], "restarted")
    ck_in("accepting connections", s.output(run, "database accepts connections"), "pg_isready")
    ck_in("PONG", s.output(run, "Redis answers"), "redis-cli ping")


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


@scenario("redis", "3: Redis hangs", short=True)
def redis_hangs(s):
    before = starts("redis", "argus-1", "hermes-1")
    s.breaks(lambda: engine.hang("opareta-redis"), ["argus-1", "hermes-1"])
    run = s.repaired("RedisDown", "recover-redis")
    ck_eq(restarted(before), ["opareta-redis"], "restarted")
    ck_eq([step["status"] for step in run["steps"] if step["name"] == "answers"], ["timed_out"],
          "redis-cli ping, before")


@scenario("cache", "3: Redis hangs, and what it comes back with is corrupt")
def cache_is_corrupt(s):
    def spoil():
        engine.docker("exec", "opareta-redis", "redis-cli", "set", "format", "spoiled")
        engine.docker("exec", "opareta-redis", "redis-cli", "save")
        engine.hang("opareta-redis")

    s.breaks(spoil, ["argus-1", "hermes-1"])
    run = s.wait_run("RedisDown", "recover-redis", asks="may the cache be cleared")
    ck_eq([step["status"] for step in run["steps"] if step["name"] == "services are well with it"],
          ["failed"], "services after the restart")
    s.wait_healthy()
    s.wait_resolved()
    ck_eq(engine.docker("exec", "opareta-redis", "redis-cli", "dbsize"), "0", "keys")


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
        s.wait_run("CriticalDiskSpace", "clean-disk-in-an-emergency",
                   asks="may old backups be removed")
        won = machine.free_bytes() - before
        ck(won > 150 * MIB, f"{won} bytes were won")
        ck_eq([path for path in old + new if os.path.exists(path)], new, "files that stay")
        ck_eq(engine.docker("volume", "ls", "-q").split(),
              ["opareta_postgres-argus", "opareta_postgres-hermes", "opareta_redis"], "volumes")
        ck_eq(s.wait_resolved()["attention"], None, "attention")
        s.ck_alone()
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


# What playbookd cannot repair, or does not try to.


@scenario("gone", "2: the instances are gone, a restart cannot work: evidence and people", short=True)
def instances_are_gone(s):
    s.breaks(lambda: engine.docker("rm", "-f", "opareta-argus-1", "opareta-argus-2"),
             ["argus-1", "argus-2"])
    run = s.wait_run("ServiceCompletelyDown", "restart-all-instances", "failed")
    ck_match("restart every instance: exit status 1", run["reason"], "reason")
    ck_evidence(s, run)
    engine.compose("up", "-d", "argus-1", "argus-2")  # the person who was called
    s.wait_healthy()
    s.wait_resolved()


@scenario("both", "2: both services at once: one run, then a person looks for what they have in common")
def both_services_are_down(s):
    names = ["argus-1", "argus-2", "hermes-1", "hermes-2"]
    s.breaks(lambda: [engine.hang("opareta-" + name) for name in names], names)
    first = s.wait_run("ServiceCompletelyDown", "restart-all-instances")["params"]["service"]
    other = {"argus": "hermes", "hermes": "argus"}[first]
    refused = wait_until(lambda: s.daemon.must_get("/api/v1/decisions", decision="too_many_targets")
                         ["decisions"], "the decision about the other one")[0]
    ck_match("max_targets", s.daemon.incident(refused["incidentId"])["attention"], "attention")
    ck(not s.stage.healthy(other + "-1"), f"{other} was restarted, too")
    s.by_hand("restart-all-instances", {"service": other}, force=True)
    s.wait_healthy()
    s.wait_resolved()
    wait_until(lambda: s.daemon.incident(refused["incidentId"])["resolvedAt"], "both resolved", 30)
    s.people = "people called"


def ck_evidence(s, run):
    """The resource evidence of the runbook was collected, and a person is asked for."""
    ck_match(rf"run {run['id']} \(restart-all-instances\) failed", s.incident()["attention"],
             "attention")
    rescue = {step["name"]: step["status"] for step in run["steps"] if step["phase"] == "rescue"}
    for name in ("container load", "disks", "memory", "container status"):
        ck_eq(rescue.get(name), "succeeded", f"rescue step '{name}'")
    ck_in("opareta-redis", s.output(run, "container load"), "docker stats")
    ck_in("/var", s.output(run, "disks"), "df")


@scenario("release", "2: a broken release: verify says so, a person rolls back")
def release_is_broken(s):
    def deploy():
        machine.must("sed", "-i", "s/^ARGUS_VERSION=.*/ARGUS_VERSION=v1.2.0/", machine.ENV_FILE)
        engine.compose("up", "-d", "argus-1", "argus-2")

    s.breaks(deploy, ["argus-1", "argus-2"])
    run = s.wait_run("ServiceCompletelyDown", "restart-all-instances", "failed")
    ck_match("verify: the first answers: did not pass within 1m", run["reason"], "reason")
    ck_evidence(s, run)
    ck_in("cannot read its own configuration", s.output(run, "logs of the first"), "logs")
    s.by_hand("rollback", {"service": "argus"})
    s.wait_healthy()
    s.wait_resolved()
    ck_eq(version_of("argus-1"), "v1.1.0", "version")
    s.by_hand("rollback-to", {"service": "argus", "version": "v1.0.0"})
    ck_eq(version_of("argus-2"), "v1.0.0", "version")
    run = s.by_hand("rollback-to", {"service": "argus", "version": "v0.9.9"}, status="failed")
    ck_in("there is no v0.9.9 of argus", s.output(run, "roll back"), "rollback.sh")
    ck_eq(version_of("argus-2"), "v1.0.0", "version")


def version_of(instance):
    port = {"argus-1": 3001, "argus-2": 3002}[instance]
    return re.search(r"v\d+\.\d+\.\d+", monitoring.ask(port, "/whoami")[1]).group()


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
    s.repaired("NginxDown", "restart-nginx")
    ck_eq(restarted(before), ["opareta-nginx"], "restarted")


@scenario("grafana", "Health endpoints: Grafana hangs")
def grafana_hangs(s):
    before = starts("grafana", "argus-1")
    s.breaks(lambda: engine.hang("opareta-grafana"), ["grafana"])
    s.repaired("GrafanaDown", "restart-grafana")
    ck_eq(restarted(before), ["opareta-grafana"], "restarted")
