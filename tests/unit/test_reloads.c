/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/reloads.h"

#include "test.h"

static const struct err loaded;
static const struct err mistakes = { ERR_INPUT, "the previous one stays in force" };

static void sync_both(struct reloads *reloads, uint64_t number)
{
	struct err err;

	must_ok(reloads_synced(reloads, ROLE_CORE, number, &err), err);
	must_ok(reloads_synced(reloads, ROLE_EGRESS, number, &err), err);
}

TEST(reload_is_answered_when_core_and_egress_have_taken_it_over)
{
	struct reloads reloads = { 0 };
	struct reload done;
	struct err err;

	ck_int(reloads_wait(&reloads, 1000), -1);
	ck(!reloads_take(&reloads, 1000, &done));
	reloads_add(&reloads, 7, &loaded, 1000);
	ck_int((int64_t)reloads.number, 1);
	ck_int(reloads_wait(&reloads, 1001), RELOADS_WAIT_MS - 1);
	ck(!reloads_take(&reloads, 1001, &done));
	must_ok(reloads_synced(&reloads, ROLE_EGRESS, 1, &err), err);
	ck(!reloads_take(&reloads, 1001, &done));
	must_ok(reloads_synced(&reloads, ROLE_CORE, 1, &err), err);
	ck(reloads_take(&reloads, 1001, &done));
	ck_int((int64_t)done.request, 7);
	ck_int(done.result.code, ERR_NONE);
	ck_int(reloads_wait(&reloads, 1001), -1);
}

/* A request that asks whether the last reload was successful meets the answer, too. */
TEST(reload_that_failed_waits_and_says_why)
{
	struct reloads reloads = { 0 };
	struct reload done;

	reloads_add(&reloads, 7, &mistakes, 0);
	ck(!reloads_take(&reloads, 0, &done));
	sync_both(&reloads, 1);
	ck(reloads_take(&reloads, 0, &done));
	ck_int(done.result.code, ERR_INPUT);
	ck_str(done.result.msg, mistakes.msg);
}

TEST(answer_to_one_is_none_to_those_after_it)
{
	struct reloads reloads = { 0 };
	struct reload done;

	reloads_add(&reloads, 7, &loaded, 0);
	reloads_add(&reloads, 8, &loaded, 1);
	sync_both(&reloads, 1);
	ck(reloads_take(&reloads, 1, &done));
	ck_int((int64_t)done.request, 7);
	ck(!reloads_take(&reloads, 1, &done));
	ck_int(reloads_wait(&reloads, 1), RELOADS_WAIT_MS);
	reloads_add(&reloads, 9, &mistakes, 2);
	sync_both(&reloads, 3);
	ck(reloads_take(&reloads, 2, &done));
	ck_int((int64_t)done.request, 8);
	ck(reloads_take(&reloads, 2, &done));
	ck_int((int64_t)done.request, 9);
	ck(!reloads_take(&reloads, 2, &done));
}

TEST(role_that_does_not_answer_keeps_nobody_waiting)
{
	struct reloads reloads = { 0 };
	struct reload done;
	struct err err;

	reloads_add(&reloads, 7, &loaded, 0);
	ck(!reloads_take(&reloads, RELOADS_WAIT_MS - 1, &done));
	ck_int(reloads_wait(&reloads, RELOADS_WAIT_MS + 1), 0);
	ck(reloads_take(&reloads, RELOADS_WAIT_MS, &done));
	ck_int(done.result.code, ERR_BUSY);
	ck_str(done.result.msg,
			"the configuration was loaded, but the core has not taken it over yet");
	must_ok(reloads_synced(&reloads, ROLE_CORE, 1, &err), err);
	reloads_add(&reloads, 8, &loaded, 0);
	must_ok(reloads_synced(&reloads, ROLE_CORE, 2, &err), err);
	ck(reloads_take(&reloads, RELOADS_WAIT_MS, &done));
	ck_str(done.result.msg,
			"the configuration was loaded, but the egress has not taken it over yet");
	reloads_add(&reloads, 9, &mistakes, 0);
	ck(reloads_take(&reloads, RELOADS_WAIT_MS, &done));
	ck_str(done.result.msg, mistakes.msg);
}

TEST(oldest_makes_room_for_another)
{
	struct reloads reloads = { 0 };
	struct reload done;

	for (uint64_t i = 1; i < RELOADS_MAX; i++) {
		reloads_add(&reloads, i, &loaded, 0);
	}
	ck(!reloads_take(&reloads, 0, &done));
	reloads_add(&reloads, RELOADS_MAX, &loaded, 0);
	ck(reloads_take(&reloads, 0, &done));
	ck_int((int64_t)done.request, 1);
	ck_int(done.result.code, ERR_BUSY);
	ck(!reloads_take(&reloads, 0, &done));
}

/* Else the new front would take the answer for that to a request of its own. */
TEST(front_that_is_gone_gets_no_answer)
{
	struct reloads reloads = { 0 };
	struct reload done;

	reloads_add(&reloads, 7, &loaded, 0);
	reloads_forget_requests(&reloads);
	sync_both(&reloads, 1);
	ck(reloads_take(&reloads, 0, &done));
	ck_int((int64_t)done.request, 0);
}

TEST(role_that_answers_what_was_not_asked_breaks_the_protocol)
{
	struct reloads reloads = { 0 };
	struct err err;

	sync_both(&reloads, 0);
	ck_int(reloads_synced(&reloads, ROLE_CORE, 1, &err), -1);
	ck_int(err.code, ERR_INPUT);
}
