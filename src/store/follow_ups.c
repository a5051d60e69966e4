/* SPDX-License-Identifier: Apache-2.0 */
#include "store/follow_ups.h"

#define COLUMNS "id, incident_id, text, owner, receiver, created_at, created_by, done_at, done_by"

static struct follow_up_row read_row(struct stmt *s)
{
	return (struct follow_up_row){
		.id = stmt_col_int(s, 0),
		.incident_id = stmt_col_int(s, 1),
		.text = stmt_col_text(s, 2),
		.owner = stmt_col_text(s, 3),
		.receiver = stmt_col_text(s, 4),
		.created_at = stmt_col_int(s, 5),
		.created_by = stmt_col_text(s, 6),
		.done_at = stmt_col_int(s, 7),
		.done_by = stmt_col_text(s, 8),
	};
}

int follow_ups_add(struct db *db, const struct follow_up_row *row, int64_t *ret_id, struct err *err)
{
	static const char sql[] =
			"INSERT INTO follow_up"
			" (incident_id, text, owner, receiver, created_at, created_by)"
			" VALUES"
			" (:incident_id, :text, :owner, :receiver, :created_at, :created_by)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", row->incident_id);
	stmt_text(s, ":text", row->text);
	stmt_text(s, ":owner", row->owner);
	stmt_text(s, ":receiver", row->receiver);
	stmt_int(s, ":created_at", row->created_at);
	stmt_text(s, ":created_by", row->created_by);
	return stmt_insert(s, ret_id, err) < 0 ? -1 : 0;
}

int follow_ups_change(struct db *db, const struct follow_up_row *row, struct err *err)
{
	static const char sql[] = "UPDATE follow_up"
				  " SET text = :text, owner = :owner, done_at = :done_at,"
				  " done_by = :done_by"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", row->id);
	stmt_text(s, ":text", row->text);
	stmt_text(s, ":owner", row->owner);
	stmt_int_or_null(s, ":done_at", row->done_at);
	stmt_text(s, ":done_by", row->done_by);
	return stmt_run(s, err);
}

int follow_ups_get(struct db *db, int64_t id, follow_up_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM follow_up WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":id", id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		struct follow_up_row row = read_row(s);

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int follow_ups_count(struct db *db, int64_t incident_id, int64_t *ret_count, struct err *err)
{
	static const char sql[] = "SELECT count(*)"
				  " FROM follow_up"
				  " WHERE incident_id = :incident_id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", incident_id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_count = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

#define WHERE_OTHERS                                                            \
	" AND (:done IS NULL OR :done = CASE WHEN done_at IS NULL THEN 'false'" \
	" ELSE 'true' END)"                                                     \
	" AND id < :before"                                                     \
	" ORDER BY id DESC"                                                     \
	" LIMIT :limit"

int follow_ups_list(struct db *db, const struct follow_up_query *query, follow_up_fn fn, void *arg,
		struct err *err)
{
	static const char of_one[] = "SELECT " COLUMNS " FROM follow_up"
				     " WHERE incident_id = :incident_id" WHERE_OTHERS;
	static const char of_any[] = "SELECT " COLUMNS " FROM follow_up WHERE true" WHERE_OTHERS;
	struct stmt *s = db_stmt(db, query->incident_id ? of_one : of_any);
	int rc;

	if (query->incident_id) {
		stmt_int(s, ":incident_id", query->incident_id);
	}
	stmt_text(s, ":done", query->done);
	stmt_int(s, ":before", query->before ? query->before : INT64_MAX);
	stmt_int(s, ":limit", query->limit);
	while ((rc = stmt_step(s, err)) == 1) {
		struct follow_up_row row = read_row(s);

		fn(&row, arg);
	}
	return rc;
}
