/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/db.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/mem.h"

#define BUSY_TIMEOUT_MS 2000
#define LENGTH_MAX      (64 * 1024 * 1024)
#define BUCKETS         256
#define NAMES_MAX       32

struct stmt {
	struct db *db;
	sqlite3_stmt *handle;         /* NULL: it could not be prepared, see failure */
	const char *sql;              /* its address is the key */
	struct stmt *next;            /* in the bucket */
	int bind_rc;                  /* the first bind that failed, or SQLITE_OK */
	const char *names[NAMES_MAX]; /* by index: the address that last named this parameter */
	struct err failure;
};

struct db {
	sqlite3 *handle;
	struct stmt *buckets[BUCKETS];
	bool (*may)(void *arg); /* each step asks it first; NULL: nothing is asked */
	void *may_arg;
	struct stmt broken; /* what db_stmt() returns when the disk keeps it from preparing */
};

/* Errors */

/* By primary result code; all others make further work senseless. */
static enum err_code code_of(int rc)
{
	static const struct {
		int primary;
		enum err_code code;
	} rows[] = {
		{ SQLITE_ERROR, ERR_BUG },
		{ SQLITE_BUSY, ERR_BUSY },
		{ SQLITE_LOCKED, ERR_BUSY },
		{ SQLITE_TOOBIG, ERR_LIMIT },
		{ SQLITE_RANGE, ERR_BUG },
		{ SQLITE_CONSTRAINT, ERR_CONFLICT },
		{ SQLITE_MISMATCH, ERR_BUG },
		{ SQLITE_MISUSE, ERR_BUG },
		{ SQLITE_AUTH, ERR_BUG },
		{ SQLITE_FULL, ERR_FULL },
		{ SQLITE_CORRUPT, ERR_CORRUPT },
		{ SQLITE_NOTADB, ERR_CORRUPT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].primary == (rc & 0xff)) {
			return rows[i].code;
		}
	}
	return ERR_DB;
}

/* Says what rc, the newest result of the connection, means. Returns -1. */
static int fail(const struct db *db, int rc, struct err *err)
{
	int sys_errno = sqlite3_system_errno(db->handle);
	bool of_system = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
	bool full = of_system && (sys_errno == ENOSPC || sys_errno == EDQUOT);

	return err_set(err, full ? ERR_FULL : code_of(rc), "database: %s (%d)%s%s",
			sqlite3_errmsg(db->handle), rc, of_system && sys_errno ? ": " : "",
			of_system && sys_errno ? strerror(sys_errno) : "");
}

static void die(const char *what, const char *sql, const char *why)
{
	fprintf(stderr, "database: %s: %s: %s\n", what, why, sql);
	abort();
}

/* Statements */

static size_t bucket_of(const char *sql)
{
	uint64_t key = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);

	return key >> 56;
}

/* The tail behind the first statement must be empty. */
static void check_single(const char *sql, const char *tail)
{
	if (tail[strspn(tail, " \t\n;")] != '\0') {
		die("prepare", sql, "more than one statement");
	}
}

static struct stmt *prepare(struct db *db, const char *sql)
{
	sqlite3_stmt *handle = NULL;
	const char *tail = "";
	int rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, &tail);

	if (rc != SQLITE_OK && code_of(rc) == ERR_BUG) {
		die("prepare", sql, sqlite3_errmsg(db->handle));
	}
	if (rc != SQLITE_OK) {
		fail(db, rc, &db->broken.failure);
		return &db->broken;
	}
	check_single(sql, tail);

	struct stmt *stmt = xcalloc(1, sizeof(*stmt));
	size_t bucket = bucket_of(sql);

	stmt->db = db;
	stmt->handle = handle;
	stmt->sql = sql;
	stmt->next = db->buckets[bucket];
	db->buckets[bucket] = stmt;
	return stmt;
}

struct stmt *db_stmt(struct db *db, const char *sql)
{
	for (struct stmt *stmt = db->buckets[bucket_of(sql)]; stmt; stmt = stmt->next) {
		if (stmt->sql == sql) {
			sqlite3_reset(stmt->handle);
			sqlite3_clear_bindings(stmt->handle);
			stmt->bind_rc = SQLITE_OK;
			return stmt;
		}
	}
	return prepare(db, sql);
}

