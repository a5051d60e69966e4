# SPDX-License-Identifier: Apache-2.0
"""outages - what playbookd cannot repair: evidence is collected, and people are called."""

import os
import re
import signal

import aftermath
import engine
import scenarios  # noqa: F401  (those come first)
import machine
import monitoring
import people
from harness import ck, ck_eq, ck_in, ck_match, free_port, wait_until, write_file
from people import certificate, epoch
from result import scenario
from test_receivers import Catcher, Hole


def ck_evidence(s, run):
    """The resource evidence of the runbook was collected, and a person is asked for."""
    ck_match(rf"run {run['id']} \(restart-all-instances\) failed", s.incident()["attention"],
             "attention")
    rescue = {step["name"]: step["status"] for step in run["steps"] if step["phase"] == "rescue"}
    for name in ("container load", "disks", "memory", "container status"):
        ck_eq(rescue.get(name), "succeeded", f"rescue step '{name}'")
    ck_in("opareta-redis", s.output(run, "container load"), "docker stats")
    ck_in("/var", s.output(run, "disks"), "df")


@scenario("gone", "2: the instances are gone, a restart cannot work: evidence and people", short=True)
def instances_are_gone(s):
    s.breaks(lambda: engine.docker("rm", "-f", "opareta-argus-1", "opareta-argus-2"),
             ["argus-1", "argus-2"])
    run = s.wait_run("ServiceCompletelyDown", "restart-all-instances", "failed")
    ck_match("restart every instance: exit status 1", run["reason"], "reason")
    ck_evidence(s, run)
    s.ck_failing("argus-1", "argus-2")
    wait_until(lambda: s.stage.people.counts()["tech-lead"] == (1, 1), "the tech lead to be told")
    ck(s.incident()["nextEscalationAt"], "nobody would be called next")
    aftermath.acknowledge(s)
    aftermath.write_down(s)
    engine.compose("up", "-d", "argus-1", "argus-2")  # the person who was called
    s.wait_healthy()
    s.wait_resolved()
    tell_raised(s, ["L2", "L3"], "argus", [rf"run {run['id']} .* failed: restart every.*"],
                root_cause=aftermath.ROOT_CAUSE, resolution=aftermath.RESOLUTION,
                follow_up=aftermath.FOLLOW_UP)
    aftermath.finish(s)


def tell_raised(s, levels, services, reasons, severity="Critical", **end):
    """The first level got the runbook's template, each further one why it was called, all the end."""
    incident = s.incident()
    ck_eq([e["level"] for e in incident["escalations"]], levels, "levels")
    s.tell(people.LEVELS[levels[0]], s.initial(incident, services, severity))
    for level, reason in zip(levels[1:], reasons):
        s.tell(people.LEVELS[level], people.escalation(incident, level, reason, services, severity))
    for level in levels:
        s.tell(people.LEVELS[level], people.resolved(incident, **end))


SERVICES = re.compile("(argus|hermes|nginx)(, (argus|hermes|nginx))*")


def tell_together(s, level, told_of, count):
    """One message for all of them, of the level that the rule calls; then the end of each."""
    ids = ", ".join(str(one["id"]) for one in told_of)
    reasons = {e["reason"] for one in told_of for e in one["escalations"] if e["level"] == level}
    ck_eq(len(reasons), 1, f"reasons of {level} for {ids}: {reasons}")
    ck_match(rf"^{count} firing at the same time \(service\): ", next(iter(reasons)), "reason")
    s.tell(people.LEVELS[level], people.Wanted("escalation", people.filled(
        people.ESCALATION, details=people.DETAILS, level=level, title=re.compile(".*"), time=re.compile(people.MINUTE),
        reason=next(iter(reasons)), severity="Critical", services=SERVICES,
        status=re.compile("Investigating, for .*"), next_update=re.compile(people.MINUTE),
        incidents=re.compile("; ".join(rf"{one['id']} [^;]*" for one in told_of)))),
        *map(people.resolved_of, told_of))


