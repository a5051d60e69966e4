-- Everything that playbookd remembers. Times are milliseconds since 1970 UTC, NULL when not set.
-- Ids sort by age. Words in CHECK are those of the state machines in domain/.

-- One webhook POST, as it came.
CREATE TABLE delivery (
	id INTEGER PRIMARY KEY,
	received_at INTEGER NOT NULL,
	principal TEXT NOT NULL,           -- who sent it
	external_url TEXT NOT NULL,        -- which Alertmanager: HA twins differ here
	receiver TEXT NOT NULL,
	group_key TEXT NOT NULL,
	notification_reason TEXT NOT NULL, -- '' before Alertmanager 0.32
	alerts INTEGER NOT NULL,           -- how many it carried
	truncated INTEGER NOT NULL,        -- how many Alertmanager cut from it
	replay_of INTEGER,                 -- the delivery that was sent again by hand
	body_hash BLOB NOT NULL,           -- SHA-256 of body
	body BLOB NOT NULL                 -- the raw bytes
) STRICT;

-- What people work on: opened by the first firing alert of its group, closed by people.
CREATE TABLE incident (
	id INTEGER PRIMARY KEY,
	status TEXT NOT NULL CHECK (status IN ('firing', 'mitigated', 'resolved', 'closed')),
	title TEXT NOT NULL,
	level TEXT,                        -- L1 to L4
	severity TEXT NOT NULL,            -- label severity of the opening alert, or ''
	service TEXT NOT NULL,             -- label service of the opening alert, or ''
	playbook TEXT,                     -- the first that matched; NULL: unmatched
	labels TEXT NOT NULL,              -- of the opening alert, JSON object
	annotations TEXT NOT NULL,         -- of the opening alert, JSON object
	group_hash BLOB NOT NULL,          -- SHA-256 over playbook and group_by values
	generation INTEGER NOT NULL,       -- 1, and one more each time it is opened again
	firing INTEGER NOT NULL,           -- how many of its alerts are firing now
	attention TEXT,                    -- why a person is needed
	opened_at INTEGER NOT NULL,
	acknowledged_at INTEGER,
	mitigated_at INTEGER,
	resolved_at INTEGER,
	closed_at INTEGER,
	root_cause TEXT,
	resolution TEXT
) STRICT;

-- At most one open incident of a group (invariant I6).
CREATE UNIQUE INDEX incident_open ON incident (group_hash) WHERE status IN ('firing', 'mitigated');
CREATE INDEX incident_group ON incident (group_hash, id);

