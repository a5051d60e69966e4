/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audits.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"

#define COLUMNS "id, at, principal, action, object, arguments, prev, hash"

static void add_text(struct buf *out, const char *text)
{
	buf_addf(out, "%zu:%s,", strlen(text), text);
}

static void add_number(struct buf *out, int64_t number)
{
	auto_buf struct buf text = { 0 };

	buf_addf(&text, "%" PRId64, number);
	add_text(out, buf_text(&text));
}

static void hash_of(const struct audit_row *row, uint8_t ret_hash[DIGEST_SIZE])
{
	auto_buf struct buf all = { 0 };

	buf_add(&all, row->prev, DIGEST_SIZE);
	add_number(&all, row->id);
	add_number(&all, row->at);
	add_text(&all, row->principal);
	add_text(&all, row->action);
	add_text(&all, row->object);
	add_text(&all, row->arguments);
	digest_sha256(all.data, all.len, ret_hash);
}

/* A hash of any other length is none, and differs from all. */
static void col_hash(struct stmt *s, int column, uint8_t ret_hash[DIGEST_SIZE])
{
	size_t len = 0;
	const void *data = stmt_col_blob(s, column, &len);

	memset(ret_hash, 0xff, DIGEST_SIZE);
	if (data && len == DIGEST_SIZE) {
		memcpy(ret_hash, data, DIGEST_SIZE);
	}
}

static void col_row(struct stmt *s, struct audit_row *ret)
{
	*ret = (struct audit_row){
		.id = stmt_col_int(s, 0),
		.at = stmt_col_int(s, 1),
		.principal = stmt_col_text(s, 2),
		.action = stmt_col_text(s, 3),
		.object = stmt_col_text(s, 4),
		.arguments = stmt_col_text(s, 5),
	};
	col_hash(s, 6, ret->prev);
	col_hash(s, 7, ret->hash);
}

/* Which row is to be the next? */
static int link_to_newest(struct db *db, struct audit_row *row, struct err *err)
{
	static const char sql[] = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	int rc = stmt_step(s, err);

	row->id = 1;
	memset(row->prev, 0, DIGEST_SIZE);
	if (rc == 1) {
		row->id = stmt_col_int(s, 0) + 1;
		col_hash(s, 1, row->prev);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int audits_add(struct db *db, struct audit_row *row, struct err *err)
{
	static const char sql[] = "INSERT INTO audit (" COLUMNS ")"
				  " VALUES (:id, :at, :principal, :action, :object, :arguments,"
				  " :prev, :hash)";
	struct stmt *s;

	if (link_to_newest(db, row, err) < 0) {
		return -1;
	}
	hash_of(row, row->hash);
	s = db_stmt(db, sql);
	stmt_int(s, ":id", row->id);
	stmt_int(s, ":at", row->at);
	stmt_text(s, ":principal", row->principal);
	stmt_text(s, ":action", row->action);
	stmt_text(s, ":object", row->object);
	stmt_text(s, ":arguments", row->arguments);
	stmt_blob(s, ":prev", row->prev, DIGEST_SIZE);
	stmt_blob(s, ":hash", row->hash, DIGEST_SIZE);
	return stmt_run(s, err);
}

int audits_list(struct db *db, int64_t before, int64_t limit, audit_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM audit"
				  " WHERE (:before IS NULL OR id < :before)"
				  " ORDER BY id DESC LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);
	struct audit_row row;
	int rc;

	stmt_int_or_null(s, ":before", before);
	stmt_int(s, ":limit", limit);
	while ((rc = stmt_step(s, err)) == 1) {
		col_row(s, &row);
		fn(&row, arg);
	}
	return rc;
}

int audits_there(struct db *db, struct err *err)
{
	static const char sql[] = "SELECT 1 FROM sqlite_schema WHERE name = 'audit'";
	struct stmt *s = db_stmt(db, sql);
	int rc = stmt_step(s, err);

	stmt_reset(s);
	return rc;
}

/* What is wrong with row, which stands behind those of the verdict; or NULL. */
static const char *wrong_with(const struct audit_row *row, const struct audit_verdict *verdict)
{
	uint8_t hash[DIGEST_SIZE];

	hash_of(row, hash);
	if (!digest_equal(hash, row->hash)) {
		return "it is not what was hashed";
	}
	if (!verdict->rows) {
		return NULL; /* the anchor */
	}
	if (row->id != verdict->last_id + 1) {
		return "the row before it is gone";
	}
	return digest_equal(row->prev, verdict->hash) ? NULL
						      : "it does not follow the row before it";
}

int audits_verify(struct db *db, struct audit_verdict *ret, struct err *err)
{
	static const char sql[] = "SELECT " COLUMNS " FROM audit ORDER BY id";
	struct stmt *s = db_stmt(db, sql);
	struct audit_row row;
	int rc;

	*ret = (struct audit_verdict){ 0 };
	while ((rc = stmt_step(s, err)) == 1) {
		col_row(s, &row);
		ret->why = wrong_with(&row, ret);
		if (ret->why) {
			ret->broken_id = row.id;
			stmt_reset(s);
			return 0;
		}
		ret->first_id = ret->rows++ ? ret->first_id : row.id;
		ret->last_id = row.id;
		memcpy(ret->hash, row.hash, DIGEST_SIZE);
	}
	return rc;
}
