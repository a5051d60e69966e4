/* SPDX-License-Identifier: Apache-2.0 */
#include "store/retention.h"

#include <stdio.h>
#include <string.h>

#include "store/deliveries.h"
#include "store/idempotency.h"
#include "stored.h"
#include "test.h"

static enum retention_answer take_removed(int64_t run_id, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 20, "%lld ", (long long)run_id);
	return RETENTION_GONE;
}

TEST(retention_removes_what_is_over_and_old_and_keeps_what_is_open)
{
	struct db *db = stored_with_delivery();
	int64_t over = stored_incident(db, 1);
	int64_t open = stored_incident(db, 2);
	char text[100] = "";
	struct err err;
	int64_t run;
	int gone;

	stored_episode(db, 7, "firing");
	must_ok(stored_run(db, over, 1, "manual", &run, &err), err);
	must_ok(stored_run(db, open, 2, "manual", &run, &err), err);
	stored_ended(db, 100, "failed", NULL);
	stored_ended(db, 5000, "failed", NULL);
	must_ok(db_exec(db, "UPDATE run SET status = 'failed', finished_at = 1000 WHERE id <= 2",
				&err),
			err);
	must_ok(db_exec(db,
				"INSERT INTO approval (run_id, step, name, asked_at, expires_at,"
				" config_hash, work, digest)"
				" VALUES (1, 0, 'n', 1, 2, x'', x'', x'');"
				"INSERT INTO target_call VALUES ('p', 1, 5)",
				&err),
			err);
	stored_move(db, over, INCIDENT_RESOLVE, 0, 2000);
	while ((gone = retention_sweep(db, 3000, take_removed, text, &err)) > 0) {
	}
	ck_int(gone, 0);
	ck_str(text, "3 1 ");
	ck_int(stored_count(db, "SELECT count(*) FROM run"), 2);
	ck_int(stored_count(db, "SELECT min(id) FROM run"), 2);
	ck_int(stored_count(db, "SELECT min(id) FROM incident"), open);
	ck_int(stored_count(db, "SELECT count(*) FROM approval"), 0);
	ck_int(stored_count(db, "SELECT count(*) FROM target_call"), 0);
	/* The newest delivery stays, and so does the one that an open episode needs. */
	ck_int(stored_count(db, "SELECT count(*) FROM delivery"), 1);
	ck_int(stored_count(db, "SELECT count(*) FROM episode"), 1);
	db_close(db);
}

TEST(retention_removes_old_deliveries_but_not_those_of_open_episodes)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = stored_with_delivery();
	struct delivery_row row = { .principal = "",
		.external_url = "",
		.receiver = "",
		.group_key = "",
		.notification_reason = "",
		.body_hash = hash,
		.body = "{}",
		.body_len = 2 };
	char text[100] = "";
	struct err err;
	int64_t id;

	stored_episode(db, 7, "firing");
	for (row.received_at = 2000; row.received_at < 2100; row.received_at++) {
		must_ok(deliveries_add(db, &row, &id, &err), err);
	}
	ck_int(retention_sweep(db, 2090, take_removed, text, &err), RETENTION_BATCH);
	ck_int(retention_sweep(db, 2090, take_removed, text, &err), 90 - RETENTION_BATCH);
	ck_int(retention_sweep(db, 2090, take_removed, text, &err), 0);
	ck_int(stored_count(db, "SELECT count(*) FROM delivery"), 11);
	ck_int(stored_count(db, "SELECT min(id) FROM delivery"), 1);
	ck_int(retention_sweep(db, 9000, take_removed, text, &err), 9);
	db_close(db);
}

static void take_order(const struct idempotency_row *row, void *arg)
{
	snprintf(arg, 100, "%d %s %lld", row->hash[0], row->answer, (long long)row->at);
}

TEST(an_order_is_kept_once_by_principal_route_and_key)
{
	static const uint8_t hash[DIGEST_SIZE] = { 7 };
	struct db *db = stored_with_delivery();
	struct idempotency_row row = { "eve", "run", "k", hash, "{}", 1000 };
	char text[100] = "";
	struct err err = { 0 };

	ck_int(idempotency_get(db, &row, take_order, text, &err), 0);
	must_ok(idempotency_add(db, &row, &err), err);
	ck_int(idempotency_get(db, &row, take_order, text, &err), 1);
	ck_str(text, "7 {} 1000");
	ck_int(idempotency_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	row.principal = "mallory";
	ck_int(idempotency_get(db, &row, take_order, text, &err), 0);
	row.route = "cancel";
	must_ok(idempotency_add(db, &row, &err), err);
	row.at = 5000;
	row.key = "l";
	must_ok(idempotency_add(db, &row, &err), err);
	ck_int(retention_sweep(db, 5000, take_removed, text, &err), 2);
	ck_int(stored_count(db, "SELECT count(*) FROM idempotency"), 1);
	db_close(db);
}