/* SQLite compares the text of all names; ours are literals, which stay where they are. */
static int known_index(const struct stmt *stmt, const char *name)
{
	for (int i = 1; i < NAMES_MAX && stmt->names[i]; i++) {
		if (stmt->names[i] == name) {
			return i;
		}
	}
	return 0;
}

/* 0 when there is nothing to bind to. */
static int index_of(struct stmt *stmt, const char *name)
{
	if (!stmt->handle) {
		return 0;
	}

	int index = known_index(stmt, name);

	if (index) {
		return index;
	}
	index = sqlite3_bind_parameter_index(stmt->handle, name);
	if (!index) {
		die(name, stmt->sql, "no such parameter");
	}
	if (index < NAMES_MAX) {
		stmt->names[index] = name;
	}
	return index;
}

static void bound(struct stmt *stmt, int rc)
{
	if (stmt->bind_rc == SQLITE_OK) {
		stmt->bind_rc = rc;
	}
}

void stmt_int(struct stmt *stmt, const char *name, int64_t value)
{
	int index = index_of(stmt, name);

	if (index) {
		bound(stmt, sqlite3_bind_int64(stmt->handle, index, value));
	}
}

void stmt_int_or_null(struct stmt *stmt, const char *name, int64_t value)
{
	int index = index_of(stmt, name);

	if (index) {
		bound(stmt, value ? sqlite3_bind_int64(stmt->handle, index, value)
				  : sqlite3_bind_null(stmt->handle, index));
	}
}

void stmt_text(struct stmt *stmt, const char *name, const char *text)
{
	int index = index_of(stmt, name);

	if (index) {
		bound(stmt, sqlite3_bind_text64(stmt->handle, index, text, text ? strlen(text) : 0,
					    SQLITE_TRANSIENT, SQLITE_UTF8));
	}
}

void stmt_blob(struct stmt *stmt, const char *name, const void *data, size_t len)
{
	int index = index_of(stmt, name);

	if (index) {
		bound(stmt, sqlite3_bind_blob64(stmt->handle, index, data, len, SQLITE_STATIC));
	}
}

int stmt_step(struct stmt *stmt, struct err *err)
{
	if (!stmt->handle) {
		*err = stmt->failure;
		return -1;
	}
	if (stmt->bind_rc != SQLITE_OK) {
		return err_set(err, code_of(stmt->bind_rc), "database: %s",
				sqlite3_errstr(stmt->bind_rc));
	}

	if (stmt->db->may && !stmt->db->may(stmt->db->may_arg)) {
		sqlite3_reset(stmt->handle);
		return err_set(err, ERR_DB, "database: the step was not let through");
	}

	int rc = sqlite3_step(stmt->handle);

	if (rc == SQLITE_ROW) {
		return 1;
	}
	if (rc != SQLITE_DONE) {
		fail(stmt->db, rc, err);
	}
	sqlite3_reset(stmt->handle);
	return rc == SQLITE_DONE ? 0 : -1;
}

int stmt_run(struct stmt *stmt, struct err *err)
{
	int rc;

	do {
		rc = stmt_step(stmt, err);
	} while (rc == 1);
	return rc;
}

int stmt_insert(struct stmt *stmt, int64_t *ret_id, struct err *err)
{
	int64_t id = 0;
	int rc;

	sqlite3_set_last_insert_rowid(stmt->db->handle, 0);
	rc = stmt_step(stmt, err);
	if (rc == 1) {
		id = stmt_col_int(stmt, 0);
		/* It is not in until the statement has ended well. */
		rc = stmt_run(stmt, err);
	}
	if (rc < 0 || db_changes(stmt->db) == 0) {
		return rc;
	}
	id = id ? id : sqlite3_last_insert_rowid(stmt->db->handle);
	if (!id) {
		die("insert", stmt->sql, "its table has no key that counts rows");
	}
	*ret_id = id;
	return 1;
}

int stmt_update(struct stmt *stmt, struct err *err)
{
	return stmt_run(stmt, err) < 0 ? -1 : db_changes(stmt->db) > 0;
}

void stmt_reset(struct stmt *stmt)
{
	sqlite3_reset(stmt->handle);
}

