-- A clock that was set back: the runs that ended after now are found at once.
CREATE INDEX run_finished ON run (finished_at);
