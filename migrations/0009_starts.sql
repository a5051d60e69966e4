-- Guards count runs from when they started, and those that are yet to.
CREATE INDEX run_started ON run (playbook, started_at) WHERE started_at IS NOT NULL;
CREATE INDEX run_starts ON run (started_at) WHERE started_at IS NOT NULL;
CREATE INDEX run_waiting ON run (playbook) WHERE started_at IS NULL AND finished_at IS NULL;