def both_at_once(s):
    """Both services are down: the first is restarted, then a person looks for what they have in
    common, and starts the other one by hand."""
    first = s.wait_run("ServiceCompletelyDown", "restart-all-instances")["params"]["service"]
    other = {"argus": "hermes", "hermes": "argus"}[first]
    refused = wait_until(lambda: s.daemon.must_get("/api/v1/decisions", decision="too_many_targets")
                         ["decisions"], "the decision about the other one")[0]["incidentId"]
    ck_match("max_targets", s.daemon.incident(refused)["attention"], "attention")
    ck(not s.stage.healthy(other + "-1"), f"{other} was restarted, too")
    s.order(f"incidents/{refused}/acknowledge")
    s.by_hand("restart-all-instances", {"service": other}, force=True)
    s.wait_healthy()
    wait_all_resolved(s)
    s.people = "people called"
    return services_of(s)


def wait_all_resolved(s):
    wait_until(lambda: all(i["resolvedAt"] for i in s.incidents()), "all to be resolved", 60)
    s.wait_resolved()


def services_of(s):
    """The incidents of services that are completely down."""
    return [one for one in s.incidents() if one["playbook"] == "restart-all-instances"]


def tell_seniors(s, services):
    for one in services:
        s.tell("senior-engineer", people.initial(one, SERVICES, "Critical", monitoring.UPDATE_S),
               people.resolved_of(one))


@scenario("both", "2: both services at once: L3; one run, then a person looks for what they have in common")
def both_services_are_down(s):
    names = ["argus-1", "argus-2", "hermes-1", "hermes-2"]
    s.breaks(lambda: [engine.hang("opareta-" + name) for name in names], names)
    services = both_at_once(s)
    tell_seniors(s, services)
    tell_together(s, "L3", services, 2)


@scenario("cache", "3: Redis hangs, and what it comes back with is corrupt: both services stay down")
def cache_is_corrupt(s):
    def spoil():
        engine.docker("exec", "opareta-redis", "redis-cli", "set", "format", "spoiled")
        engine.docker("exec", "opareta-redis", "redis-cli", "save")
        engine.hang("opareta-redis")

    s.breaks(spoil, ["argus-1", "hermes-1"])
    # Redis is back before its services are, so these are alerts of their own by then.
    run = s.wait_run("RedisDown", "recover-redis", asks="may the cache be cleared")
    ck_eq([step["status"] for step in run["steps"] if step["name"] == "services are well with it"],
          ["failed"], "services after the restart")
    s.wait_healthy()
    wait_all_resolved(s)
    ck_eq(engine.docker("exec", "opareta-redis", "redis-cli", "dbsize"), "0", "keys")
    s.tell("tech-lead", s.initial(s.incident(), "redis"), people.resolved_of(s.incident()))
    tell_seniors(s, services_of(s))
    tell_together(s, "L3", services_of(s), 2)


@scenario("outage", "all is down: both services and Nginx before them: L4")
def all_is_down(s):
    names = ["argus-1", "argus-2", "hermes-1", "hermes-2"]

    def hang():
        for pid in [*engine.processes_in("opareta-nginx"),
                    *(engine.pid_of("opareta-" + name) for name in names)]:
            os.kill(pid, signal.SIGSTOP)

    s.breaks(hang, [*names, "nginx"])
    services = both_at_once(s)
    tell_seniors(s, services)
    tell_together(s, "L3", services, 2)
    tell_together(s, "L4", s.incidents(), 3)
    nginx = next(one for one in s.incidents() if one["playbook"] == "restart-nginx")
    s.tell("tech-lead", people.initial(nginx, SERVICES, "Critical", monitoring.UPDATE_S),
           people.resolved_of(nginx))


# A remedy takes its time here, while people are called so much faster: either may come first.
NOBODY_OR_FAILED = r"(nobody acknowledged within \S+ of L\d|run \d+ .* failed: .*)"


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
    tell_raised(s, ["L2", "L3", "L4"], "argus", [NOBODY_OR_FAILED] * 2)
    run = s.by_hand("rollback-to", {"service": "argus", "version": "v0.9.9"}, status="failed")
    ck_in("there is no v0.9.9 of argus", s.output(run, "roll back"), "rollback.sh")
    ck_eq(version_of("argus-2"), "v1.0.0", "version")


