# SPDX-License-Identifier: Apache-2.0
"""invariants - what must hold of a store and of the effects of its runs, whatever has happened.

An effect of a step is a line, "run step instance", in a file outside; each step of a run has one.

    I1  every alert that was answered with 200 has a decision
    I2  a run succeeded if and only if all its effects are there
    I3  no (run, step) has two effects, nor has a step for an alert; no incident has two runs
    I4  no effect without a run
    I5  every run is over
    I6  no group has two open incidents
    I7  the database is whole, and so is the chain of what people ordered; every order that was
        answered with 200 is in it, and none twice
    I8  no process is left
"""

import collections
import hashlib
import json
import os
import sqlite3

from harness import alive, ck, ck_eq, command_of, read_file, wait_until
from processes import descendants, name_of

STEPS = ("one", "two")


def wait_all_over(d):
    """Nothing is queued, nothing runs."""

    def over():
        return not any(d.must_get("/api/v1/runs", status=status, limit=1)["runs"]
                       for status in ("queued", "running", "verifying"))

    wait_until(over, "the end of all runs", timeout=60)


def read_effects(path):
    """How often each (run, step, instance) had its effect."""
    effects = collections.Counter()
    for line in read_file(path).rpartition("\n")[0].splitlines():
        run, step, instance = line.split()
        effects[int(run), step, instance] += 1
    return effects


def ck_no_effect_twice(effects):
    of_run, of_alert = collections.Counter(), collections.Counter()
    for (run, step, instance), count in effects.items():
        of_run[run, step] += count
        of_alert[instance, step] += count
    for whose, counts in (("a run", of_run), ("an alert", of_alert)):
        twice = [key for key, count in counts.items() if count > 1]
        ck(not twice, f"I3: {len(twice)} effects of {whose} happened twice: {twice[:10]}")


def ck_acked(db, acked):
    rows = db.execute("SELECT json_extract(e.labels, '$.instance') FROM episode e"
                      " JOIN decision d ON d.incident_id = e.incident_id").fetchall()
    lost = set(acked) - {row[0] for row in rows}
    ck(not lost, f"I1: {len(lost)} of {len(acked)} acknowledged alerts have no decision: {lost}")


def ck_none_twice(db):
    groups = db.execute("SELECT count(*) FROM incident WHERE status IN ('firing', 'mitigated')"
                        " GROUP BY group_hash HAVING count(*) > 1").fetchall()
    ck_eq(groups, [], "I6: groups with two open incidents")
    twice = db.execute("SELECT labels FROM incident GROUP BY labels HAVING count(*) > 1").fetchall()
    ck_eq(twice, [], "I6: alerts with two incidents")
    twice = db.execute("SELECT incident_id FROM run GROUP BY 1 HAVING count(*) > 1").fetchall()
    ck_eq(twice, [], "I3: incidents with two runs")


def ck_safe(db, acked, effects):
    """What must hold at any time. acked and effects are older than what db shows."""
    ck_no_effect_twice(effects)
    runs = {row[0] for row in db.execute("SELECT id FROM run")}
    ck(all(run in runs for run, _, _ in effects), "I4: an effect without a run")
    ck_acked(db, acked)
    ck_none_twice(db)


def ck_over(db, effects, also=()):
    """also: what a run may be whatever its effects are."""
    runs = dict(db.execute("SELECT id, status FROM run").fetchall())
    had = {(run, step) for run, step, _ in effects}
    wrong = []
    for run, status in runs.items():
        whole = all((run, step) in had for step in STEPS)
        if status not in also and (status != "succeeded" or not whole):
            wrong.append((run, status, [step for step in STEPS if (run, step) in had]))
    ck(not wrong, f"I2, I5: {len(wrong)} runs and their effects disagree: {wrong[:10]}")
    return collections.Counter(runs.values())


# Without a gap, opened first, and each of its runs queued and ended once.
TIMELINES = """
    SELECT t.incident_id, group_concat(t.kind) FROM timeline t GROUP BY t.incident_id
    HAVING count(*) <> max(t.id) OR sum(t.kind = 'opened' AND t.id = 1) <> 1
        OR sum(t.kind = 'queued') <> (SELECT count(*) FROM run WHERE incident_id = t.incident_id)
        OR sum(t.kind = 'ended') <> (SELECT count(*) FROM run WHERE incident_id = t.incident_id)"""


def ck_store(db, wanted):
    """wanted: how many alerts that want a run were acknowledged."""
    runs = db.execute("SELECT count(*) FROM run").fetchone()[0]
    ck(runs >= wanted, f"I1: {runs} runs for {wanted} acknowledged alerts")
    ck_eq(db.execute(TIMELINES).fetchall(), [], "incidents whose timeline is not what happened")
    ck_eq(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "I7: integrity")
    ck_eq(db.execute("PRAGMA foreign_key_check").fetchall(), [], "I7: foreign keys")


def ck_audit(db, ordered):
    """ordered: the texts of notes that were answered with 200. The chain by include/store/audits.h,
    computed here and not by the daemon."""
    prev = bytes(32)
    rows = db.execute("SELECT id, at, principal, action, object, arguments, prev, hash FROM audit"
                      " ORDER BY id").fetchall()
    for n, row in enumerate(rows, 1):
        fields = [str(field).encode() for field in row[:6]]
        digest = hashlib.sha256(prev + b"".join(b"%d:%s," % (len(f), f) for f in fields)).digest()
        ck(row[0] == n and row[6] == prev and row[7] == digest, f"I7: audit row {row}, expected {n}")
        prev = digest
    said = collections.Counter(json.loads(row[5])["text"] for row in rows)
    wrong = [(text, said[text]) for text in ordered if said[text] != 1]
    ck(not wrong, f"I7: orders that are not once in the audit: {wrong[:10]}")
    twice = [text for text, count in said.items() if count > 1]
    ck(not twice, f"I7: orders carried out twice: {twice[:10]}")


def ck_no_process_left():
    def left():
        return [f"{pid} {name_of(pid)}: {command_of(pid)}" for pid in descendants() if alive(pid)]

    wait_until(lambda: not left(), f"I8: the end of {left()}", timeout=10)


def look(daemon, acked, effects):
    """While it runs. The store is opened for reading only: whoever may write would tidy it up."""
    path = os.path.join(daemon.storage, "playbookd.db")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        ck_safe(db, acked, effects)
    finally:
        db.close()


def look_at_what_is_left(daemon, acked, effects):
    """It came to a halt. What is worse than that is said instead."""
    try:
        look(daemon, acked, effects)
    except sqlite3.Error:
        pass


def ck_all(daemon, acked, wanted, effects, also=()):
    """When all is over. Returns how many runs ended in which status."""
    db = daemon.store()
    try:
        ck_safe(db, acked, effects)
        statuses = ck_over(db, effects, also)
        ck_store(db, wanted)
        statuses["attempts stopped before they ran"] = db.execute(
            "SELECT count(*) FROM step WHERE status = 'not_started'").fetchone()[0]
    finally:
        db.close()
    ck_no_process_left()
    return dict(statuses)


def ck_orders(daemon, ordered):
    """When all is over, too."""
    db = daemon.store()
    try:
        ck_audit(db, ordered)
    finally:
        db.close()
