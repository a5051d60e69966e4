/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/db.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static struct db *must_open(const char *path)
{
	struct err err;
	struct db *db = db_open(path, &err);

	if (!db) {
		test_abort(__FILE__, __LINE__, "%s", err.msg);
	}
	return db;
}

static struct db *setup(void)
{
	struct err err;
	struct db *db = must_open("test.db");

	must_ok(db_exec(db,
				"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB, at INTEGER) STRICT;"
				"CREATE TABLE child (t INTEGER NOT NULL REFERENCES t (id)) STRICT",
				&err),
			err);
	return db;
}

static int insert(struct db *db, const char *name, struct err *err)
{
	static const char sql[] = "INSERT INTO t (name) VALUES (:name)";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":name", name);
	return stmt_run(s, err);
}

static int64_t count(struct db *db)
{
	static const char sql[] = "SELECT count(*) FROM t";
	struct stmt *s = db_stmt(db, sql);
	struct err err;

	must(stmt_step(s, &err) == 1);

	int64_t n = stmt_col_int(s, 0);

	stmt_reset(s);
	return n;
}

static const char *pragma(struct db *db, const char *sql)
{
	static char text[64];
	struct stmt *s = db_stmt(db, sql);
	struct err err;

	must(stmt_step(s, &err) == 1);
	snprintf(text, sizeof(text), "%s", stmt_col_text(s, 0));
	stmt_reset(s);
	return text;
}

TEST(the_connection_is_durable_and_strict)
{
	struct db *db = setup();

	ck_str(pragma(db, "PRAGMA journal_mode"), "wal");
	ck_str(pragma(db, "PRAGMA synchronous"), "2");
	ck_str(pragma(db, "PRAGMA foreign_keys"), "1");
	ck_str(pragma(db, "PRAGMA busy_timeout"), "2000");
	ck_str(pragma(db, "PRAGMA trusted_schema"), "0");
	ck_str(pragma(db, "PRAGMA cell_size_check"), "1");
	ck_str(pragma(db, "PRAGMA temp_store"), "2");
	ck_str(pragma(db, "PRAGMA locking_mode"), "normal");
	db_close(db);
}

TEST(who_only_reads_makes_no_file_and_changes_none)
{
	struct err err;

	ck(db_open_reading("test.db", &err) == NULL);
	ck_int(access("test.db", F_OK), -1);

	struct db *db = setup();
	struct db *reading = db_open_reading("test.db", &err);

	must(reading != NULL);
	must_ok(insert(db, "a", &err), err);
	ck_int(count(reading), 1);
	ck_int(insert(reading, "b", &err), -1);
	ck_int(count(db), 1);
	db_close(reading);
	db_close(db);
}

