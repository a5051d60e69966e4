/* SPDX-License-Identifier: Apache-2.0 */
#include "store/guard_facts.h"

#define NOT_STARTED INT64_MAX /* when a run starts that has not: after all that have */

/*
 * The runs that limit, max_targets and max_starts_per_hour count: those that started at or after
 * :since, and those that have not started yet, but may. So no more than are allowed start within a
 * window, however long some of them wait. What ended without having started counts nowhere, nor
 * does what only looks again.
 */
#define COUNTED(columns, of)                                      \
	"SELECT started_at AS at" columns " FROM run"             \
	" WHERE " of "started_at >= :since"                       \
	" AND trigger <> 'escalation'"                            \
	" UNION ALL"                                              \
	" SELECT :not_started AS at" columns " FROM run"          \
	" WHERE " of "started_at IS NULL AND finished_at IS NULL" \
	" AND trigger <> 'escalation'"
#define COUNTED_OF_PLAYBOOK(columns) COUNTED(columns, "playbook = :playbook AND ")

int guard_facts_set_back(struct db *db, int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE run"
				  " SET queued_at = CASE WHEN queued_at > :now THEN :now"
				  " ELSE queued_at END,"
				  " started_at = CASE WHEN started_at > :now THEN :now"
				  " ELSE started_at END,"
				  " finished_at = CASE WHEN finished_at > :now THEN :now"
				  " ELSE finished_at END"
				  " WHERE queued_at > :now OR started_at > :now"
				  " OR finished_at > :now";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":now", now);
	return stmt_run(s, err);
}

int guard_facts_limit(struct db *db, const char *playbook, int64_t since, int64_t runs,
		int64_t *ret_count, int64_t *ret_oldest_at, struct err *err)
{
	static const char sql[] = "SELECT count(*), min(at)"
				  " FROM (" COUNTED_OF_PLAYBOOK("") " ORDER BY at DESC"
								    " LIMIT :runs) AS latest";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_text(s, ":playbook", playbook);
	stmt_int(s, ":since", since);
	stmt_int(s, ":runs", runs);
	stmt_int(s, ":not_started", NOT_STARTED);
	rc = stmt_step(s, err);
	if (rc == 1) {
		int64_t oldest_at = stmt_col_int(s, 1);

		*ret_count = stmt_col_int(s, 0);
		*ret_oldest_at = *ret_count == runs && oldest_at != NOT_STARTED ? oldest_at : 0;
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

/* The runs that ended, newest first, up to the first that helped. */
static int count_failures(struct db *db, const char *playbook, int64_t failures,
		int64_t *ret_failures, struct guard_run *ret_last, struct err *err)
{
	static const char sql[] =
			"SELECT id, finished_at, status = 'succeeded' AND NOT did_not_help"
			" FROM run"
			" WHERE playbook = :playbook AND trigger <> 'escalation'"
			" AND status IN ('succeeded', 'failed', 'timed_out', 'interrupted')"
			" ORDER BY queued_at DESC, id DESC"
			" LIMIT :failures";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	*ret_failures = 0;
	*ret_last = (struct guard_run){ 0 };
	stmt_text(s, ":playbook", playbook);
	stmt_int(s, ":failures", failures);
	while ((rc = stmt_step(s, err)) == 1) {
		if (stmt_col_int(s, 2)) {
			stmt_reset(s);
			return 0;
		}
		if (stmt_col_int(s, 1) > ret_last->at) {
			*ret_last = (struct guard_run){ stmt_col_int(s, 0), stmt_col_int(s, 1) };
		}
		(*ret_failures)++;
	}
	return rc;
}

int guard_facts_breaker(struct db *db, const char *playbook, int64_t failures,
		int64_t *ret_failures, struct guard_run *ret_last, struct guard_run *ret_trial,
		struct err *err)
{
	static const char sql[] =
			"SELECT id"
			" FROM run"
			" WHERE status IN ('queued', 'awaiting_approval', 'running', 'verifying')"
			" AND playbook = :playbook"
			" LIMIT 1";
	struct stmt *s;
	int rc;

	if (count_failures(db, playbook, failures, ret_failures, ret_last, err) < 0) {
		return -1;
	}
	*ret_trial = (struct guard_run){ 0 };
	s = db_stmt(db, sql);
	stmt_text(s, ":playbook", playbook);
	rc = stmt_step(s, err);
	if (rc == 1) {
		ret_trial->id = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int guard_facts_targets(struct db *db, const char *playbook, const char *value, int64_t since,
		int64_t *ret_others, struct err *err)
{
	static const char sql[] =
			"SELECT count(DISTINCT distinct_value)"
			" FROM (" COUNTED_OF_PLAYBOOK(
					", distinct_value") ")"
							    " WHERE distinct_value <> :value";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_text(s, ":playbook", playbook);
	stmt_text(s, ":value", value);
	stmt_int(s, ":since", since);
	stmt_int(s, ":not_started", NOT_STARTED);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_others = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int guard_facts_starts(
		struct db *db, int64_t since, int64_t at_most, int64_t *ret_count, struct err *err)
{
	static const char sql[] = "SELECT count(*)"
				  " FROM (" COUNTED("", "") " LIMIT :at_most) AS latest";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":since", since);
	stmt_int(s, ":at_most", at_most);
	stmt_int(s, ":not_started", NOT_STARTED);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_count = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int guard_facts_outage(struct db *db, const struct guard_outage *outage, int64_t per_ms,
		int64_t *ret_incident, struct err *err)
{
	static const char sql[] = "SELECT i.id"
				  " FROM target_call c"
				  " JOIN incident i ON i.id = c.incident_id"
				  " WHERE c.playbook = :playbook AND c.at > :since AND c.at <= :now"
				  " AND i.status IN ('firing', 'mitigated')";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_text(s, ":playbook", outage->playbook);
	stmt_int(s, ":since", outage->now - per_ms);
	stmt_int(s, ":now", outage->now);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_incident = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int guard_facts_note_outage(struct db *db, const struct guard_outage *outage, struct err *err)
{
	static const char sql[] = "INSERT INTO target_call (playbook, incident_id, at)"
				  " VALUES (:playbook, :incident_id, :now)"
				  " ON CONFLICT (playbook) DO UPDATE"
				  " SET incident_id = excluded.incident_id, at = excluded.at";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":playbook", outage->playbook);
	stmt_int(s, ":incident_id", outage->incident_id);
	stmt_int(s, ":now", outage->now);
	return stmt_run(s, err);
}
