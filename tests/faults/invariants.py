"""invariants - what must hold of a store and of the effects of its runs, whatever has happened.

An effect of a step is a line, "run step", in a file outside; each step of a run has one.

    I1  every alert that was answered with 200 has a decision
    I2  a run succeeded if and only if all its effects are there
    I3  no (run, step) has two effects
    I4  no effect without a run
    I5  every run is over
    I6  no group has two open incidents
    I7  the database is whole
    I8  no process is left
"""

import collections

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
    """How often each (run, step) had its effect."""
    effects = collections.Counter()
    for line in read_file(path).splitlines():
        run, step = line.split()
        effects[int(run), step] += 1
    return effects


def ck_acked(db, acked):
    rows = db.execute("SELECT json_extract(e.labels, '$.instance') FROM episode e"
                      " JOIN decision d ON d.incident_id = e.incident_id").fetchall()
    lost = set(acked) - {row[0] for row in rows}
    ck(not lost, f"I1: {len(lost)} of {len(acked)} acknowledged alerts have no decision: {lost}")


def ck_effects(db, effects, also=()):
    """also: what a run may be whatever its effects are."""
    runs = dict(db.execute("SELECT id, status FROM run").fetchall())
    twice = [key for key, count in effects.items() if count > 1]
    ck(not twice, f"I3: {len(twice)} effects happened twice: {twice[:10]}")
    ck(all(run in runs for run, _ in effects), "I4: an effect without a run")
    wrong = []
    for run, status in runs.items():
        whole = all(effects[run, step] for step in STEPS)
        if status not in also and (status != "succeeded" or not whole):
            wrong.append((run, status, [s for s in STEPS if effects[run, s]]))
    ck(not wrong, f"I2, I5: {len(wrong)} runs and their effects disagree: {wrong[:10]}")
    return collections.Counter(runs.values())


# Without a gap, opened first, and its one run queued and ended once.
TIMELINES = """
    SELECT incident_id, group_concat(kind) FROM timeline GROUP BY incident_id
    HAVING count(*) <> max(id) OR sum(kind = 'opened' AND id = 1) <> 1
        OR sum(kind = 'queued') <> 1 OR sum(kind = 'ended') <> 1"""


def ck_store(db, acked):
    groups = db.execute("SELECT count(*) FROM incident WHERE status IN ('firing', 'mitigated')"
                        " GROUP BY group_hash HAVING count(*) > 1").fetchall()
    ck_eq(groups, [], "I6: groups with two open incidents")
    twice = db.execute("SELECT labels FROM incident GROUP BY labels HAVING count(*) > 1").fetchall()
    ck_eq(twice, [], "I6: alerts with two incidents")
    runs = db.execute("SELECT count(DISTINCT incident_id), count(*) FROM run").fetchone()
    ck_eq(runs[0], runs[1], "runs, one for each incident")
    ck(runs[1] >= len(acked), f"{runs[1]} runs for {len(acked)} acknowledged alerts")
    ck_eq(db.execute(TIMELINES).fetchall(), [], "incidents whose timeline is not what happened")
    ck_eq(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "I7: integrity")
    ck_eq(db.execute("PRAGMA foreign_key_check").fetchall(), [], "I7: foreign keys")


def ck_no_process_left():
    def left():
        return [f"{pid} {name_of(pid)}: {command_of(pid)}" for pid in descendants() if alive(pid)]

    wait_until(lambda: not left(), f"I8: the end of {left()}", timeout=10)