int64_t stmt_col_int(struct stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->handle, column);
}

const char *stmt_col_text(struct stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt->handle, column);
}

const void *stmt_col_blob(struct stmt *stmt, int column, size_t *ret_len)
{
	const void *data = sqlite3_column_blob(stmt->handle, column);

	*ret_len = (size_t)sqlite3_column_bytes(stmt->handle, column);
	return data;
}

/* Transactions */

static int run_text(struct db *db, const char *sql, struct err *err)
{
	return stmt_run(db_stmt(db, sql), err);
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

/* SQLite itself may have rolled back, after an I/O error or a full disk. */
static int need_transaction(const struct db *db, struct err *err)
{
	return db_in_transaction(db)
			       ? 0
			       : err_set(err, ERR_DB, "database: no transaction is open any more");
}

int db_begin(struct db *db, struct err *err)
{
	static const char sql[] = "BEGIN IMMEDIATE";

	assert(!db_in_transaction(db));
	return run_text(db, sql, err);
}

int db_commit(struct db *db, struct err *err)
{
	static const char sql[] = "COMMIT";

	if (need_transaction(db, err) < 0) {
		return -1;
	}
	if (run_text(db, sql, err) < 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}

void db_rollback(struct db *db)
{
	static const char sql[] = "ROLLBACK";
	struct err ignored; /* when it fails, SQLite has rolled back already */

	bool (*may)(void *arg) = db->may;

	db->may = NULL;
	if (db_in_transaction(db)) {
		run_text(db, sql, &ignored);
	}
	db->may = may;
}

int db_savepoint(struct db *db, struct err *err)
{
	static const char sql[] = "SAVEPOINT nested";

	return need_transaction(db, err) < 0 ? -1 : run_text(db, sql, err);
}

int db_savepoint_keep(struct db *db, struct err *err)
{
	static const char sql[] = "RELEASE nested";

	return need_transaction(db, err) < 0 ? -1 : run_text(db, sql, err);
}

int db_savepoint_undo(struct db *db, struct err *err)
{
	static const char sql[] = "ROLLBACK TO nested";

	if (need_transaction(db, err) < 0 || run_text(db, sql, err) < 0) {
		return -1;
	}
	return db_savepoint_keep(db, err);
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

void db_gate(struct db *db, bool (*may)(void *arg), void *arg)
{
	db->may = may;
	db->may_arg = arg;
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : fail(db, rc, err);
}

/* Open and close */

static void set_options(sqlite3 *handle)
{
	static const struct {
		int option;
		int value;
	} rows[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sqlite3_db_config(handle, rows[i].option, rows[i].value, NULL);
	}
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
}

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

/* Whether the one text that sql gives is this; it is kept in ret_text. */
static int expect_text(struct db *db, const char *sql, const char *expected, struct buf *ret_text,
		struct err *err)
{
	struct stmt *s = db_stmt(db, sql);
	int rc = stmt_step(s, err);

	if (rc < 0) {
		return -1;
	}
	buf_adds(ret_text, rc == 1 ? stmt_col_text(s, 0) : "");
	stmt_reset(s);
	return !strcmp(buf_text(ret_text), expected);
}

int db_wal(struct db *db, struct err *err)
{
	static const char sql[] = "PRAGMA journal_mode = WAL";
	auto_buf struct buf mode = { 0 };
	int rc = expect_text(db, sql, "wal", &mode, err);

	return rc != 0 ? (rc < 0 ? -1 : 0)
		       : err_set(err, ERR_DB,
					 "database: this file system cannot hold a write-ahead log");
}

int db_check(struct db *db, int64_t max, struct err *err)
{
	static const char pages[] = "PRAGMA page_count";
	static const char page[] = "PRAGMA page_size";
	static const char sql[] = "PRAGMA quick_check(1)";
	auto_buf struct buf found = { 0 };
	int64_t count;
	int64_t size;

	if (read_int(db, pages, &count, err) < 0 || read_int(db, page, &size, err) < 0) {
		return -1;
	}
	if (count > max / size) {
		return 0;
	}

	int rc = expect_text(db, sql, "ok", &found, err);

	return rc != 0 ? (rc < 0 ? -1 : 0)
		       : err_set(err, ERR_CORRUPT, "database: it is damaged: %.200s",
					 buf_text(&found));
}

/* For a connection that only reads: whoever writes has set the others. */
static int look_at(struct db *db, struct err *err)
{
	static const char count[] = "SELECT count(*) FROM sqlite_schema"; /* is it a database? */
	int64_t objects;

	return read_int(db, count, &objects, err) < 0
			       ? -1
			       : db_exec(db, "PRAGMA cell_size_check = ON; PRAGMA query_only = ON;",
						 err);
}

static int set_pragmas(struct db *db, struct err *err)
{
	static const char count[] = "SELECT count(*) FROM sqlite_schema"; /* is it a database? */
	static const char sql[] = "PRAGMA synchronous = FULL;"
				  "PRAGMA foreign_keys = ON;"
				  "PRAGMA cell_size_check = ON;"
				  "PRAGMA cache_size = -8192;"
				  "PRAGMA wal_autocheckpoint = 1000;"
				  "PRAGMA journal_size_limit = 16777216;"
				  "PRAGMA temp_store = MEMORY;";
	int64_t objects;

	/* Whose file it is says its owner, see db_wal(). */
	if (read_int(db, count, &objects, err) < 0 || (objects == 0 && db_wal(db, err) < 0)) {
		return -1;
	}
	return db_exec(db, sql, err);
}

/* SQLite gives -wal and -shm the mode of the database itself. */
static int restrict_mode(const char *path, struct err *err)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[PATH_MAX + 8];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (chmod(name, 0600) < 0 && errno != ENOENT) {
			return err_set(err, ERR_DB, "set the mode of '%s': %s", name,
					strerror(errno));
		}
	}
	return 0;
}

/* The folder's real path and the file's name: NOFOLLOW minds links in the folders too. */
static int real_path(const char *path, char ret[PATH_MAX], struct err *err)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	char real[PATH_MAX];

	if (!realpath(folder, real)) {
		return err_set(err, ERR_DB, "open '%s': %s", folder, strerror(errno));
	}
	if (snprintf(ret, PATH_MAX, "%s/%s", real, slash ? slash + 1 : path) >= PATH_MAX) {
		return err_set(err, ERR_DB, "open '%s': %s", path, strerror(ENAMETOOLONG));
	}
	return 0;
}

