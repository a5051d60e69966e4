# SPDX-License-Identifier: Apache-2.0
"""The disk: full, nearly full, failing, or with a store on it that cannot be used."""

import os
import signal
import sqlite3
import subprocess

from harness import (
    READY, alert, ck, ck_decisions, ck_eq, ck_error, ck_match, ck_status, delivery, wait_until,
)
from strace import Injection

EMPTY = "playbooks: []\n"
CONFIG = """
playbooks:
  - name: long
    matchers: ['alertname="Down"']
    steps:
      - name: one
        script: |
          head -c 100000 /dev/zero | tr '\\0' x
          echo $$ > %(dir)s/child
          while ! test -e %(dir)s/go; do sleep 0.05; done
          echo the end
      - { name: two, run: [touch, %(dir)s/two] }
"""
SMALL = ("--storage.min-free=2MB",)
FULL = r'msg="the disk is nearly full'


class Disk:
    """A small file system at path: what goes wrong there goes wrong nowhere else."""

    def __init__(self, path, size):
        self.path = path
        self.reserve = os.path.join(path, "data/reserve")
        self.filler = os.path.join(path, "filler")
        os.makedirs(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", path],
                       check=True)

    def free(self):
        stat = os.statvfs(self.path)
        return stat.f_bavail * stat.f_frsize

    def fill(self, leave=0):
        """Until not more than leave is free."""
        with open(self.filler, "ab") as f:
            while (room := self.free() - leave) > 0:
                try:
                    os.write(f.fileno(), bytes(min(room, 1 << 20)))
                except OSError:
                    return

    def empty(self):
        os.unlink(self.filler)

    def end(self):
        subprocess.run(["umount", "-l", self.path], check=True)


def small_daemon(t, config=EMPTY, size="40m", **more):
    disk = Disk(t.path("disk"), size)
    t.things.append(disk)
    d = t.daemon(config, storage="disk/data", flags=SMALL, **more)
    wait_until(lambda: os.path.exists(disk.reserve), "the reserve")
    return disk, d


def metric(d, name):
    return float(dict(line.rsplit(" ", 1) for line in d.get("/metrics").body.decode().splitlines()
                      if not line.startswith("#"))[name])


def degraded(d):
    return metric(d, "playbookd_storage_degraded") == 1


def test_what_runs_on_a_full_disk_is_written_down_and_all_goes_on_when_there_is_room(t):
    """F05, F06: the reserve is given up for it."""
    disk, d = small_daemon(t, CONFIG % {"dir": t.folder})
    run_id = d.must_post(delivery(alert("Down")))["decisions"][0]["runId"]
    wait_until(lambda: t.read("child"), "the step")
    disk.fill()
    mark = d.mark()
    wait_until(lambda: degraded(d), "degraded")
    refused = d.post(delivery(alert("Other")))
    ck_error(refused, 503, r"^the disk is nearly full \(0\.0 MiB are free")
    ck(int(refused.headers["Retry-After"]) > 0, "no Retry-After")
    ck_status(d.get("/-/ready"), 503)
    ck_status(d.get("/-/healthy"), 200)
    ck_eq(d.run(run_id)["status"], "running", "run, read from a full disk")
    t.write("go", "")
    run = d.wait_run(run_id)
    ck(not os.path.exists(disk.reserve), "the reserve was not needed: the test shows nothing")
    d.wait_log('msg="the disk is full: the reserve is given up"', after=mark)
    ck_eq(run["status"], "succeeded", f"run {run}")
    ck(d.output(run_id, 0)[:4] == b"xxxx", "its output is gone")
    wait_until(lambda: os.path.exists(t.path("two")), "the second step")
    ck_error(d.post(delivery(alert("Other"))), 503, "nearly full")
    disk.empty()
    wait_until(lambda: d.post(delivery(alert("Other"))).status == 200, "room again")
    wait_until(lambda: os.path.exists(disk.reserve), "a new reserve")
    ck_status(d.get("/-/ready"), 200)
    ck_eq(metric(d, "playbookd_storage_degraded"), 0, "degraded")
    ck(metric(d, "playbookd_storage_free_bytes") > 1 << 20, "free")


def test_with_little_room_nothing_new_is_taken_in_but_all_else_works(t):
    """F08: said once, and no run that waits is started."""
    disk, d = small_daemon(t)
    data = d.must_post(delivery(alert("Down")))
    ck_decisions(data, ["unmatched"])
    mark = d.mark()
    disk.fill(leave=1 << 20)
    wait_until(lambda: d.post(delivery(alert("Down"))).status == 503, "503")
    d.wait_log(FULL, after=mark)
    for n in range(3):
        ck_error(d.post(delivery(alert("Down", n=str(n)))), 503, r"nearly full \([01]\.\d MiB")
    ck_eq(d.incident(data["decisions"][0]["incidentId"])["title"], "Down", "incident")
    ck(os.path.exists(disk.reserve), "the reserve is gone")
    disk.empty()
    d.wait_log('msg="the disk has room again"', after=mark)
    d.must_post(delivery(alert("Down", n="1")))
    ck_eq(d.log_text().count('msg="the disk is nearly full'), 1, "how often it was said")


