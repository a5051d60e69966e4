/* SPDX-License-Identifier: Apache-2.0 */
#include "store/audits.h"

#include <string.h>

#include "store/retention.h"
#include "stored.h"
#include "test.h"

/* Rows from `first` on, one a second. */
static void add_rows(struct db *db, int first, int rows)
{
	struct err err;

	for (int i = 0; i < rows; i++) {
		struct audit_row row = { .at = (first + i) * 1000,
			.principal = "operator",
			.action = "note",
			.object = "incident/4",
			.arguments = "{\"text\":\"x\"}" };

		must_ok(audits_add(db, &row, &err), err);
		ck_int(row.id, first + i);
	}
}

static struct audit_verdict verdict_of(struct db *db)
{
	struct audit_verdict verdict;
	struct err err;

	must_ok(audits_verify(db, &verdict, &err), err);
	return verdict;
}

TEST(rows_that_nobody_touched_are_a_chain)
{
	struct db *db = stored_open();
	struct audit_verdict verdict = verdict_of(db);

	ck_int(verdict.rows, 0);
	ck_int(verdict.broken_id, 0);
	add_rows(db, 1, 5);
	verdict = verdict_of(db);
	ck_int(verdict.rows, 5);
	ck_int(verdict.first_id, 1);
	ck_int(verdict.last_id, 5);
	ck_int(verdict.broken_id, 0);
	db_close(db);
}

TEST(a_store_from_before_the_audit_has_none)
{
	struct err err;
	struct db *old = db_open("old.db", &err);
	struct db *db = stored_open();

	must(old != NULL);
	ck_int(audits_there(old, &err), 0);
	ck_int(audits_there(db, &err), 1);
	db_close(old);
	db_close(db);
}

/* The last row's hash, computed by another program: python3's hashlib over the same bytes. */
TEST(the_hash_is_what_the_header_says)
{
	struct db *db = stored_open();
	char text[DIGEST_TEXT_MAX];

	add_rows(db, 1, 2);
	ck_str(digest_text(verdict_of(db).hash, text),
			"05a6a643c45f16dc5741291bd5855f5548ef989efb99c42415b59768680ac1b9");
	db_close(db);
}

TEST(whatever_is_changed_is_noticed)
{
	static const struct {
		const char *sql;
		int row;
		const char *why;
	} rows[] = {
		{ "UPDATE audit SET principal = 'nobody' WHERE id = 3", 3,
				"it is not what was hashed" },
		{ "UPDATE audit SET action = 'close' WHERE id = 3", 3,
				"it is not what was hashed" },
		{ "UPDATE audit SET object = 'incident/5' WHERE id = 1", 1,
				"it is not what was hashed" },
		{ "UPDATE audit SET arguments = '{}' WHERE id = 5", 5,
				"it is not what was hashed" },
		{ "UPDATE audit SET at = at + 1 WHERE id = 2", 2, "it is not what was hashed" },
		{ "UPDATE audit SET hash = zeroblob(32) WHERE id = 2", 2,
				"it is not what was hashed" },
		{ "UPDATE audit SET hash = x'00' WHERE id = 2", 2, "it is not what was hashed" },
		{ "UPDATE audit SET prev = zeroblob(32) WHERE id = 2", 2,
				"it is not what was hashed" },
		{ "UPDATE audit SET id = 9 WHERE id = 5", 9, "it is not what was hashed" },
		{ "DELETE FROM audit WHERE id = 3", 4, "the row before it is gone" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct db *db = stored_open();

		stored_sql(db, "DELETE FROM audit");
		add_rows(db, 1, 5);
		stored_sql(db, rows[i].sql);
		ck_int(verdict_of(db).broken_id, rows[i].row);
		ck_str(verdict_of(db).why, rows[i].why);
		db_close(db);
	}
}

/* A row of another chain in the place of one: right in itself, and yet it does not belong here. */
TEST(a_row_that_was_made_anew_is_noticed_by_the_next)
{
	struct db *db = stored_open();

	add_rows(db, 1, 2);
	stored_sql(db, "CREATE TABLE other AS SELECT * FROM audit WHERE id = 2");
	stored_sql(db, "DELETE FROM audit");
	add_rows(db, 1, 1);
	stored_sql(db, "UPDATE audit SET at = 5");
	stored_sql(db, "DELETE FROM audit");
	struct audit_row first = {
		.at = 5, .principal = "eve", .action = "a", .object = "o", .arguments = "{}"
	};
	struct err err;

	must_ok(audits_add(db, &first, &err), err);
	stored_sql(db, "INSERT INTO audit SELECT * FROM other");
	ck_int(verdict_of(db).broken_id, 2);
	ck_str(verdict_of(db).why, "it does not follow the row before it");
	db_close(db);
}

static enum retention_answer no_folder(int64_t run_id, void *arg)
{
	(void)run_id;
	(void)arg;
	return RETENTION_GONE;
}

TEST(what_retention_leaves_is_a_chain_and_its_newest_row_stays)
{
	struct db *db = stored_open();
	struct err err;

	add_rows(db, 1, 10);
	stored_sql(db, "UPDATE audit SET at = at WHERE id = 1");
	ck_int(retention_sweep(db, 4000, no_folder, NULL, &err), 3);
	ck_int(verdict_of(db).first_id, 4);
	ck_int(verdict_of(db).broken_id, 0);
	ck_int(retention_sweep(db, 4000, no_folder, NULL, &err), 0);
	ck_int(retention_sweep(db, 900000, no_folder, NULL, &err), 6);
	ck_int(retention_sweep(db, 900000, no_folder, NULL, &err), 0);
	ck_int(verdict_of(db).first_id, 10);
	add_rows(db, 11, 1);
	ck_int(verdict_of(db).last_id, 11);
	ck_int(verdict_of(db).broken_id, 0);
	db_close(db);
}

/* Set back between two orders: an old row behind a young one waits for it. */
TEST(retention_takes_rows_from_the_oldest_on_whatever_their_clock_said)
{
	struct db *db = stored_open();
	struct err err;

	add_rows(db, 100, 0);
	for (int i = 0; i < 3; i++) {
		struct audit_row row = { .at = i == 1 ? 1000 : 9000,
			.principal = "operator",
			.action = "note",
			.object = "incident/4",
			.arguments = "{}" };

		must_ok(audits_add(db, &row, &err), err);
	}
	ck_int(retention_sweep(db, 5000, no_folder, NULL, &err), 0);
	ck_int(verdict_of(db).rows, 3);
	ck_int(verdict_of(db).broken_id, 0);
	db_close(db);
}
