-- What people do about an incident, and what happened to it in order.

ALTER TABLE incident ADD COLUMN alertname TEXT NOT NULL DEFAULT ''; -- of the opening alert
ALTER TABLE incident ADD COLUMN acknowledged_by TEXT;
ALTER TABLE incident ADD COLUMN resolved_by TEXT; -- NULL: its alerts ended
ALTER TABLE incident ADD COLUMN closed_by TEXT;
ALTER TABLE incident ADD COLUMN major INTEGER;    -- 0 or 1, as people said; NULL: its level says
UPDATE incident SET alertname = coalesce(json_extract(labels, '$.alertname'), '');

-- Written with whatever it tells of. The kinds are in store/timeline.h alone: there will be more.
CREATE TABLE timeline (
	incident_id INTEGER NOT NULL REFERENCES incident (id),
	id INTEGER NOT NULL,               -- from 1, within the incident
	at INTEGER NOT NULL,
	kind TEXT NOT NULL,
	who TEXT,                          -- NULL: playbookd itself
	text TEXT NOT NULL,
	run_id INTEGER,
	PRIMARY KEY (incident_id, id)
) STRICT, WITHOUT ROWID;

-- What is to be done later, so that it does not happen again.
CREATE TABLE follow_up (
	id INTEGER PRIMARY KEY,
	incident_id INTEGER NOT NULL REFERENCES incident (id),
	text TEXT NOT NULL,
	owner TEXT NOT NULL,               -- who is to do it, or ''
	receiver TEXT,                     -- who got it as a ticket; NULL: nobody
	created_at INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	done_at INTEGER,
	done_by TEXT
) STRICT;

CREATE INDEX follow_up_incident ON follow_up (incident_id, id);

-- What of the runbook's "Post-Incident" is done: a row for each item that is.
CREATE TABLE checklist (
	incident_id INTEGER NOT NULL REFERENCES incident (id),
	item TEXT NOT NULL CHECK (item IN ('document', 'review', 'update', 'schedule', 'create')),
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	note TEXT NOT NULL,
	PRIMARY KEY (incident_id, item)
) STRICT, WITHOUT ROWID;

-- Incidents that were there before begin their timeline with what is known of them.
INSERT INTO timeline (incident_id, id, at, kind, text)
SELECT id, 1, opened_at, 'opened', title FROM incident;
INSERT INTO timeline (incident_id, id, at, kind, text)
SELECT id, 2, coalesce(closed_at, resolved_at, mitigated_at, opened_at),
	CASE status WHEN 'firing' THEN 'fired' ELSE status END, 'it was so when this timeline began'
FROM incident;

CREATE INDEX incident_alertname ON incident (alertname, id);
