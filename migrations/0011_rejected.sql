-- What was not taken as it came, of a delivery's own members.
ALTER TABLE delivery ADD COLUMN note TEXT;

-- Bodies of deliveries that can never succeed: the last hundred different ones.
CREATE TABLE rejected_body (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE,         -- SHA-256 of what arrived of it
	first_at INTEGER NOT NULL,
	last_at INTEGER NOT NULL,
	count INTEGER NOT NULL,            -- how often it arrived
	status INTEGER NOT NULL,           -- the last answer: 400, 413, 415
	error TEXT NOT NULL,               -- its sentence
	principal TEXT NOT NULL,           -- who sent it last
	client TEXT NOT NULL,              -- and from which address
	size INTEGER NOT NULL,             -- in bytes, as far as it is known
	body BLOB NOT NULL                 -- the first 64 KiB
) STRICT;

CREATE INDEX rejected_body_last ON rejected_body (last_at, id);