def version_of(instance):
    port = {"argus-1": 3001, "argus-2": 3002}[instance]
    return re.search(r"v\d+\.\d+\.\d+", monitoring.ask(port, "/whoami")[1]).group()


@scenario("chain", "1: an instance is gone, and nobody answers: L1 to L4, and the promised update")
def nobody_answers(s):
    s.breaks(lambda: engine.docker("rm", "-f", "opareta-argus-1"), ["argus-1"])
    run = s.wait_run("ServiceInstanceDown", "restart-instance", "failed")
    wait_until(lambda: len(s.incident()["escalations"]) == 4, "all levels to be called", timeout=150)
    ck_eq(s.incident()["nextEscalationAt"], None, "the next escalation after the last level")
    promised = s.incident()["nextUpdateAt"]
    update = rf"(?s)\[UPDATE\] .*\nTime: {people.minute(promised)}\n.*Status: Investigating\n.*"
    for name in people.RECEIVERS:
        texts = wait_until(lambda: [text for text in s.stage.people.mailed(name)
                                    if re.fullmatch(update, text)],
                           f"the update for {name} at {promised}", timeout=150)
        ck_eq(len(texts), 1, f"updates for {name}")
    aftermath.acknowledge(s)
    engine.compose("up", "-d", "argus-1")
    s.wait_healthy()
    s.wait_resolved()
    tell_raised(s, ["L1", "L2", "L3", "L4"], "argus",
                [rf"run {run['id']} .* failed: restart the instance.*",
                 "nobody acknowledged within 40s of L2", "nobody acknowledged within 1m of L3"],
                "Warning")


# People who cannot be told.

BAD = ("refused", "hanging", "angry", "untrusted")


def with_bad_receivers(text, stage):
    """The senior engineer has four more ways of being told, none of which works."""
    angry, untrusted = Catcher(500), Catcher(cert=certificate(stage, "untrusted.example"))
    hole = Hole()
    stage.things += [angry, untrusted, hole]
    urls = (f"http://127.0.0.1:{free_port()}/", f"http://127.0.0.1:{hole.port}/", angry.url,
            untrusted.url)
    more = "".join(f"  - name: {name}\n    webhook_configs: [{{ url: '{url}', timeout: 5s }}]\n"
                   for name, url in zip(BAD, urls))
    return text.replace("receivers:\n", "receivers:\n" + more, 1).replace(
        "receivers: [senior-engineer]", f"receivers: [{', '.join(BAD)}, senior-engineer]")


@scenario("receivers", "people who cannot be told (refused, hanging, 500, TLS) delay nothing",
          change=with_bad_receivers)
def bad_receivers(s):
    s.deaf = BAD
    s.breaks(lambda: [engine.hang("opareta-argus-1"), engine.hang("opareta-argus-2")],
             ["argus-1", "argus-2"])
    run = s.repaired("ServiceCompletelyDown", "restart-all-instances")
    s.tell_begin_and_end("senior-engineer", "argus", resolution=s.helped(run))
    rows = {n["receiver"]: n for n in s.incident()["notifications"] if n["kind"] == "initial"}
    ck(epoch(rows["senior-engineer"]["sentAt"]) - epoch(rows["senior-engineer"]["createdAt"]) < 3,
       f"those who can be told had to wait: {rows['senior-engineer']}")
    for name, reason in zip(BAD, ("refused|connect", "time", "500", "certificate|TLS|SSL")):
        ck_eq(rows[name]["status"], "pending", name)
        ck_match(f"(?i){reason}", rows[name]["reason"], f"reason of {name}")
    without = s.stage.took.get("service")
    if without:
        ck(s.times["run took"] < without + 5,
           f"{s.times['run took']} s, and {without} s without bad receivers")
        s.people = f"repaired (without them the run took {without:.1f} s)"


# What goes down and stays down.


def ck_nothing_hangs(s):
    """Every run is over, and playbookd does whatever it is asked."""
    for status in ("queued", "running", "awaiting_approval"):
        ck_eq(s.daemon.must_get("/api/v1/runs", status=status)["runs"], [], f"runs that are {status}")
    ck_eq(set(s.daemon.roles()), {"executor", "core", "front", "egress"}, "roles")


