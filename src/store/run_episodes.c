/* SPDX-License-Identifier: Apache-2.0 */
#include "store/run_episodes.h"

int run_episodes_add(struct db *db, int64_t run_id, int64_t episode_id, int64_t incident_id,
		struct err *err)
{
	static const char sql[] = "INSERT INTO run_also (run_id, episode_id, incident_id)"
				  " VALUES (:run_id, :episode_id, :incident_id)"
				  " ON CONFLICT (run_id, episode_id) DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	stmt_int(s, ":episode_id", episode_id);
	stmt_int(s, ":incident_id", incident_id);
	return stmt_run(s, err);
}

/* A run that no episode asked for is for its incident, as long as that is open. */
int run_episodes_claim(struct db *db, int64_t run_id, struct run_claim *ret, struct err *err)
{
	static const char sql[] =
			"SELECT r.trigger IN ('manual', 'replay'),"
			" r.started_at IS NOT NULL OR r.status IN ('running', 'verifying'),"
			" (r.episode_id IS NULL AND coalesce(i.status, 'firing')"
			" IN ('firing', 'mitigated'))"
			" OR EXISTS (SELECT 1 FROM episode e"
			" JOIN incident o ON o.id = e.incident_id"
			" WHERE e.id IN (SELECT r.episode_id"
			" UNION ALL SELECT episode_id FROM run_also WHERE run_id = :run_id)"
			" AND e.status = 'firing' AND o.status IN ('firing', 'mitigated')),"
			" r.status, i.status, r.incident_id"
			" FROM run r"
			" LEFT JOIN incident i ON i.id = r.incident_id"
			" WHERE r.id = :run_id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":run_id", run_id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		const char *incident = stmt_col_text(s, 4);

		*ret = (struct run_claim){
			.by_hand = stmt_col_int(s, 0),
			.started_once = stmt_col_int(s, 1),
			.fires = stmt_col_int(s, 2),
			.status = (uint8_t)run_status_parse(stmt_col_text(s, 3)),
			.incident_status = incident ? (uint8_t)incident_status_parse(incident)
						    : INCIDENT_FIRING,
			.incident_id = stmt_col_int(s, 5),
		};
		stmt_reset(s);
	}
	return rc;
}

static int each_id(struct stmt *s, run_episodes_fn fn, void *arg, struct err *err)
{
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		fn(stmt_col_int(s, 0), arg);
	}
	return rc;
}

int run_episodes_waiting(
		struct db *db, int64_t incident_id, run_episodes_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT id FROM run"
				  " WHERE id IN (SELECT id FROM run"
				  " WHERE incident_id = :incident_id AND finished_at IS NULL"
				  " UNION SELECT run_id FROM run_also"
				  " WHERE incident_id = :incident_id)"
				  " AND status IN ('queued', 'awaiting_approval')"
				  " ORDER BY id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", incident_id);
	return each_id(s, fn, arg, err);
}

int run_episodes_incidents(
		struct db *db, int64_t run_id, run_episodes_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT DISTINCT i.id"
				  " FROM run_also e"
				  " JOIN incident i ON i.id = e.incident_id"
				  " JOIN run r ON r.id = e.run_id"
				  " WHERE e.run_id = :run_id"
				  " AND i.status IN ('firing', 'mitigated')"
				  " AND (r.incident_id IS NULL OR i.id <> r.incident_id)"
				  " ORDER BY i.id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	return each_id(s, fn, arg, err);
}
