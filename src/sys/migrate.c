/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/migrate.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

/* The first column of the one row that sql gives. */
static int read_int(struct db *db, const char *sql, int64_t *ret, struct err *err)
{
	struct stmt *s = db_stmt(db, sql);

	if (stmt_step(s, err) < 0) {
		return -1;
	}
	*ret = stmt_col_int(s, 0);
	stmt_reset(s);
	return 0;
}

/* Version 0 is an empty file; anything else without a version is not ours. */
static int check_version(struct db *db, int64_t version, size_t newest, struct err *err)
{
	static const char count[] = "SELECT count(*) FROM sqlite_schema";
	int64_t objects = 0;

	if (version < 0 || version > (int64_t)newest) {
		return err_set(err, ERR_CONFLICT,
				"the database has version %lld, this program knows only %zu: it was written by a newer one",
				(long long)version, newest);
	}
	if (version == 0 && read_int(db, count, &objects, err) < 0) {
		return -1;
	}
	if (objects) {
		return err_set(err, ERR_CONFLICT, "the database was not made by this program");
	}
	return 0;
}

static int apply(struct db *db, const struct migration *step, struct err *err)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", step->version);
	if (db_begin(db, err) < 0) {
		return -1;
	}
	if (db_exec(db, step->sql, err) < 0 || db_exec(db, mark, err) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

int migrate_steps(struct db *db, const struct migration *steps, size_t len, struct err *err)
{
	static const char sql[] = "PRAGMA user_version";
	int64_t version;

	if (read_int(db, sql, &version, err) < 0) {
		return -1;
	}
	if (check_version(db, version, len, err) < 0) {
		db_freeze(db);
		return -1;
	}
	if (db_wal(db, err) < 0) {
		return -1;
	}
	for (size_t i = (size_t)version; i < len; i++) {
		assert(steps[i].version == (int)i + 1);
		if (apply(db, &steps[i], err) < 0) {
			return err_wrap(err, "migration %s", steps[i].name);
		}
	}
	return 0;
}

int migrate(struct db *db, struct err *err)
{
	return migrate_steps(db, migrations, migrations_len, err);
}