def stays_down(s, alertname, playbook, evidence):
    """The run gives up, with evidence, and people are called; nothing waits for anything."""
    run = s.wait_run(alertname, playbook, "failed")
    ck(s.times["run took"] < 180, f"the run took {s.times['run took']} s")
    for step, pattern in evidence.items():
        ck_match(pattern, s.output(run, step), f"evidence of '{step}'")
    ck_match(rf"run {run['id']} \({playbook}\) failed", s.incident()["attention"], "attention")
    ck_nothing_hangs(s)
    return run


def came_back(s):
    """After people have repaired it."""
    s.wait_healthy()
    s.wait_resolved()
    s.ck_alone()


def kill_first(container):
    os.kill(engine.pid_of(container), signal.SIGKILL)


@scenario("stays-redis", "3: Redis cannot start, its file is broken: evidence, L3 and L4")
def redis_stays_down(s):
    path = "/var/lib/docker/volumes/opareta_redis/_data/dump.rdb"

    def spoil():
        write_file(path, "no file of Redis\n", 0o644)
        kill_first("opareta-redis")

    try:
        s.breaks(spoil, ["argus-1", "hermes-1"])
        stays_down(s, "RedisDown", "recover-redis", {
            "its logs since the restart": "Wrong signature trying to load DB",
            "container status": "opareta-redis", "memory": "Mem:", "disks": "/var"})
    finally:
        os.unlink(path)
        engine.compose("up", "-d", "redis")
    came_back(s)
    tell_raised(s, ["L3", "L4"], "redis", [NOBODY_OR_FAILED])


@scenario("stays-postgres", "3: PostgreSQL cannot start, its files are broken: evidence, L2 to L4")
def postgres_stays_down(s):
    path = "/var/lib/docker/volumes/opareta_postgres-argus/_data/data/global/pg_control"

    def spoil():
        os.rename(path, path + ".away")
        kill_first("opareta-postgres-argus")

    try:
        s.breaks(spoil, ["argus-1", "argus-2"])
        stays_down(s, "PostgresDown", "recover-postgres", {
            "its logs since the restart": "pg_control", "container status": "opareta-postgres-argus",
            "memory": "Mem:", "disks": "/var", "backups that there are": "total"})
    finally:
        os.rename(path + ".away", path)
        engine.compose("up", "-d", "postgres-argus")
    came_back(s)
    tell_raised(s, ["L2", "L3", "L4"], "argus", [NOBODY_OR_FAILED] * 2)


ALL_ENDPOINTS = ["nginx", "argus-1", "argus-2", "hermes-1", "hermes-2"]


@scenario("stays-docker", "4: the Docker engine cannot start: evidence, L4")
def docker_stays_down(s):
    path = "/etc/docker/daemon.json"

    def spoil():
        write_file(path, "{ no JSON\n", 0o644)
        engine.crash(s.stage.cgroup)

    try:
        s.breaks(spoil, ALL_ENDPOINTS)
        stays_down(s, "HostDown", "recover-host", {
            "one can log in": "Mem:", "bring up the application": "(?i)docker",
            "what the operator has to do": "opareta-1 could not be recovered from here"})
    finally:
        os.unlink(path)
        engine.start()
        engine.compose("up", "-d")
    came_back(s)
    tell_raised(s, ["L4"], "host", [])


@scenario("unreachable", "4: nothing of the host answers, nor does its sshd: evidence, L4")
def host_is_unreachable(s):
    sshd = s.stage.process("sshd")
    s.breaks(lambda: (sshd.kill(signal.SIGSTOP), engine.crash(s.stage.cgroup)), ALL_ENDPOINTS)
    try:
        run = stays_down(s, "HostDown", "recover-host", {
            "one can log in": "timed out",
            "what the operator has to do": "Provision a new server",
            "does it answer at all": "^"})
        ck_eq([step["status"] for step in run["steps"] if step["name"] == "one can log in"],
              ["failed"] * 3, "attempts")
    finally:
        sshd.kill(signal.SIGCONT)
        engine.start()
        engine.compose("up", "-d")
    came_back(s)
    tell_raised(s, ["L4"], "host", [])
