-- Who is called for an incident, and when next. One row an incident that ever had a chain.
CREATE TABLE escalation (
	incident_id INTEGER PRIMARY KEY REFERENCES incident (id),
	generation INTEGER NOT NULL,       -- of the incident: whose chain this is
	called TEXT,                       -- the highest level that was called; NULL: nobody yet
	failed TEXT,                       -- what failed, while nobody was called for it
	due_at INTEGER,                    -- the end of the hold or of respond_within; NULL: it stopped
	wait_ms INTEGER NOT NULL,          -- how long due_at was set for
	update_at INTEGER,                 -- the promised update; NULL: none
	update_ms INTEGER NOT NULL,        -- how long update_at was set for
	updates INTEGER NOT NULL,          -- how many there were
	ended_at INTEGER,                  -- whoever was called was told that it is over
	look_at INTEGER                    -- the first of all that is due; NULL: nothing
) STRICT;

CREATE INDEX escalation_look ON escalation (look_at) WHERE look_at IS NOT NULL;

-- A level was called: once in each generation of an incident.
CREATE TABLE raise (
	id INTEGER PRIMARY KEY,
	incident_id INTEGER NOT NULL REFERENCES incident (id),
	generation INTEGER NOT NULL,
	level TEXT NOT NULL CHECK (level IN ('L1', 'L2', 'L3', 'L4')),
	why TEXT NOT NULL,                 -- for people
	by TEXT NOT NULL,                  -- playbookd, or who asked for it
	at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX raise_once ON raise (incident_id, generation, level);

-- Which receivers know of it, and hear how it goes on.
CREATE TABLE told (
	incident_id INTEGER NOT NULL REFERENCES incident (id),
	generation INTEGER NOT NULL,
	receiver TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (incident_id, generation, receiver)
) STRICT, WITHOUT ROWID;
