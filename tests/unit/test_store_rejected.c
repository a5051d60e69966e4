/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rejected_bodies.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "store/retention.h"
#include "stored.h"
#include "test.h"

/* A body of that number arrives. Returns how often it has. */
static int64_t arrives(struct db *db, int number, int64_t at, const char *error)
{
	const uint8_t hash[DIGEST_SIZE] = { (uint8_t)number, (uint8_t)(number >> 8) };
	const struct rejected_body_row row = { .hash = hash,
		.last_at = at,
		.status = 400,
		.error = error,
		.principal = "anonymous",
		.client = "127.0.0.1",
		.size = number,
		.body = "body",
		.body_len = 4 };
	int64_t id = 0;
	int64_t count = 0;
	struct err err;

	must_ok(rejected_bodies_add(db, &row, &id, &count, &err), err);
	must(id > 0);
	return count;
}

static void add_row(const struct rejected_body_row *row, void *arg)
{
	buf_addf(arg, "%d: %d to %d, %d times %d %s, %d bytes, %.*s;", (int)row->id,
			(int)row->first_at, (int)row->last_at, (int)row->count, (int)row->status,
			row->error, (int)row->size, (int)row->body_len,
			row->body ? (const char *)row->body : "");
}

static void add_id(const struct rejected_body_row *row, void *arg)
{
	buf_addf(arg, "%d ", (int)row->id);
}

TEST(the_same_body_is_counted)
{
	auto_buf struct buf out = { 0 };
	struct db *db = stored_open();
	struct err err;
	int64_t at = 1;

	must_ok(rejected_bodies_last_at(db, &at, &err), err);
	ck_int(at, 0);
	ck_int(arrives(db, 1, 100, "one"), 1);
	ck_int(arrives(db, 2, 200, "two"), 1);
	ck_int(arrives(db, 1, 300, "other"), 2);
	must_ok(rejected_bodies_list(db, 0, 10, add_row, &out, &err), err);
	ck_str(buf_text(&out), "2: 200 to 200, 1 times 400 two, 2 bytes, ;"
			       "1: 100 to 300, 2 times 400 other, 1 bytes, ;");
	buf_reset(&out);
	must_ok(rejected_bodies_list(db, 2, 10, add_id, &out, &err), err);
	ck_str(buf_text(&out), "1 ");
	buf_reset(&out);
	ck_int(rejected_bodies_get(db, 1, add_row, &out, &err), 1);
	ck_str(buf_text(&out), "1: 100 to 300, 2 times 400 other, 1 bytes, body;");
	ck_int(rejected_bodies_get(db, 3, add_row, &out, &err), 0);
	must_ok(rejected_bodies_last_at(db, &at, &err), err);
	ck_int(at, 300);
	db_close(db);
}

TEST(the_hundred_that_arrived_last_stay)
{
	auto_buf struct buf out = { 0 };
	struct db *db = stored_open();
	struct err err;

	for (int i = 1; i <= REJECTED_BODIES_MAX; i++) {
		arrives(db, i, i, "e");
	}
	arrives(db, 1, 1000, "e");
	arrives(db, REJECTED_BODIES_MAX + 1, 1001, "e");
	must_ok(rejected_bodies_list(db, 4, 1000, add_id, &out, &err), err);
	ck_str(buf_text(&out), "3 1 ");
	buf_reset(&out);
	must_ok(rejected_bodies_list(db, 0, 1000, add_id, &out, &err), err);
	ck(!strncmp(buf_text(&out), "101 100 99 ", 11));
	db_close(db);
}

static enum retention_answer no_folder(int64_t run_id, void *arg)
{
	(void)run_id;
	(void)arg;
	return RETENTION_GONE;
}

/* The newest stays, so that no id is given twice. */
TEST(retention_takes_what_has_not_arrived_for_long)
{
	auto_buf struct buf out = { 0 };
	struct db *db = stored_open();
	struct err err;

	arrives(db, 1, 100, "e");
	arrives(db, 2, 200, "e");
	arrives(db, 3, 300, "e");
	arrives(db, 1, 400, "e");
	ck_int(retention_sweep(db, 350, no_folder, NULL, &err), 1);
	must_ok(rejected_bodies_list(db, 0, 10, add_id, &out, &err), err);
	ck_str(buf_text(&out), "3 1 ");
	db_close(db);
}
