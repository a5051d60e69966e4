-- A person is asked before a run goes on; and max_targets calls a person once for all.

-- One question: may what stands behind this approve step be done? At most one of a run is open.
CREATE TABLE approval (
	run_id INTEGER NOT NULL REFERENCES run (id),
	step INTEGER NOT NULL,             -- index of the approve step in the playbook
	name TEXT NOT NULL,                -- of the step
	message TEXT,                      -- what the person is told
	asked_at INTEGER NOT NULL,         -- or when the clock was set back since
	expires_at INTEGER NOT NULL,       -- the answer must come before, and the run go on
	not_by TEXT,                       -- four_eyes: who asked for the run
	config_hash BLOB NOT NULL,         -- the configuration by which it is asked
	work BLOB NOT NULL,                -- SHA-256 over all that the run would do
	digest BLOB NOT NULL,              -- SHA-256 over run, configuration, step, expiry and work
	decision TEXT CHECK (decision IN ('approved', 'rejected', 'expired', 'void', 'canceled')),
	decided_at INTEGER,
	decided_by TEXT,                   -- NULL: nobody did, the time or a reload
	reason TEXT,                       -- theirs, or what happened
	seal BLOB,                         -- the front's word for it that the operator said so
	PRIMARY KEY (run_id, step),
	CHECK ((decision IS NULL) = (decided_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX approval_open ON approval (run_id) WHERE decision IS NULL;

-- Runs that have begun and do not go on now keep their lock.
CREATE INDEX run_holds ON run (playbook, lock, id)
	WHERE status IN ('queued', 'awaiting_approval') AND started_at IS NOT NULL;

-- Which incident a person was called to when more targets broke than the playbook is for.
CREATE TABLE target_call (
	playbook TEXT PRIMARY KEY,
	incident_id INTEGER NOT NULL REFERENCES incident (id),
	at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The table step again, with the kind 'approve': a CHECK cannot be changed.
CREATE TABLE step_new (
	run_id INTEGER NOT NULL REFERENCES run (id),
	step INTEGER NOT NULL,             -- index in the playbook
	attempt INTEGER NOT NULL,          -- from 1
	phase TEXT NOT NULL CHECK (phase IN ('precheck', 'steps', 'verify', 'rescue')),
	kind TEXT NOT NULL CHECK (kind IN ('run', 'script', 'check', 'wait', 'approve')),
	name TEXT NOT NULL,
	argv TEXT NOT NULL,                -- JSON array
	status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'waiting', 'succeeded', 'failed',
		'timed_out', 'canceled', 'interrupted', 'not_started', 'skipped')),
	reason TEXT NOT NULL,              -- for people; '' when there is nothing to say
	exit_code INTEGER,
	signal INTEGER,
	pid INTEGER,                       -- of the shim
	pid_started INTEGER,               -- field 22 of /proc/PID/stat
	boot_id TEXT,
	started_at INTEGER NOT NULL,
	finished_at INTEGER,
	output_bytes INTEGER NOT NULL,     -- all that was written, kept or not
	PRIMARY KEY (run_id, step, attempt)
) STRICT, WITHOUT ROWID;

INSERT INTO step_new (run_id, step, attempt, phase, kind, name, argv, status, reason, exit_code,
	signal, pid, pid_started, boot_id, started_at, finished_at, output_bytes)
SELECT run_id, step, attempt, phase, kind, name, argv, status, reason, exit_code,
	signal, pid, pid_started, boot_id, started_at, finished_at, output_bytes
FROM step;

DROP TABLE step;
ALTER TABLE step_new RENAME TO step;
