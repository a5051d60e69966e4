/* SPDX-License-Identifier: Apache-2.0 */
#include "store/idempotency.h"

static void bind_key(struct stmt *s, const struct idempotency_row *row)
{
	stmt_text(s, ":principal", row->principal);
	stmt_text(s, ":route", row->route);
	stmt_text(s, ":key", row->key);
}

int idempotency_add(struct db *db, const struct idempotency_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO idempotency (principal, route, key, hash, answer, at)"
			" VALUES (:principal, :route, :key, :hash, :answer, :at)";
	struct stmt *s = db_stmt(db, sql);

	bind_key(s, row);
	stmt_blob(s, ":hash", row->hash, DIGEST_SIZE);
	stmt_text(s, ":answer", row->answer);
	stmt_int(s, ":at", row->at);
	return stmt_run(s, err);
}

int idempotency_get(struct db *db, const struct idempotency_row *row, idempotency_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT hash, answer, at"
				  " FROM idempotency"
				  " WHERE principal = :principal AND route = :route AND key = :key";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	bind_key(s, row);
	rc = stmt_step(s, err);
	if (rc == 1) {
		struct idempotency_row found = *row;
		size_t len;

		found.hash = stmt_col_blob(s, 0, &len);
		found.answer = stmt_col_text(s, 1);
		found.at = stmt_col_int(s, 2);
		fn(&found, arg);
		stmt_reset(s);
	}
	return rc;
}
