-- Alertmanager is asked: pages that are held, ends that nobody tells, alerts that were cut.

-- Its alerts are silenced in Alertmanager, or nothing is heard of them: nobody is paged for it.
ALTER TABLE incident ADD COLUMN held TEXT;          -- why, for people; NULL: it is not
ALTER TABLE incident ADD COLUMN hold TEXT           -- suppressed, stale; NULL: it is not held
	CHECK (hold = 'suppressed' OR hold = 'stale');
ALTER TABLE incident ADD COLUMN held_at INTEGER;    -- what is delivered after that ends it
ALTER TABLE incident ADD COLUMN held_until INTEGER; -- the silence's end; NULL: not known

CREATE INDEX incident_held ON incident (id) WHERE hold IS NOT NULL;

-- The longest time between two deliveries of it.
ALTER TABLE episode ADD COLUMN longest_gap_ms INTEGER NOT NULL DEFAULT 0;

-- Which Alertmanager lists what a sender delivers, as far as that was seen.
CREATE TABLE upstream_sender (
	alertmanager TEXT NOT NULL,        -- its URL in the configuration
	external_url TEXT NOT NULL,        -- of the deliveries
	at INTEGER NOT NULL,               -- when it was first seen
	PRIMARY KEY (alertmanager, external_url)
) STRICT, WITHOUT ROWID;

-- A delivery from which alerts were cut, until those are fetched.
CREATE TABLE cut_delivery (
	delivery_id INTEGER NOT NULL,
	incident_id INTEGER NOT NULL,
	at INTEGER NOT NULL,
	alerts INTEGER NOT NULL,           -- how many were cut
	external_url TEXT NOT NULL,
	receiver TEXT NOT NULL,
	group_key TEXT NOT NULL,
	group_labels TEXT NOT NULL,        -- JSON object
	stated_at INTEGER,                 -- the incident says that they are missing; NULL: not yet
	PRIMARY KEY (delivery_id, incident_id)
) STRICT, WITHOUT ROWID;
