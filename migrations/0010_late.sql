-- An alert that fires although its episode has ended, as another sender says: a late peer, or news.
-- It waits until due_at, and fires then unless its end is told again.
CREATE TABLE late_alert (
	identity BLOB PRIMARY KEY,         -- SHA-256 over the canonical labels
	due_at INTEGER NOT NULL,
	delivery_id INTEGER NOT NULL,      -- the first that had it
	principal TEXT NOT NULL,           -- who sent that
	fingerprint TEXT NOT NULL,
	labels TEXT NOT NULL,              -- JSON object
	annotations TEXT NOT NULL,         -- JSON object
	generator_url TEXT NOT NULL,
	starts_at INTEGER NOT NULL         -- the sender's clock
) STRICT, WITHOUT ROWID;

CREATE INDEX late_alert_due ON late_alert (due_at);

-- One run of an episode, playbook and target; and of the alerts of one opening that need the same, one
-- at a time. An alert that begins after that one has ended may get another.
DROP INDEX run_once;
CREATE UNIQUE INDEX run_once ON run (episode_id, target, playbook) WHERE trigger = 'alert';
CREATE UNIQUE INDEX run_under_way ON run (incident_id, generation, target, playbook)
	WHERE trigger = 'alert' AND finished_at IS NULL;
