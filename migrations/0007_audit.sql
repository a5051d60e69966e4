-- What people ordered: a row for each order that was carried out, written with what it changed. The
-- hash of a row is over all of it and over the hash before it, so that none can be changed, moved or
-- taken out from between without a trace. What is hashed stands in store/audits.h.
CREATE TABLE audit (
	id INTEGER PRIMARY KEY,            -- without a gap
	at INTEGER NOT NULL,
	principal TEXT NOT NULL,           -- who ordered it
	action TEXT NOT NULL,              -- a word for what was ordered
	object TEXT NOT NULL,              -- of what: run/7, playbook/restart-web
	arguments TEXT NOT NULL,           -- JSON object; long values are cut
	prev BLOB NOT NULL,                -- the hash of the row before; zeros: there was none
	hash BLOB NOT NULL                 -- SHA-256
) STRICT;
