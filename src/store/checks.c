/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checks.h"

#include <string.h>

int checks_save(struct db *db, const struct check_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT OR REPLACE INTO check_state (name, definition, status, since,"
			" last_at, duration_ms, last_error, last_error_at)"
			" VALUES (:name, :definition, :status, :since,"
			" :last_at, :duration_ms, :last_error, :last_error_at)";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":name", row->name);
	stmt_blob(s, ":definition", row->definition, DIGEST_SIZE);
	stmt_text(s, ":status", check_status_names[row->status]);
	stmt_int(s, ":since", row->since);
	stmt_int_or_null(s, ":last_at", row->last_at);
	stmt_int(s, ":duration_ms", row->duration_ms);
	stmt_text(s, ":last_error", row->last_error);
	stmt_int_or_null(s, ":last_error_at", row->last_error_at);
	return stmt_run(s, err);
}

/* What cannot be read as one of our words is not known. */
static uint8_t status_of(const char *word)
{
	for (uint8_t i = 0; i < CHECK_STATUSES; i++) {
		if (strcmp(check_status_names[i], word) == 0) {
			return i;
		}
	}
	return CHECK_UNKNOWN;
}

int checks_each(struct db *db, void (*fn)(const struct check_row *row, void *arg), void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT name, definition, status, since, last_at, duration_ms,"
				  " last_error, last_error_at"
				  " FROM check_state"
				  " ORDER BY name";
	static const uint8_t none[DIGEST_SIZE];
	struct stmt *s = db_stmt(db, sql);
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		size_t len = 0;
		const uint8_t *definition = stmt_col_blob(s, 1, &len);

		fn(&(struct check_row){ .name = stmt_col_text(s, 0),
				   .definition = len == DIGEST_SIZE ? definition : none,
				   .status = status_of(stmt_col_text(s, 2)),
				   .since = stmt_col_int(s, 3),
				   .last_at = stmt_col_int(s, 4),
				   .duration_ms = stmt_col_int(s, 5),
				   .last_error = stmt_col_text(s, 6),
				   .last_error_at = stmt_col_int(s, 7) },
				arg);
	}
	return rc;
}

int checks_forget(struct db *db, const char *name, struct err *err)
{
	static const char state[] = "DELETE FROM check_state WHERE name = :name";
	static const char changes[] = "DELETE FROM check_change WHERE name = :name";
	struct stmt *s = db_stmt(db, state);

	stmt_text(s, ":name", name);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	s = db_stmt(db, changes);
	stmt_text(s, ":name", name);
	return stmt_run(s, err);
}

static int drop_old_changes(struct db *db, const char *name, struct err *err)
{
	static const char sql[] = "DELETE FROM check_change"
				  " WHERE name = :name AND id <= (SELECT id FROM check_change"
				  " WHERE name = :name ORDER BY id DESC LIMIT 1 OFFSET :kept)";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":name", name);
	stmt_int(s, ":kept", CHECKS_CHANGES_MAX);
	return stmt_run(s, err);
}

int checks_change(
		struct db *db, const char *name, const struct check_change *change, struct err *err)
{
	static const char sql[] = "INSERT INTO check_change (name, at, status, reason)"
				  " VALUES (:name, :at, :status, :reason)";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":name", name);
	stmt_int(s, ":at", change->at);
	stmt_text(s, ":status", change->status);
	stmt_text(s, ":reason", change->reason);
	return stmt_run(s, err) < 0 ? -1 : drop_old_changes(db, name, err);
}

int checks_changes(struct db *db, const char *name,
		void (*fn)(const struct check_change *change, void *arg), void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT at, status, reason FROM check_change"
				  " WHERE name = :name"
				  " ORDER BY id DESC";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_text(s, ":name", name);
	while ((rc = stmt_step(s, err)) == 1) {
		fn(&(struct check_change){ stmt_col_int(s, 0), stmt_col_text(s, 1),
				   stmt_col_text(s, 2) },
				arg);
	}
	return rc;
}
