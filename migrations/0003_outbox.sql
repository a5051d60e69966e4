-- What people are told: a row for each endpoint of a receiver, written with what caused it and sent
-- after. At least once: an endpoint knows what it was told already by the row's id.
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY,
	key TEXT NOT NULL,                 -- what it tells; told once to each endpoint
	receiver TEXT NOT NULL,
	endpoint TEXT NOT NULL,            -- its address without secrets; '' when there is none
	incident_id INTEGER,               -- NULL: none
	kind TEXT NOT NULL,                -- initial, escalation, update, resolved, ticket, step
	subject TEXT NOT NULL,
	text TEXT NOT NULL,
	incident TEXT,                     -- the incident when it was written, JSON object
	status TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'failed')),
	attempts INTEGER NOT NULL,         -- how often it was sent or tried
	reason TEXT NOT NULL,              -- why the last attempt failed, for people; or ''
	created_at INTEGER NOT NULL,
	next_at INTEGER NOT NULL,          -- pending: not before
	ended_at INTEGER                   -- when it was sent, or given up
) STRICT;

CREATE UNIQUE INDEX outbox_once ON outbox (key, receiver, endpoint);
CREATE INDEX outbox_pending ON outbox (receiver, endpoint, next_at) WHERE status = 'pending';
CREATE INDEX outbox_incident ON outbox (incident_id) WHERE incident_id IS NOT NULL;

-- The table step again, with the kind 'notify': a CHECK cannot be changed.
CREATE TABLE step_new (
	run_id INTEGER NOT NULL REFERENCES run (id),
	step INTEGER NOT NULL,             -- index in the playbook
	attempt INTEGER NOT NULL,          -- from 1
	phase TEXT NOT NULL CHECK (phase IN ('precheck', 'steps', 'verify', 'rescue')),
	kind TEXT NOT NULL CHECK (kind IN ('run', 'script', 'check', 'wait', 'approve',
		'notify')),
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
