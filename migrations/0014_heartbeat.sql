-- Alerts that must come, and alerts that cause nothing.

-- The last word of each heartbeat of the configuration.
CREATE TABLE heartbeat (
	name TEXT PRIMARY KEY,
	last_at INTEGER,                   -- when it last came; NULL: never
	missing_at INTEGER                 -- since when it is stated that it is missing; NULL: it is not
) STRICT, WITHOUT ROWID;

-- The table decision again, with the words 'ignored' and 'heartbeat': a CHECK cannot be changed.
CREATE TABLE decision_new (
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
		OR decision = 'rejected_param' OR decision = 'rejected_alert' OR decision = 'unmatched'
		OR decision = 'ignored' OR decision = 'heartbeat'),
	reason TEXT NOT NULL,
	playbook TEXT,
	incident_id INTEGER,
	run_id INTEGER,
	PRIMARY KEY (delivery_id, position)
) STRICT, WITHOUT ROWID;

INSERT INTO decision_new (delivery_id, position, at, fingerprint, alertname, decision, reason,
	playbook, incident_id, run_id)
SELECT delivery_id, position, at, fingerprint, alertname, decision, reason,
	playbook, incident_id, run_id
FROM decision;

DROP TABLE decision;
ALTER TABLE decision_new RENAME TO decision;
CREATE INDEX decision_fingerprint ON decision (fingerprint, delivery_id, position);
