/* SPDX-License-Identifier: Apache-2.0 */
#include "store/paged_levels.h"

int paged_levels_add(
		struct db *db, const struct paged_level_row *row, bool *ret_added, struct err *err)
{
	static const char sql[] = "INSERT INTO raise (incident_id, generation, level, why, by, at)"
				  " VALUES (:incident, :generation, :level, :why, :by, :at)"
				  " ON CONFLICT (incident_id, generation, level) DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident", row->incident_id);
	stmt_int(s, ":generation", row->times_opened);
	stmt_text(s, ":level", row->level);
	stmt_text(s, ":why", row->why);
	stmt_text(s, ":by", row->by);
	stmt_int(s, ":at", row->at);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	*ret_added = db_changes(db) > 0;
	return 0;
}

int paged_levels_of(
		struct db *db, int64_t incident_id, paged_level_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT incident_id, generation, level, why, by, at"
				  " FROM raise"
				  " WHERE incident_id = :incident"
				  " ORDER BY id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident", incident_id);
	while ((rc = stmt_step(s, err)) == 1) {
		const struct paged_level_row row = {
			.incident_id = stmt_col_int(s, 0),
			.times_opened = stmt_col_int(s, 1),
			.level = stmt_col_text(s, 2),
			.why = stmt_col_text(s, 3),
			.by = stmt_col_text(s, 4),
			.at = stmt_col_int(s, 5),
		};

		fn(&row, arg);
	}
	return rc;
}

int notified_add(struct db *db, const struct paged_level_row *of, const char *receiver,
		struct err *err)
{
	static const char sql[] = "INSERT INTO told (incident_id, generation, receiver, at)"
				  " VALUES (:incident, :generation, :receiver, :at)"
				  " ON CONFLICT (incident_id, generation, receiver) DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident", of->incident_id);
	stmt_int(s, ":generation", of->times_opened);
	stmt_text(s, ":receiver", receiver);
	stmt_int(s, ":at", of->at);
	return stmt_run(s, err);
}

int notified_of(struct db *db, int64_t incident_id, int64_t times_opened, notified_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT receiver"
				  " FROM told"
				  " WHERE incident_id = :incident AND generation = :generation"
				  " ORDER BY at, receiver";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident", incident_id);
	stmt_int(s, ":generation", times_opened);
	while ((rc = stmt_step(s, err)) == 1) {
		fn(stmt_col_text(s, 0), arg);
	}
	return rc;
}