def test_a_start_on_a_full_disk_gives_the_reserve_up_and_serves_reads(t):
    disk, d = small_daemon(t)
    incident = d.must_post(delivery(alert("Down")))["decisions"][0]["incidentId"]
    ck_eq(d.stop(), 0, "exit status")
    disk.fill()
    d = t.daemon(EMPTY, storage="disk/data", flags=SMALL, name="again")
    ck_eq(d.incident(incident)["status"], "firing", "incident")
    ck_error(d.post(delivery(alert("Down", n="2"))), 503, "nearly full")
    disk.empty()
    wait_until(lambda: d.post(delivery(alert("Down", n="2"))).status == 200, "room again")


def failing(call):
    """The n-th such call of the core fails while a delivery is taken in. It may be durable or not:
    either way the sender is told 503, tries again, and there is one run."""

    def test(t):
        d = t.daemon(CONFIG % {"dir": t.folder})
        t.write("go", "")
        body = delivery(alert("Down"))
        mark = d.mark()
        injection = Injection(t, d.roles()["core"], call)
        ck_error(d.post(body), 503, ".")
        ck(injection.hits() > 0, "the call was not made")
        d.wait_log(READY, after=mark)
        injection.end()
        wait_until(lambda: d.post(body).status == 200, "200")
        runs = wait_until(lambda: [r for r in d.must_get("/api/v1/runs")["runs"]
                                   if r["finishedAt"]], "the run's end")
        ck_eq([r["status"] for r in runs], ["succeeded"], "runs")
        ck_eq(len(d.must_get("/api/v1/incidents")["incidents"]), 1, "incidents")
        ck_match("the store failed; the core ends and is started again", d.log_text(), "log")

    return test


test_a_sync_that_fails_is_503_and_the_retry_no_second_run = failing("fdatasync:error=EIO:when=1")
test_a_write_that_fails_is_503_and_the_retry_no_second_run = failing("pwrite64:error=EIO:when=1")
test_a_write_without_room_is_503_and_the_retry_no_second_run = failing(
    "pwrite64:error=ENOSPC:when=1")


def wrong_store(t, make, sentence):
    """A daemon on that database ends by itself with 3 and touches nothing."""
    path = t.path("data/playbookd.db")
    os.makedirs(t.path("data"), 0o700)
    make(path)
    with open(path, "rb") as f:
        before = f.read()
    d = t.daemon_raw(EMPTY)
    ck_eq(d.wait_exit(), 3, "exit status")
    with open(path, "rb") as f:
        ck(f.read() == before, "the file was changed")
    ck_eq(d.log_text().count("the store cannot be used"), 1, "how often it was said")
    ck_match(sentence, d.log_text(), "log")


def make_store(path, *statements):
    db = sqlite3.connect(path, isolation_level=None)
    for sql in statements:
        db.execute(sql)
    db.close()


def test_a_store_from_the_future_ends_the_daemon_and_is_not_changed(t):
    wrong_store(t, lambda path: make_store(path, "CREATE TABLE t (x)", "PRAGMA user_version = 99"),
                "the database has version 99, this program knows only ")


def test_a_store_of_another_program_ends_the_daemon_and_is_not_changed(t):
    wrong_store(t, lambda path: make_store(path, "CREATE TABLE t (x)"),
                "the database was not made by this program")


def test_a_file_that_is_no_database_ends_the_daemon_and_is_not_changed(t):
    def make(path):
        with open(path, "wb") as f:
            f.write(b"no database at all " * 1000)

    wrong_store(t, make, "file is not a database")


def damage(path):
    """Of all pages but the first."""
    size = os.stat(path).st_size
    with open(path, "r+b") as f:
        for at in range(4096, size, 4096):
            f.seek(at)
            f.write(b"\xff" * 100)


def test_a_damaged_store_ends_the_daemon_and_is_not_changed(t):
    """F09: a person decides what becomes of it."""
    first = t.daemon(EMPTY)
    first.must_post(delivery(alert("Down")))
    ck_eq(first.stop(), 0, "exit status")
    damage(os.path.join(first.storage, "playbookd.db"))
    second = t.daemon_raw(EMPTY, name="second")
    ck_eq(second.wait_exit(), 3, "exit status")
    ck_match("the store cannot be used.*malformed|the store cannot be used.*damaged",
             second.log_text(), "log")


def test_a_store_damaged_while_it_is_used_ends_the_daemon(t):
    d = t.daemon(EMPTY)
    d.must_post(delivery(alert("Down")))
    os.kill(d.roles()["core"], signal.SIGKILL)
    wait_until(lambda: d.get("/-/ready").status == 200, "the next core")
    db = sqlite3.connect(os.path.join(d.storage, "playbookd.db"))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    damage(os.path.join(d.storage, "playbookd.db"))
    os.kill(d.roles()["core"], signal.SIGKILL)
    ck_eq(d.wait_exit(), 3, "exit status")
