/* SPDX-License-Identifier: Apache-2.0 */
#include "store/guard_facts.h"

#include <stdio.h>
#include <string.h>

#include "store/runs.h"
#include "stored.h"
#include "test.h"

TEST(limit_counts_the_runs_of_its_window_exactly)
{
	struct db *db = stored_with_delivery();
	int64_t count;
	int64_t oldest;
	struct err err;

	stored_ended(db, 100, "succeeded", NULL);
	stored_ended(db, 200, "failed", NULL);
	stored_ended(db, 300, "queued", NULL);
	must_ok(guard_facts_limit(db, "p", 100, 3, &count, &oldest, &err), err);
	ck_int(count, 3);
	ck_int(oldest, 100);
	must_ok(guard_facts_limit(db, "p", 101, 3, &count, &oldest, &err), err);
	ck_int(count, 2);
	ck_int(oldest, 0);
	must_ok(guard_facts_limit(db, "p", 0, 2, &count, &oldest, &err), err);
	ck_int(count, 2);
	ck_int(oldest, 200);
	must_ok(guard_facts_limit(db, "other", 0, 2, &count, &oldest, &err), err);
	ck_int(count, 0);
	must_ok(guard_facts_starts(db, 101, 10, &count, &err), err);
	ck_int(count, 2);
	must_ok(guard_facts_starts(db, 0, 2, &count, &err), err);
	ck_int(count, 2);
	db_close(db);
}

TEST(limit_max_targets_and_max_starts_count_the_same_runs)
{
	static const struct {
		struct stored_past run;
		bool counts;
	} rows[] = {
		{ { 50, 100, 150, RUN_SUCCEEDED }, true },
		{ { 50, 99, 150, RUN_SUCCEEDED }, false },
		{ { 100, 100, 0, RUN_RUNNING }, true },
		{ { 50, 99, 0, RUN_VERIFYING }, false },
		/* What has not started may start now, however long it has waited. */
		{ { 1, 0, 0, RUN_QUEUED }, true },
		{ { 1, 0, 0, RUN_AWAITING_APPROVAL }, true },
		/* It waits for another yes: it started when it started. */
		{ { 50, 100, 0, RUN_AWAITING_APPROVAL }, true },
		{ { 50, 99, 0, RUN_AWAITING_APPROVAL }, false },
		/* What ended before it started did nothing. */
		{ { 110, 0, 120, RUN_CANCELED }, false },
		{ { 110, 0, 120, RUN_REJECTED }, false },
		{ { 110, 0, 120, RUN_INTERRUPTED }, false },
		{ { 50, 110, 120, RUN_CANCELED }, true },
		{ { 50, 110, 120, RUN_REJECTED }, true },
		{ { 50, 110, 120, RUN_INTERRUPTED }, true },
		/* It only looks again. */
		{ { 110, 0, 0, RUN_QUEUED, "escalation" }, false },
		{ { 110, 0, 0, RUN_VERIFYING, "escalation" }, false },
		{ { 50, 110, 120, RUN_SUCCEEDED, "escalation" }, false },
		{ { 50, 110, 120, RUN_SUCCEEDED, "replay" }, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stored_past run = rows[i].run;
		struct db *db = stored_with_delivery();
		int64_t limit, oldest, starts, targets;
		struct err err;

		run.value = "a";
		stored_past_run(db, &run);
		must_ok(guard_facts_limit(db, "p", 100, 9, &limit, &oldest, &err), err);
		must_ok(guard_facts_starts(db, 100, 9, &starts, &err), err);
		must_ok(guard_facts_targets(db, "p", "b", 100, &targets, &err), err);
		if (limit != rows[i].counts || starts != limit || targets != limit) {
			test_fail(__FILE__, __LINE__, "row %zu: %d %d %d", i, (int)limit,
					(int)starts, (int)targets);
		}
		db_close(db);
		must(unlink("test.db") == 0);
	}
}

TEST(limit_says_when_the_next_may_start)
{
	static const struct {
		int64_t runs, count, oldest;
	} rows[] = {
		{ 1, 1, 0 }, /* the one that waits is the latest of all */
		{ 2, 2, 300 },
		{ 3, 3, 200 },
		{ 4, 3, 0 },
	};
	struct db *db = stored_with_delivery();
	int64_t count, oldest;
	struct err err;

	stored_ended(db, 100, "succeeded", NULL);
	stored_past_run(db, &(struct stored_past){ 10, 300, 310, RUN_FAILED });
	stored_ended(db, 200, "failed", NULL);
	stored_ended(db, 50, "queued", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		must_ok(guard_facts_limit(db, "p", 101, rows[i].runs, &count, &oldest, &err), err);
		ck_int(count, rows[i].count);
		ck_int(oldest, rows[i].oldest);
	}
	must_ok(guard_facts_limit(db, "other", 0, 2, &count, &oldest, &err), err);
	ck_int(count, 0);
	must_ok(guard_facts_starts(db, 101, 2, &count, &err), err);
	ck_int(count, 2);
	db_close(db);
}

TEST(breaker_counts_failures_since_the_last_run_that_helped)
{
	struct db *db = stored_with_delivery();
	struct guard_run last;
	struct guard_run trial;
	int64_t failures;
	struct err err;

	stored_ended(db, 100, "failed", NULL);
	stored_ended(db, 200, "succeeded", NULL);
	must_ok(guard_facts_breaker(db, "p", 3, &failures, &last, &trial, &err), err);
	ck_int(failures, 0);
	stored_ended(db, 300, "failed", NULL);
	stored_ended(db, 400, "timed_out", NULL);
	stored_ended(db, 450, "canceled", NULL);
	stored_ended(db, 500, "interrupted", NULL);
	must_ok(guard_facts_breaker(db, "p", 9, &failures, &last, &trial, &err), err);
	ck_int(failures, 3);
	ck_int(last.id, 6);
	ck_int(last.at, 510);
	ck_int(trial.id, 0);
	stored_ended(db, 600, "queued", NULL);
	must_ok(guard_facts_breaker(db, "p", 2, &failures, &last, &trial, &err), err);
	ck_int(failures, 2);
	ck_int(trial.id, 7);
	must_ok(db_exec(db, "UPDATE run SET did_not_help = 1 WHERE id = 2", &err), err);
	must_ok(guard_facts_breaker(db, "p", 9, &failures, &last, &trial, &err), err);
	ck_int(failures, 5);
	db_close(db);
}

TEST(max_targets_counts_other_values_once)
{
	struct db *db = stored_with_delivery();
	int64_t others;
	struct err err;

	stored_ended(db, 100, "failed", "a");
	stored_ended(db, 200, "failed", "b");
	stored_ended(db, 300, "failed", "b");
	stored_ended(db, 400, "failed", "c");
	must_ok(guard_facts_targets(db, "p", "c", 0, &others, &err), err);
	ck_int(others, 2);
	must_ok(guard_facts_targets(db, "p", "d", 200, &others, &err), err);
	ck_int(others, 2);
	must_ok(guard_facts_targets(db, "p", "d", 201, &others, &err), err);
	ck_int(others, 2);
	must_ok(guard_facts_targets(db, "p", "d", 301, &others, &err), err);
	ck_int(others, 1);
	db_close(db);
}

TEST(who_was_called_for_all_targets_is_told_while_the_incident_is_open_and_the_window_lasts)
{
	struct db *db = stored_with_delivery();
	int64_t first = stored_incident(db, 1);
	int64_t second = stored_incident(db, 2);
	struct guard_outage call = { "p", first, 1000 };
	int64_t called = 0;
	struct err err;

	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	must_ok(guard_facts_note_outage(db, &call, &err), err);
	call = (struct guard_outage){ "p", second, 1099 };
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, first);
	called = 0;
	call.now = 1100;
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	call.now = 999; /* the clock was set back */
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	call.now = 1050;
	call.playbook = "q";
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	call.playbook = "p";
	stored_move(db, first, INCIDENT_RESOLVE, 0, 1050);
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, 0);
	must_ok(guard_facts_note_outage(db, &call, &err), err);
	must_ok(guard_facts_outage(db, &call, 100, &called, &err), err);
	ck_int(called, second);
	db_close(db);
}