-- One alert from when it was first seen firing until it is resolved.
CREATE TABLE episode (
	id INTEGER PRIMARY KEY,
	identity BLOB NOT NULL,            -- SHA-256 over the canonical labels
	status TEXT NOT NULL CHECK (status IN ('firing', 'resolved')),
	incident_id INTEGER REFERENCES incident (id), -- NULL: it was never acted on
	fingerprint TEXT NOT NULL,         -- Alertmanager's, for people
	labels TEXT NOT NULL,              -- JSON object
	annotations TEXT NOT NULL,         -- JSON object
	generator_url TEXT NOT NULL,
	starts_at INTEGER NOT NULL,        -- the sender's clock
	ends_at INTEGER,                   -- the sender's clock
	first_seen INTEGER NOT NULL,       -- our clock
	last_seen INTEGER NOT NULL,        -- our clock
	occurrences INTEGER NOT NULL,      -- how many times it was delivered firing
	last_delivery_id INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX episode_open ON episode (identity) WHERE status = 'firing';
CREATE INDEX episode_identity ON episode (identity, id);
CREATE INDEX episode_incident ON episode (incident_id) WHERE incident_id IS NOT NULL;

-- One execution of a playbook.
CREATE TABLE run (
	id INTEGER PRIMARY KEY,
	incident_id INTEGER REFERENCES incident (id),
	episode_id INTEGER REFERENCES episode (id), -- the alert that asked for it
	generation INTEGER NOT NULL,       -- of the incident; a run by hand counts on from the last
	playbook TEXT NOT NULL,
	target BLOB NOT NULL,              -- SHA-256 over playbook and params
	trigger TEXT NOT NULL CHECK (trigger IN ('alert', 'manual', 'replay', 'escalation')),
	requested_by TEXT NOT NULL,
	config_hash BLOB NOT NULL,         -- the configuration it was decided with
	status TEXT NOT NULL CHECK (status IN ('queued', 'awaiting_approval', 'running', 'verifying',
		'succeeded', 'failed', 'timed_out', 'canceled', 'interrupted', 'rejected')),
	outcome TEXT,                      -- while rescue steps run: the status that will be final
	reason TEXT NOT NULL,              -- why it has this status, for people
	did_not_help INTEGER NOT NULL DEFAULT 0, -- it ended well, and the alert went on firing
	cancel TEXT,                       -- who canceled it and why; it ends as soon as it can
	forced INTEGER NOT NULL DEFAULT 0, -- a person overruled the guards
	request_reason TEXT NOT NULL DEFAULT '', -- why a person asked for it
	lock TEXT,                         -- one run of this key at a time
	distinct_value TEXT,               -- what max_targets counts
	alertname TEXT NOT NULL,
	alert TEXT NOT NULL,               -- the alert as JSON, for steps with stdin: alert
	alert_status TEXT NOT NULL,
	queued_at INTEGER NOT NULL,
	started_at INTEGER,
	finished_at INTEGER
) STRICT;

-- One effect per incident generation, playbook and target.
CREATE UNIQUE INDEX run_once ON run (incident_id, generation, target, playbook)
	WHERE trigger = 'alert';
CREATE INDEX run_incident ON run (incident_id, id);
CREATE INDEX run_episode ON run (episode_id, playbook) WHERE trigger = 'alert';
CREATE INDEX run_target ON run (target, id);
CREATE INDEX run_playbook ON run (playbook, queued_at);
CREATE INDEX run_queued ON run (queued_at);
CREATE INDEX run_active ON run (id)
	WHERE status IN ('queued', 'awaiting_approval', 'running', 'verifying');

CREATE TABLE run_param (
	run_id INTEGER NOT NULL REFERENCES run (id),
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- One attempt of one step of a run. A probing check uses one row for all its attempts.
CREATE TABLE step (
	run_id INTEGER NOT NULL REFERENCES run (id),
	step INTEGER NOT NULL,             -- index in the playbook
	attempt INTEGER NOT NULL,          -- from 1
	phase TEXT NOT NULL CHECK (phase IN ('precheck', 'steps', 'verify', 'rescue')),
	kind TEXT NOT NULL CHECK (kind IN ('run', 'script', 'check', 'wait')),
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

-- What an attempt wrote: its first 64 KiB, and of the rest the last 192 KiB.
CREATE TABLE output (
	run_id INTEGER NOT NULL,
	step INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	head BLOB NOT NULL,
	tail BLOB NOT NULL,
	PRIMARY KEY (run_id, step, attempt)
) STRICT;

-- What was done with each alert of each delivery, and why. Its CHECK is in ORs, since for an IN of
-- more than two words SQLite builds an index anew for every row.
CREATE TABLE decision (
	delivery_id INTEGER NOT NULL REFERENCES delivery (id),
	position INTEGER NOT NULL,         -- in order within the delivery
	at INTEGER NOT NULL,
	fingerprint TEXT NOT NULL,
	alertname TEXT NOT NULL,
	decision TEXT NOT NULL CHECK (
		decision = 'started' OR decision = 'queued' OR decision = 'duplicate'
		OR decision = 'repeat' OR decision = 'resolved' OR decision = 'cooldown'
		OR decision = 'limited' OR decision = 'breaker_open' OR decision = 'locked'
		OR decision = 'too_many_targets' OR decision = 'paused' OR decision = 'muted'
		OR decision = 'too_old' OR decision = 'dry_run' OR decision = 'awaiting_approval'
		OR decision = 'rejected_param' OR decision = 'rejected_alert' OR decision = 'unmatched'),
	reason TEXT NOT NULL,
	playbook TEXT,
	incident_id INTEGER,
	run_id INTEGER,
	PRIMARY KEY (delivery_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_fingerprint ON decision (fingerprint, delivery_id, position);

-- The kill switch: a row for each time that it was used. At most one is on.
CREATE TABLE pause (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,               -- when it was said
	since INTEGER NOT NULL,            -- since when it is on without a gap
	until INTEGER,                     -- NULL: until somebody resumes
	reason TEXT NOT NULL,
	by TEXT NOT NULL,
	after_delivery INTEGER NOT NULL,   -- the last delivery before since, or 0
	ended_at INTEGER,                  -- NULL: it is on
	ended_by TEXT
) STRICT;

CREATE UNIQUE INDEX pause_on ON pause (ended_at IS NULL) WHERE ended_at IS NULL;

-- What was asked under an Idempotency-Key, and how it was answered.
CREATE TABLE idempotency (
	principal TEXT NOT NULL,
	route TEXT NOT NULL,               -- a word for what was asked
	key TEXT NOT NULL,
	hash BLOB NOT NULL,                -- SHA-256 over everything that was asked
	answer TEXT NOT NULL,              -- JSON
	at INTEGER NOT NULL,
	PRIMARY KEY (principal, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_at ON idempotency (at);
