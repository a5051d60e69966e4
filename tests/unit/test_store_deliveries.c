/* SPDX-License-Identifier: Apache-2.0 */
#include "store/deliveries.h"

#include <stdio.h>
#include <string.h>

#include "store/pauses.h"
#include "stored.h"
#include "test.h"

static void take_delivery(const struct delivery_row *row, void *arg)
{
	char *text = arg;

	snprintf(text, 100, "%lld %s %.*s", (long long)row->id, row->external_url,
			(int)row->body_len, row->body ? (const char *)row->body : "");
}

static void take_decision_delivery(const struct decision_row *row, void *arg)
{
	*(int64_t *)arg += row->delivery_id;
}

TEST(a_delivery_keeps_its_raw_body)
{
	struct db *db = stored_with_delivery();
	char text[100] = "";
	struct err err;

	ck_int(deliveries_get(db, 1, take_delivery, text, &err), 1);
	ck_str(text, "1 http://am-1 {\"a\":1}");
	ck_int(deliveries_get(db, 2, take_delivery, text, &err), 0);
	ck_int(deliveries_list(db, 0, 10, take_delivery, text, &err), 0);
	ck_str(text, "1 http://am-1 ");
	ck_int(deliveries_list(db, 1, 10, take_delivery, strcpy(text, "none"), &err), 0);
	ck_str(text, "none");
	db_close(db);
}

static void take_decision(const struct decision_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 20, "%lld:%lld ", (long long)row->delivery_id,
			(long long)row->position);
}

TEST(decisions_are_listed_newest_first_and_by_fingerprint)
{
	struct db *db = stored_with_delivery();
	struct decision_row row = {
		.delivery_id = 1, .alertname = "a", .decision = "queued", .reason = ""
	};
	char text[200] = "";
	struct err err;

	for (row.position = 0; row.position < 5; row.position++) {
		row.fingerprint = row.position % 2 ? "odd" : "even";
		must_ok(decisions_add(db, &row, &err), err);
	}
	must_ok(decisions_list(db, &(struct decision_query){ .limit = 3 }, take_decision, text,
				&err),
			err);
	ck_str(text, "1:4 1:3 1:2 ");
	text[0] = '\0';
	must_ok(decisions_list(db,
				&(struct decision_query){ .before_delivery = 1,
						.before_position = 3,
						.limit = 9 },
				take_decision, text, &err),
			err);
	ck_str(text, "1:2 1:1 1:0 ");
	text[0] = '\0';
	must_ok(decisions_list(db,
				&(struct decision_query){ .fingerprint = "odd",
						.decision = "queued",
						.limit = 9 },
				take_decision, text, &err),
			err);
	ck_str(text, "1:3 1:1 ");
	db_close(db);
}

TEST(a_word_that_is_no_decision_is_refused_by_the_database)
{
	struct db *db = stored_with_delivery();
	const struct decision_row row = { .delivery_id = 1,
		.fingerprint = "",
		.alertname = "",
		.decision = "done",
		.reason = "" };
	struct err err;

	ck_int(decisions_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	db_close(db);
}

static void take_pause(const struct pause_row *row, void *arg)
{
	snprintf(arg, 100, "%s by %s at %lld since %lld until %lld after %lld", row->reason,
			row->by, (long long)row->at, (long long)row->since, (long long)row->until,
			(long long)row->after_delivery);
}

TEST(one_pause_is_on_at_a_time_and_all_are_kept)
{
	struct db *db = stored_with_delivery();
	struct pause_row row = { .at = 2000, .reason = "one", .by = "eve" };
	char text[100] = "";
	struct err err = { 0 };

	ck_int(pauses_on(db, take_pause, text, &err), 0);
	must_ok(pauses_add(db, &row, &err), err);
	ck_int(pauses_on(db, take_pause, text, &err), 1);
	ck_str(text, "one by eve at 2000 since 2000 until 0 after 1");
	ck_int(pauses_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	must_ok(pauses_end(db, 3000, "eve", &err), err);
	ck_int(pauses_on(db, take_pause, text, &err), 0);
	row = (struct pause_row){
		.at = 3000, .since = 2000, .until = 4000, .reason = "two", .by = "bob"
	};
	must_ok(pauses_add(db, &row, &err), err);
	ck_int(pauses_on(db, take_pause, text, &err), 1);
	ck_str(text, "two by bob at 3000 since 2000 until 4000 after 0");
	ck_int(stored_count(db, "SELECT count(*) FROM pause"), 2);
	db_close(db);
}

TEST(decisions_of_later_deliveries_only_can_be_asked_for)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	struct db *db = stored_with_delivery();
	const struct delivery_row delivery = { .principal = "",
		.external_url = "",
		.receiver = "",
		.group_key = "",
		.notification_reason = "",
		.body_hash = hash,
		.body = "{}",
		.body_len = 2 };
	struct decision_row row = { .delivery_id = 1,
		.fingerprint = "f",
		.alertname = "Down",
		.decision = "paused",
		.reason = "r" };
	const struct decision_query query = {
		.decision = "paused", .after_delivery = 1, .limit = 10
	};
	int64_t seen = 0;
	struct err err;

	must_ok(decisions_add(db, &row, &err), err);
	must_ok(deliveries_add(db, &delivery, &row.delivery_id, &err), err);
	must_ok(decisions_add(db, &row, &err), err);
	must_ok(decisions_list(db, &query, take_decision_delivery, &seen, &err), err);
	ck_int(seen, 2);
	db_close(db);
}