static void must_hold(struct db *db, int64_t id, int64_t lock, int64_t playbook)
{
	const struct run_row row = { .id = id, .lock = "l", .playbook = "p" };
	struct run_holding holding;
	struct err err;

	must_ok(runs_holding(db, &row, &holding, &err), err);
	ck_int(holding.lock, lock);
	ck_int(holding.playbook, playbook);
}

TEST(a_run_that_has_begun_and_waits_holds_its_lock)
{
	struct db *db = stored_with_delivery();
	struct err err;

	stored_ended(db, 100, "failed", NULL);
	stored_ended(db, 200, "failed", NULL);
	must_ok(db_exec(db,
				"UPDATE run SET lock = 'l', started_at = NULL, finished_at = NULL,"
				" status = 'awaiting_approval'",
				&err),
			err);
	must_hold(db, 0, 0, 0);
	must_ok(db_exec(db, "UPDATE run SET started_at = 5", &err), err);
	must_hold(db, 0, 2, 2);
	must_hold(db, 1, 1, 1);
	must_ok(db_exec(db, "UPDATE run SET status = 'queued' WHERE id = 1", &err), err);
	must_hold(db, 0, 2, 2);
	must_ok(db_exec(db, "UPDATE run SET lock = 'm' WHERE id = 1", &err), err);
	must_hold(db, 0, 1, 2);
	must_ok(db_exec(db, "UPDATE run SET status = 'running'", &err), err);
	must_hold(db, 0, 0, 0);
	db_close(db);
}

TEST(what_runs_did_after_now_they_did_now)
{
	static const struct {
		int64_t queued_at, started_at, finished_at; /* 0: not */
		int64_t queued_then, started_then, finished_then;
	} rows[] = {
		{ 500, 600, 800, 500, 600, 800 },
		{ 900, 900, 5000, 900, 900, 1000 },
		{ 900, 3000, 0, 900, 1000, 0 },
		{ 7000, 8000, 9000, 1000, 1000, 1000 },
		{ 7000, 0, 9000, 1000, 0, 1000 },
	};
	struct db *db = stored_with_delivery();
	int64_t count = 0;
	int64_t oldest = 0;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stored_past_run(db, &(struct stored_past){ .queued_at = rows[i].queued_at,
						    .started_at = rows[i].started_at,
						    .finished_at = rows[i].finished_at,
						    .status = rows[i].started_at ? RUN_FAILED
										 : RUN_CANCELED });
	}
	must_ok(guard_facts_set_back(db, 1000, &err), err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sql[200];

		snprintf(sql, sizeof(sql),
				"SELECT count(*) FROM run WHERE id = %zu AND queued_at = %lld"
				" AND coalesce(started_at, 0) = %lld"
				" AND coalesce(finished_at, 0) = %lld",
				i + 1, (long long)rows[i].queued_then,
				(long long)rows[i].started_then, (long long)rows[i].finished_then);
		ck_int(stored_count(db, sql), 1);
	}
	must_ok(guard_facts_limit(db, "p", 950, 2, &count, &oldest, &err), err);
	ck_int(oldest, 1000);
	db_close(db);
}
