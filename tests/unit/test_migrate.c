/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/migrate.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "test.h"

static const struct migration steps[] = {
	{ 1, "0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT; INSERT INTO a VALUES (1);" },
	{ 2, "0002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY) STRICT; INSERT INTO a VALUES (2);" },
	{ 3, "0003_c", "INSERT INTO b SELECT id FROM a; -- a comment at the end" },
};

static struct db *must_open(void)
{
	struct err err;
	struct db *db = db_open("test.db", &err);

	if (!db) {
		test_abort(__FILE__, __LINE__, "%s", err.msg);
	}
	return db;
}

static int64_t number(struct db *db, const char *sql)
{
	struct stmt *s = db_stmt(db, sql);
	struct err err;

	must(stmt_step(s, &err) == 1);

	int64_t n = stmt_col_int(s, 0);

	stmt_reset(s);
	return n;
}

TEST(an_empty_database_gets_all_steps_in_order)
{
	struct db *db = must_open();
	struct err err;

	must_ok(migrate_steps(db, steps, 3, &err), err);
	ck_int(number(db, "PRAGMA user_version"), 3);
	ck_int(number(db, "SELECT sum(id) FROM b"), 3);
	db_close(db);
}

TEST(an_older_database_gets_only_what_it_lacks)
{
	struct db *db = must_open();
	struct err err;

	must_ok(migrate_steps(db, steps, 1, &err), err);
	db_close(db);
	db = must_open();
	must_ok(migrate_steps(db, steps, 3, &err), err);
	must_ok(migrate_steps(db, steps, 3, &err), err);
	ck_int(number(db, "SELECT count(*) FROM a"), 2);
	ck_int(number(db, "SELECT count(*) FROM b"), 2);
	db_close(db);
}

TEST(a_failed_step_leaves_nothing_of_itself_and_all_before_it)
{
	const struct migration broken[] = {
		steps[0],
		{ 2, "0002_broken",
				"CREATE TABLE b (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1);" },
	};
	struct db *db = must_open();
	struct err err;

	ck_int(migrate_steps(db, broken, 2, &err), -1);
	ck_has(err.msg, "migration 0002_broken: ");
	ck_has(err.msg, "no such table: nowhere");
	ck(!db_in_transaction(db));
	ck_int(number(db, "PRAGMA user_version"), 1);
	ck_int(number(db, "SELECT count(*) FROM sqlite_schema"), 1);
	must_ok(migrate_steps(db, steps, 3, &err), err);
	db_close(db);
}

static void must_read(const char *path, struct buf *out)
{
	struct err err;

	must_ok(file_read(AT_FDCWD, path, 10000000, out, &err), err);
}

static void ck_future_is_refused(void)
{
	auto_buf struct buf before = { 0 };
	auto_buf struct buf after = { 0 };
	struct err err;

	must_read("test.db", &before);

	struct db *db = must_open();

	ck_int(migrate_steps(db, steps, 2, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	ck_has(err.msg, "version 3");
	ck_has(err.msg, "only 2");
	db_close(db);
	must_read("test.db", &after);
	ck_int(after.len, before.len);
	ck(after.len == before.len && !memcmp(after.data, before.data, after.len));
}

TEST(a_database_from_the_future_is_refused_and_stays_as_it_is)
{
	struct db *db = must_open();
	struct err err;

	must_ok(migrate_steps(db, steps, 3, &err), err);
	db_close(db);
	ck_future_is_refused();
}

/* The newer program was killed: its log is still to be merged, but not by us. */
TEST(a_database_from_the_future_with_a_log_stays_as_it_is)
{
	struct db *db = must_open();
	struct err err;

	must_ok(migrate_steps(db, steps, 3, &err), err);
	db_freeze(db);
	db_close(db);
	must(access("test.db-wal", F_OK) == 0);
	ck_future_is_refused();
	db = must_open();
	ck_int(number(db, "PRAGMA user_version"), 3);
	db_close(db);
}

TEST(a_database_of_somebody_else_is_refused)
{
	struct db *db = must_open();
	struct err err;

	must_ok(db_exec(db, "CREATE TABLE theirs (id INTEGER)", &err), err);
	ck_int(migrate_steps(db, steps, 3, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	ck_int(number(db, "SELECT count(*) FROM sqlite_schema"), 1);
	db_close(db);
}

/* A store from before there were approvals, with a run, its step and what it wrote. */
TEST(a_store_without_approvals_keeps_its_rows)
{
	static const char rows[] =
			"INSERT INTO run (id, generation, playbook, target, trigger, requested_by,"
			" config_hash, status, reason, alertname, alert, alert_status, queued_at)"
			" VALUES (7, 1, 'p', x'00', 'manual', 'x', x'00', 'running', '', '', '{}',"
			" '', 1);"
			"INSERT INTO step (run_id, step, attempt, phase, kind, name, argv, status,"
			" reason, exit_code, pid, boot_id, started_at, output_bytes)"
			" VALUES (7, 0, 2, 'steps', 'run', 'n', '[\"a\"]', 'running', 'r', 3, 4,"
			" 'b', 5, 6), (7, 1, 1, 'steps', 'wait', 'w', '[]', 'waiting', '', NULL,"
			" NULL, NULL, 8, 0);"
			"INSERT INTO output (run_id, step, attempt, head, tail)"
			" VALUES (7, 0, 2, x'01', x'02')";
	struct db *db = must_open();
	struct err err;

	must_ok(migrate_steps(db, migrations, 1, &err), err);
	must_ok(db_exec(db, rows, &err), err);
	must_ok(migrate(db, &err), err);
	ck_int(number(db, "SELECT count(*) FROM step"), 2);
	ck_int(number(db, "SELECT exit_code + pid + started_at + output_bytes FROM step"
			  " WHERE run_id = 7 AND step = 0 AND attempt = 2 AND phase = 'steps'"
			  " AND kind = 'run' AND name = 'n' AND argv = '[\"a\"]' AND boot_id = 'b'"
			  " AND status = 'running' AND reason = 'r' AND signal IS NULL"),
			18);
	ck_int(number(db, "SELECT count(*) FROM output"), 1);
	must_ok(db_exec(db,
				"INSERT INTO step SELECT run_id, 2, 1, phase, 'approve', name,"
				" argv,"
				" status, reason, exit_code, signal, pid, pid_started, boot_id,"
				" started_at, finished_at, output_bytes FROM step WHERE step = 1",
				&err),
			err);
	ck_int(db_exec(db, "UPDATE step SET kind = 'ask'", &err), -1);
	ck_int(db_exec(db, "UPDATE step SET run_id = 8", &err), -1);
	ck_int(number(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	db_close(db);
}

TEST(the_built_in_steps_have_no_gaps_and_apply)
{
	struct db *db = must_open();
	struct err err;

	for (size_t i = 0; i < migrations_len; i++) {
		ck_int(migrations[i].version, i + 1);
	}
	must_ok(migrate(db, &err), err);
	ck_int(number(db, "PRAGMA user_version"), migrations_len);
	ck_int(number(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	db_close(db);
}
