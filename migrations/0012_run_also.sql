-- The alerts that a run is for beside the one that asked for it: they want the same done, and came
-- while it waited.
CREATE TABLE run_also (
	run_id INTEGER NOT NULL REFERENCES run (id),
	episode_id INTEGER NOT NULL REFERENCES episode (id),
	incident_id INTEGER NOT NULL REFERENCES incident (id), -- of the episode
	PRIMARY KEY (run_id, episode_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_also_episode ON run_also (episode_id);
CREATE INDEX run_also_incident ON run_also (incident_id);

-- What waits now, and whom a decision has sent there.
INSERT INTO run_also (run_id, episode_id, incident_id)
SELECT DISTINCT r.id, e.id, e.incident_id
FROM decision d
JOIN run r ON r.id = d.run_id AND r.playbook = d.playbook AND r.finished_at IS NULL
JOIN episode e ON e.incident_id = d.incident_id AND e.fingerprint = d.fingerprint
	AND e.status = 'firing'
WHERE d.decision = 'duplicate' AND e.id <> coalesce(r.episode_id, 0);

-- Which run of a target goes on, or waits.
CREATE INDEX run_unfinished ON run (target, id) WHERE finished_at IS NULL;

-- One run of an episode, playbook and target. One that ended before it began, since its alerts had
-- ended, did nothing: it keeps no later one from running.
DROP INDEX run_once;
CREATE UNIQUE INDEX run_once ON run (episode_id, target, playbook)
	WHERE trigger = 'alert'
	AND (status <> 'canceled' OR started_at IS NOT NULL OR cancel IS NOT NULL);
-- Of the alerts of one opening that need the same: one at a time. An alert that begins after that
-- one has ended may get another.
CREATE UNIQUE INDEX run_under_way ON run (incident_id, generation, target, playbook)
	WHERE trigger = 'alert' AND finished_at IS NULL;
