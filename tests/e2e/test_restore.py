# SPDX-License-Identifier: Apache-2.0
"""A backup is restored beside newer folders of runs: what the store does not know of is told."""

import os
import shutil
import sqlite3

from harness import alert, ck, ck_eq, ck_in, ck_match, ck_status, delivery, limit, wait_until

CONFIG = """
playbooks:
  - name: hold
    matchers: ['alertname="Hold"']
    steps: [{{ name: n, script: 'while ! test -e {go}; do sleep 0.05; done; echo x >> {done}' }}]
  - name: p
    matchers: ['alertname="Down"']
    incident: {{ group_by: [n] }}
    steps: [{{ name: n, run: [echo, hello] }}]
"""


def down(n):
    return delivery(alert("Down", n=str(n)))


def back_up(d, path):
    source, target = sqlite3.connect(os.path.join(d.storage, "playbookd.db")), sqlite3.connect(path)
    source.backup(target)
    source.close()
    target.close()


def restore(d, path):
    """The daemon is killed, and the backup put in the store's place; the folders stay."""
    d.kill()
    d.wait_exit()
    for suffix in ("", "-wal", "-shm"):
        name = os.path.join(d.storage, "playbookd.db" + suffix)
        if os.path.exists(name):
            os.unlink(name)
    shutil.copy(path, os.path.join(d.storage, "playbookd.db"))


def orphans(d):
    return [line for line in d.get("/metrics").body.decode().split("\n")
            if line.startswith("playbookd_orphan_runs ")]


def incidents(d):
    return [i for i in d.must_get("/api/v1/incidents")["incidents"] if i["title"].startswith("runs that")]


@limit(60)
def test_runs_that_a_restored_store_does_not_know_of_are_told_once_and_left_alone(t):
    d = t.daemon(CONFIG.format(go=t.path("go"), done=t.path("done")))
    d.must_run(down(1))
    back_up(d, t.path("backup.db"))
    d.must_run(down(2))
    d.must_run(down(3))
    held = d.must_post(delivery(alert("Hold")))["decisions"][0]["runId"]
    wait_until(lambda: [s["status"] for s in d.run(held)["steps"]] == ["running"], "the step")
    restore(d, t.path("backup.db"))
    os.rename(os.path.join(d.storage, "runs", "3"), os.path.join(d.storage, "runs", "30"))
    for name in ("0", "031", "x", "9" * 19, "9" * 40):
        os.mkdir(os.path.join(d.storage, "runs", name))

    d = t.daemon(None, name="restored")
    ck_eq(orphans(d), ["playbookd_orphan_runs 3"], "metric")
    d.wait_log("level=ERROR role=core msg=\"runs that the store does not know of: 2, 4, 30\"")
    incident, = incidents(d)
    ck_eq(incident["title"], "runs that the store does not know of: 2, 4, 30", "title")
    ck_match(r"^a step still runs, and is left alone, of run 4; nobody knows .* remove their "
             "folders", incident["attention"], "attention")
    kinds = [e["kind"] for e in d.must_get(f"/api/v1/incidents/{incident['id']}/timeline")["timeline"]]
    ck_eq(kinds[0], "opened", "timeline")
    ck_in("attention", kinds, "timeline")
    run = d.must_run(down(2))
    ck_eq((run["id"], run["status"]), (31, "succeeded"), "the next run")
    ck(not os.path.exists(t.path("done")), "the step of the orphan goes on")
    t.write("go", "")
    wait_until(lambda: os.path.exists(t.path("done")), "the step to end by itself")

    d.stop()
    d = t.daemon(None, name="again")
    ck_eq((len(incidents(d)), orphans(d)), (1, ["playbookd_orphan_runs 3"]), "told once")
    ck_status(d.request("POST", f"/api/v1/incidents/{incident['id']}/close", {}, operator=True), 200)
    d.stop()
    d = t.daemon(None, name="closed")
    ck_eq((len(incidents(d)), orphans(d)), (1, ["playbookd_orphan_runs 3"]), "told once")
    d.stop()
    for name in ("2", "4", "30"):
        shutil.rmtree(os.path.join(d.storage, "runs", name))
    d = t.daemon(None, name="removed")
    ck_eq((len(incidents(d)), orphans(d)), (1, ["playbookd_orphan_runs 0"]), "removed")
    ck_eq(d.must_run(down(5))["id"], 32, "the next run")


@limit(60)
def test_an_empty_store_beside_old_folders_works(t):
    d = t.daemon(CONFIG.format(go=t.path("go"), done=t.path("done")))
    for n in range(3):
        d.must_run(down(n))
    d.stop()
    for name in os.listdir(d.storage):
        if name.startswith("playbookd.db"):
            os.unlink(os.path.join(d.storage, name))
    d = t.daemon(None, name="empty")
    ck_eq([i["title"] for i in incidents(d)], ["runs that the store does not know of: 1 to 3"],
          "title")
    run = d.must_run(down(1))
    ck_eq((run["id"], run["status"]), (4, "succeeded"), "the next run")
