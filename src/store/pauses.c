/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pauses.h"

int pauses_add(struct db *db, const struct pause_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO pause (at, since, until, reason, by, after_delivery)"
			" VALUES (:at, coalesce(:since, :at), :until, :reason, :by,"
			" CASE WHEN :since IS NULL THEN"
			" (SELECT coalesce(max(id), 0) FROM delivery) ELSE :after_delivery END)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":at", row->at);
	stmt_int_or_null(s, ":since", row->since);
	stmt_int_or_null(s, ":until", row->until);
	stmt_text(s, ":reason", row->reason);
	stmt_text(s, ":by", row->by);
	stmt_int(s, ":after_delivery", row->after_delivery);
	return stmt_run(s, err);
}

int pauses_on(struct db *db, pause_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT id, at, since, until, reason, by, after_delivery"
				  " FROM pause"
				  " WHERE ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);
	int rc = stmt_step(s, err);

	if (rc == 1) {
		const struct pause_row row = {
			.id = stmt_col_int(s, 0),
			.at = stmt_col_int(s, 1),
			.since = stmt_col_int(s, 2),
			.until = stmt_col_int(s, 3),
			.reason = stmt_col_text(s, 4),
			.by = stmt_col_text(s, 5),
			.after_delivery = stmt_col_int(s, 6),
		};

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int pauses_set_back(struct db *db, int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE pause"
				  " SET at = :now,"
				  " since = CASE WHEN since > :now THEN :now ELSE since END,"
				  " until = :now + (until - at)"
				  " WHERE ended_at IS NULL AND at > :now";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":now", now);
	return stmt_run(s, err) < 0 ? -1 : db_changes(db) > 0;
}

int pauses_end(struct db *db, int64_t now, const char *by, struct err *err)
{
	static const char sql[] = "UPDATE pause"
				  " SET ended_at = :now, ended_by = :by"
				  " WHERE ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":now", now);
	stmt_text(s, ":by", by);
	return stmt_run(s, err);
}
