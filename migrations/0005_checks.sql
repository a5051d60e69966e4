-- What is known of the checks that are looked at in the background, one row each.
CREATE TABLE check_state (
	name TEXT PRIMARY KEY,
	definition BLOB NOT NULL,          -- SHA-256 over what is looked at and what is expected
	status TEXT NOT NULL CHECK (status = 'unknown' OR status = 'healthy' OR status = 'failing'),
	since INTEGER NOT NULL,            -- when it got this status
	last_at INTEGER,                   -- the last look that is written down here
	duration_ms INTEGER NOT NULL,      -- of that look
	last_error TEXT,                   -- of the last look that did not pass
	last_error_at INTEGER
) STRICT, WITHOUT ROWID;

-- When a check got another status: the last hundred times of each.
CREATE TABLE check_change (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	at INTEGER NOT NULL,
	status TEXT NOT NULL,
	reason TEXT NOT NULL               -- '' when there is nothing to say
) STRICT;

CREATE INDEX check_change_name ON check_change (name, id);
