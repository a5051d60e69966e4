/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rejected_bodies.h"

static int trim(struct db *db, struct err *err)
{
	static const char sql[] = "DELETE FROM rejected_body WHERE id NOT IN"
				  " (SELECT id FROM rejected_body"
				  " ORDER BY last_at DESC, id DESC LIMIT :kept)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":kept", REJECTED_BODIES_MAX);
	return stmt_run(s, err);
}

int rejected_bodies_add(struct db *db, const struct rejected_body_row *row, int64_t *ret_id,
		int64_t *ret_count, struct err *err)
{
	static const char sql[] =
			"INSERT INTO rejected_body (hash, first_at, last_at, count, status, error,"
			" principal, client, size, body)"
			" VALUES (:hash, :at, :at, 1, :status, :error, :principal, :client, :size,"
			" :body)"
			" ON CONFLICT (hash) DO UPDATE SET last_at = excluded.last_at,"
			" count = rejected_body.count + 1, status = excluded.status,"
			" error = excluded.error, principal = excluded.principal,"
			" client = excluded.client"
			" RETURNING id, count";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":hash", row->hash, DIGEST_SIZE);
	stmt_int(s, ":at", row->last_at);
	stmt_int(s, ":status", row->status);
	stmt_text(s, ":error", row->error);
	stmt_text(s, ":principal", row->principal);
	stmt_text(s, ":client", row->client);
	stmt_int(s, ":size", row->size);
	stmt_blob(s, ":body", row->body, row->body_len);
	if (stmt_step(s, err) < 0) {
		return -1;
	}
	*ret_id = stmt_col_int(s, 0);
	*ret_count = stmt_col_int(s, 1);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	return *ret_count == 1 ? trim(db, err) : 0;
}

int rejected_bodies_last_at(struct db *db, int64_t *ret_at, struct err *err)
{
	struct stmt *s = db_stmt(db, "SELECT max(last_at) FROM rejected_body");

	if (stmt_step(s, err) < 0) {
		return -1;
	}
	*ret_at = stmt_col_int(s, 0);
	stmt_reset(s);
	return 0;
}

#define COLUMNS "id, hash, first_at, last_at, count, status, error, principal, client, size"

static struct rejected_body_row read_row(struct stmt *s)
{
	size_t len;

	return (struct rejected_body_row){
		.id = stmt_col_int(s, 0),
		.hash = stmt_col_blob(s, 1, &len),
		.first_at = stmt_col_int(s, 2),
		.last_at = stmt_col_int(s, 3),
		.count = stmt_col_int(s, 4),
		.status = stmt_col_int(s, 5),
		.error = stmt_col_text(s, 6),
		.principal = stmt_col_text(s, 7),
		.client = stmt_col_text(s, 8),
		.size = stmt_col_int(s, 9),
	};
}

int rejected_bodies_get(struct db *db, int64_t id, rejected_body_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " COLUMNS ", body FROM rejected_body WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":id", id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		struct rejected_body_row row = read_row(s);

		row.body = stmt_col_blob(s, 10, &row.body_len);
		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int rejected_bodies_list(struct db *db, int64_t before, int64_t limit, rejected_body_fn fn,
		void *arg, struct err *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM rejected_body"
				  " WHERE id < :before ORDER BY id DESC LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":before", before ? before : INT64_MAX);
	stmt_int(s, ":limit", limit);
	while ((rc = stmt_step(s, err)) == 1) {
		struct rejected_body_row row = read_row(s);

		fn(&row, arg);
	}
	return rc;
}
