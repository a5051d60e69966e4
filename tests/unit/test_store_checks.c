/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checks.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "stored.h"
#include "test.h"

static void print_row(const struct check_row *row, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 512 - strlen(out), "%s %s %d %d %d %s %d %d;", row->name,
			check_status_names[row->status], (int)row->since, (int)row->last_at,
			(int)row->duration_ms, row->last_error ? row->last_error : "-",
			(int)row->last_error_at, row->definition[31]);
}

static void print_change(const struct check_change *change, void *arg)
{
	char *out = arg;

	snprintf(out + strlen(out), 512 - strlen(out), "%d %s %s;", (int)change->at, change->status,
			change->reason);
}

TEST(a_state_is_kept_and_replaced)
{
	static const uint8_t definition[DIGEST_SIZE] = { [31] = 7 };
	struct check_row row = { .name = "b", .definition = definition, .since = 5 };
	struct db *db = stored_open();
	char out[512] = "";
	struct err err;

	must_ok(checks_save(db, &row, &err), err);
	row.name = "a";
	row.status = CHECK_FAILING;
	row.last_at = 9;
	row.duration_ms = 3;
	row.last_error = "why";
	row.last_error_at = 9;
	must_ok(checks_save(db, &row, &err), err);
	row.name = "b";
	row.since = 6;
	row.status = CHECK_HEALTHY;
	must_ok(checks_save(db, &row, &err), err);
	must_ok(checks_each(db, print_row, out, &err), err);
	ck_str(out, "a failing 5 9 3 why 9 7;b healthy 6 9 3 why 9 7;");
	db_close(db);
}

static void count_change(const struct check_change *change, void *arg)
{
	(void)change;
	(*(int *)arg)++;
}

TEST(of_the_changes_the_last_ones_stay)
{
	struct db *db = stored_open();
	struct check_change other = { 1, "failing", "o" };
	char out[512] = "";
	int count = 0;
	struct err err;

	must_ok(checks_change(db, "other", &other, &err), err);
	for (int i = 0; i < CHECKS_CHANGES_MAX + 20; i++) {
		struct check_change change = { i, i % 2 ? "failing" : "healthy", "" };

		must_ok(checks_change(db, "c", &change, &err), err);
	}
	must_ok(checks_changes(db, "c", count_change, &count, &err), err);
	ck_int(count, CHECKS_CHANGES_MAX);
	must_ok(checks_forget(db, "c", &err), err);
	must_ok(checks_changes(db, "c", print_change, out, &err), err);
	ck_str(out, "");
	must_ok(checks_changes(db, "other", print_change, out, &err), err);
	ck_str(out, "1 failing o;");
	db_close(db);
}
