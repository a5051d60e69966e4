-- An alert that fires although its episode has ended, as another sender says: a late peer, or news.
-- It waits until due_at, and fires then unless its end is delivered again.
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
