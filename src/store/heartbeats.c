/* SPDX-License-Identifier: Apache-2.0 */
#include "store/heartbeats.h"

int heartbeats_put(struct db *db, const struct heartbeat_row *row, struct err *err)
{
	static const char sql[] = "INSERT INTO heartbeat (name, last_at, missing_at)"
				  " VALUES (:name, :last_at, :missing_at)"
				  " ON CONFLICT (name)"
				  " DO UPDATE SET last_at = :last_at, missing_at = :missing_at";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":name", row->name);
	stmt_int_or_null(s, ":last_at", row->last_at);
	stmt_int_or_null(s, ":missing_at", row->missing_at);
	return stmt_run(s, err);
}

int heartbeats_each(struct db *db, void (*fn)(const struct heartbeat_row *row, void *arg),
		void *arg, struct err *err)
{
	static const char sql[] = "SELECT name, last_at, missing_at FROM heartbeat ORDER BY name";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		fn(&(struct heartbeat_row){ stmt_col_text(s, 0), stmt_col_int(s, 1),
				   stmt_col_int(s, 2) },
				arg);
	}
	return rc;
}

int heartbeats_forget(struct db *db, const char *name, struct err *err)
{
	static const char sql[] = "DELETE FROM heartbeat WHERE name = :name";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":name", name);
	return stmt_run(s, err);
}