TEST(other_files_cannot_be_attached_nor_extensions_loaded)
{
	struct db *db = setup();
	struct err err;

	ck_int(db_exec(db, "ATTACH 'other.db' AS other", &err), -1);
	ck_int(access("other.db", F_OK), -1);
	ck_int(db_exec(db, "SELECT load_extension('x')", &err), -1);
	ck_has(err.msg, "not authorized");
	ck_int(db_exec(db, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema", &err), -1);
	ck_int(db_exec(db, "SELECT \"no such column\"", &err), -1);
	ck_int(err.code, ERR_BUG);
	db_close(db);
}

static int mode_of(const char *path)
{
	struct stat st;

	must(stat(path, &st) == 0);
	return st.st_mode & 07777;
}

TEST(only_the_owner_may_read_the_files)
{
	umask(0);
	close(open("test.db", O_CREAT | O_RDWR | O_CLOEXEC, 0666));

	struct db *db = setup();

	ck_int(mode_of("test.db"), 0600);
	ck_int(mode_of("test.db-wal"), 0600);
	ck_int(mode_of("test.db-shm"), 0600);
	ck_int(umask(0), 0);
	db_close(db);
}

TEST(a_link_is_not_opened_but_a_folder_may_be_one)
{
	struct err err;

	db_close(setup());
	must(symlink("test.db", "link.db") == 0);
	ck(!db_open("link.db", &err));
	ck_int(err.code, ERR_DB);
	must(symlink(".", "folder") == 0);
	db_close(must_open("folder/test.db"));
}

TEST(what_is_no_database_is_refused)
{
	struct err err;
	int fd = open("test.db", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	for (int i = 0; i < 1000; i++) {
		must(write(fd, "not a database, ", 16) == 16);
	}
	close(fd);
	ck(!db_open("test.db", &err));
	ck_int(err.code, ERR_CORRUPT);
	ck_has(err.msg, "open 'test.db': database: file is not a database");
	ck(!db_open("no/such/folder.db", &err));
	ck_int(err.code, ERR_DB);
}

TEST(an_insert_says_which_id_its_row_got)
{
	static const char put[] = "INSERT INTO t (id, name) VALUES (:id, :name)"
				  " ON CONFLICT DO NOTHING";
	static const char twice[] = "INSERT INTO t (id, name) VALUES (41, NULL)";
	struct db *db = setup();
	struct err err;
	int64_t id = -1;
	struct stmt *s = db_stmt(db, put);

	stmt_int(s, ":id", 41);
	ck_int(stmt_insert(s, &id, &err), 1);
	ck_int(id, 41);
	s = db_stmt(db, put); /* the one after it */
	ck_int(stmt_insert(s, &id, &err), 1);
	ck_int(id, 42);

	s = db_stmt(db, put); /* it is there: nothing is inserted */
	stmt_int(s, ":id", 41);
	ck_int(stmt_insert(s, &id, &err), 0);
	ck_int(stmt_insert(db_stmt(db, twice), &id, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	ck_int(id, 42);
	must_ok(db_begin(db, &err), err); /* no statement is left open */
	must_ok(db_commit(db, &err), err);
	db_close(db);
}

/* Where the key is another, the statement says it itself. */
TEST(an_insert_may_say_another_id_than_that_of_its_row)
{
	static const char make[] = "CREATE TABLE pair (a INTEGER, b INTEGER, PRIMARY KEY (a, b))"
				   " STRICT, WITHOUT ROWID";
	static const char put[] =
			"INSERT INTO pair VALUES (1, 7) ON CONFLICT DO NOTHING RETURNING b";
	struct db *db = setup();
	struct err err;
	int64_t id = -1;

	must_ok(db_exec(db, make, &err), err);
	ck_int(stmt_insert(db_stmt(db, put), &id, &err), 1);
	ck_int(id, 7);
	ck_int(stmt_insert(db_stmt(db, put), &id, &err), 0);
	ck_int(id, 7);
	db_close(db);
}

TEST(an_update_says_whether_it_changed_its_row)
{
	static const char put[] = "INSERT INTO t (id, name) VALUES (1, 'a')";
	static const char set[] = "UPDATE t SET name = 'b' WHERE id = 1 AND name = 'a'";
	static const char wrong[] = "UPDATE t SET id = 'x' WHERE id = 1";
	struct db *db = setup();
	struct err err;
	int64_t id;

	ck_int(stmt_update(db_stmt(db, set), &err), 0);
	ck_int(stmt_insert(db_stmt(db, put), &id, &err), 1);
	ck_int(stmt_update(db_stmt(db, set), &err), 1);
	ck_int(stmt_update(db_stmt(db, set), &err), 0);
	ck_int(stmt_update(db_stmt(db, wrong), &err), -1);
	db_close(db);
}

TEST(values_come_back_as_they_were_bound)
{
	static const char put[] = "INSERT INTO t VALUES (:id, :name, :data, :at)";
	static const char get[] = "SELECT id, name, data, at FROM t ORDER BY id";
	struct db *db = setup();
	struct err err;
	struct stmt *s = db_stmt(db, put);
	size_t len;

	stmt_int(s, ":id", INT64_MAX);
	stmt_text(s, ":name", "Zo\xc3\xab");
	stmt_blob(s, ":data", "a\0b", 3);
	stmt_int_or_null(s, ":at", 5);
	must_ok(stmt_run(s, &err), err);
	ck_int(db_changes(db), 1);

	s = db_stmt(db, put); /* nothing bound: all NULL */
	stmt_int(s, ":id", 1);
	stmt_int_or_null(s, ":at", 0);
	must_ok(stmt_run(s, &err), err);

	s = db_stmt(db, get);
	must(stmt_step(s, &err) == 1);
	ck_int(stmt_col_int(s, 0), 1);
	ck_str(stmt_col_text(s, 1), NULL);
	ck(!stmt_col_blob(s, 2, &len));
	ck_int(len, 0);
	ck_str(stmt_col_text(s, 3), NULL);
	must(stmt_step(s, &err) == 1);
	ck_int(stmt_col_int(s, 0), INT64_MAX);
	ck_str(stmt_col_text(s, 1), "Zo\xc3\xab");
	ck(!memcmp(stmt_col_blob(s, 2, &len), "a\0b", 3));
	ck_int(len, 3);
	ck_int(stmt_step(s, &err), 0);
	db_close(db);
}

TEST(an_empty_blob_is_not_null)
{
	static const char put[] = "INSERT INTO t (data) VALUES (:data)";
	static const char get[] = "SELECT data IS NULL FROM t ORDER BY id";
	struct db *db = setup();
	struct err err;
	struct stmt *s = db_stmt(db, put);

	stmt_blob(s, ":data", "", 0);
	must_ok(stmt_run(s, &err), err);
	s = db_stmt(db, put);
	stmt_blob(s, ":data", NULL, 0);
	must_ok(stmt_run(s, &err), err);
	s = db_stmt(db, get);
	must(stmt_step(s, &err) == 1);
	ck_int(stmt_col_int(s, 0), 0);
	must(stmt_step(s, &err) == 1);
	ck_int(stmt_col_int(s, 0), 1);
	db_close(db);
}

TEST(a_text_gives_the_same_statement_each_time)
{
	static const char sql[2][32] = { "SELECT count(*) FROM t", "SELECT count(*) FROM t" };
	struct db *db = setup();

	ck(db_stmt(db, sql[0]) == db_stmt(db, sql[0]));
	ck(db_stmt(db, sql[0]) != db_stmt(db, sql[1]));
	db_close(db);
}

TEST(a_statement_survives_a_change_of_the_schema)
{
	struct db *db = setup();
	struct err err;

	ck_int(count(db), 0);
	must_ok(db_exec(db, "ALTER TABLE t ADD COLUMN more TEXT", &err), err);
	must_ok(insert(db, "a", &err), err);
	ck_int(count(db), 1);
	db_close(db);
}

static bool aborts(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		must(freopen("/dev/null", "w", stderr));
		fn();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void wrong_sql(void)
{
	db_stmt(must_open("other.db"), "SELECT nonsense");
}

static void two_statements(void)
{
	db_stmt(must_open("other.db"), "SELECT 1; SELECT 2");
}

static void wrong_parameter(void)
{
	stmt_int(db_stmt(must_open("other.db"), "SELECT :a"), ":b", 1);
}

TEST(our_own_mistakes_abort)
{
	ck(aborts(wrong_sql));
	ck(aborts(two_statements));
	ck(aborts(wrong_parameter));
}

TEST(a_rollback_undoes_and_a_commit_keeps)
{
	struct db *db = setup();
	struct err err;

	must_ok(db_begin(db, &err), err);
	ck(db_in_transaction(db));
	must_ok(insert(db, "a", &err), err);
	db_rollback(db);
	ck(!db_in_transaction(db));
	db_rollback(db);
	ck_int(count(db), 0);

	must_ok(db_begin(db, &err), err);
	must_ok(insert(db, "a", &err), err);
	must_ok(db_commit(db, &err), err);
	ck(!db_in_transaction(db));
	db_close(db);

	db = must_open("test.db");
	ck_int(count(db), 1);
	db_close(db);
}

TEST(closing_rolls_back)
{
	struct db *db = setup();
	struct err err;

	must_ok(db_begin(db, &err), err);
	must_ok(insert(db, "a", &err), err);
	db_close(db);
	db = must_open("test.db");
	ck_int(count(db), 0);
	db_close(db);
}

TEST(an_undone_savepoint_leaves_what_was_before_it)
{
	struct db *db = setup();
	struct err err;

	must_ok(db_begin(db, &err), err);
	must_ok(insert(db, "a", &err), err);
	must_ok(db_savepoint(db, &err), err);
	must_ok(insert(db, "b", &err), err);
	must_ok(db_savepoint(db, &err), err);
	must_ok(insert(db, "c", &err), err);
	must_ok(db_savepoint_keep(db, &err), err);
	ck_int(count(db), 3);
	must_ok(db_savepoint_undo(db, &err), err);
	ck_int(count(db), 1);
	must_ok(db_savepoint(db, &err), err);
	must_ok(insert(db, "d", &err), err);
	must_ok(db_savepoint_undo(db, &err), err);
	must_ok(db_commit(db, &err), err);
	ck_int(count(db), 1);
	ck_int(db_savepoint(db, &err), -1);
	ck_int(err.code, ERR_DB);
	ck_int(db_commit(db, &err), -1);
	ck_int(err.code, ERR_DB);
	db_close(db);
}

TEST(a_broken_constraint_is_a_conflict_and_the_transaction_goes_on)
{
	struct db *db = setup();
	struct err err;

	must_ok(db_begin(db, &err), err);
	must_ok(insert(db, "a", &err), err);
	ck_int(insert(db, "a", &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	ck_has(err.msg, "UNIQUE constraint failed: t.name");
	ck_int(db_exec(db, "INSERT INTO child VALUES (99)", &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	must_ok(insert(db, "b", &err), err);
	must_ok(db_commit(db, &err), err);
	ck_int(count(db), 2);
	db_close(db);
}

TEST(a_second_writer_is_told_to_come_again)
{
	struct db *db = setup();
	struct db *second = must_open("test.db");
	struct err err;

	must_ok(db_begin(db, &err), err);
	must_ok(insert(db, "a", &err), err);
	ck_int(db_begin(second, &err), -1);
	ck_int(err.code, ERR_BUSY);
	ck(!db_in_transaction(second));
	ck_int(count(second), 0);
	must_ok(db_commit(db, &err), err);
	must_ok(db_begin(second, &err), err);
	must_ok(insert(second, "b", &err), err);
	must_ok(db_commit(second, &err), err);
	ck_int(count(db), 2);
	db_close(second);
	db_close(db);
}

TEST(a_value_too_long_is_a_limit)
{
	static const char put[] = "INSERT INTO t (data) VALUES (:data)";
	struct db *db = setup();
	struct err err;
	size_t len = 64 * 1024 * 1024 + 1;
	auto_free char *data = calloc(1, len);
	struct stmt *s = db_stmt(db, put);

	must(data);
	stmt_blob(s, ":data", data, len);
	ck_int(stmt_run(s, &err), -1);
	ck_int(err.code, ERR_LIMIT);
	ck_int(count(db), 0);
	db_close(db);
}

/* The limit on file sizes stands for a full disk. */
TEST(a_failing_disk_is_a_database_error_and_nothing_is_half_done)
{
	static const char put[] = "INSERT INTO t (data) VALUES (zeroblob(3000000))";
	struct db *db = setup();
	struct err err;
	struct rlimit limit = { 1000000, RLIM_INFINITY };

	must(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	must_ok(db_begin(db, &err), err);

	int rc = stmt_run(db_stmt(db, put), &err);

	if (rc == 0) {
		rc = db_commit(db, &err);
	}
	ck_int(rc, -1);
	ck_int(err.code, ERR_DB);
	db_rollback(db);
	ck(!db_in_transaction(db));
	ck_int(count(db), 0);
	limit.rlim_cur = RLIM_INFINITY;
	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	must_ok(insert(db, "a", &err), err);
	ck_int(count(db), 1);
	db_close(db);
}

TEST(a_frozen_connection_writes_nothing)
{
	struct db *db = setup();
	struct err err;
	struct stat before;
	struct stat after;

	must(stat("test.db-wal", &before) == 0);
	must(before.st_size > 0);
	db_freeze(db);
	ck_int(insert(db, "a", &err), -1);
	db_close(db);
	must(stat("test.db-wal", &after) == 0);
	ck_int(after.st_size, before.st_size);
	db = must_open("test.db");
	ck_int(count(db), 0);
	db_close(db);
}

/* Another program's file: only its owner may say that we may change it. */
TEST(a_file_with_something_in_it_keeps_its_journal_until_told)
{
	struct db *db = setup();
	struct err err;

	must(db_exec(db, "PRAGMA journal_mode = DELETE", &err) == 0);
	db_close(db);
	db = must_open("test.db");
	ck_str(pragma(db, "PRAGMA journal_mode"), "delete");
	must(db_wal(db, &err) == 0);
	ck_str(pragma(db, "PRAGMA  journal_mode"), "wal");
	db_close(db);
}

TEST(damage_is_found_in_a_database_that_is_small_enough)
{
	struct db *db = setup();
	struct err err;
	char name[64];
	int fd;

	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "%d and more text, for more than one page", i);
		must(insert(db, name, &err) == 0);
	}
	ck_int(db_check(db, 1 << 20, &err), 0);
	db_close(db);
	fd = open("test.db", O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 5 * 4096) == 8);
	close(fd);
	db = must_open("test.db");
	ck_int(db_check(db, 1 << 20, &err), -1);
	ck_int(err.code, ERR_CORRUPT);
	ck_int(db_check(db, 4096, &err), 0);
	db_close(db);
}