/* One thread a process: no mutexes, and nobody asks for statistics. Without effect once it runs. */
static void set_up_library(void)
{
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_file(struct db *db, const char *path, int how, struct err *err)
{
	char real[PATH_MAX];

	set_up_library();

	if (real_path(path, real, err) < 0) {
		return -1;
	}

	int rc = sqlite3_open_v2(real, &db->handle,
			how | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			NULL);

	if (rc != SQLITE_OK) {
		return fail(db, rc, err);
	}
	set_options(db->handle);
	if (how & SQLITE_OPEN_READONLY) {
		return look_at(db, err);
	}
	return set_pragmas(db, err) < 0 ? -1 : restrict_mode(real, err);
}

static struct db *open_as(const char *path, int how, struct err *err)
{
	struct db *db = xcalloc(1, sizeof(*db));
	mode_t before = umask(0077);
	int rc = open_file(db, path, how, err);

	umask(before);
	if (rc < 0) {
		err_wrap(err, "open '%s'", path);
		db_close(db);
		return NULL;
	}
	return db;
}

struct db *db_open(const char *path, struct err *err)
{
	return open_as(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
}

struct db *db_open_reading(const char *path, struct err *err)
{
	return open_as(path, SQLITE_OPEN_READONLY, err);
}

static void finalize_all(struct db *db)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (db->buckets[i]) {
			struct stmt *stmt = db->buckets[i];

			db->buckets[i] = stmt->next;
			sqlite3_finalize(stmt->handle);
			free(stmt);
		}
	}
}

void db_close(struct db *db)
{
	if (!db) {
		return;
	}
	if (db->handle) {
		db_rollback(db);
		finalize_all(db);
		sqlite3_close(db->handle);
	}
	free(db);
}

void db_freeze(struct db *db)
{
	struct err ignored;

	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	db_exec(db, "PRAGMA query_only = ON", &ignored);
}
