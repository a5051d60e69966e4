/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * Two steps, of which the first is tried twice with 10 ms between; a check that must pass within
 * 100 ms, is asked every 20 ms and must go on passing for 30 ms; two rescue steps.
 */
static struct step steps[] = {
	{ .phase = PHASE_STEPS,
			.kind = STEP_RUN,
			.name = "restart",
			.attempts = 2,
			.delay_ms = 10 },
	{ .phase = PHASE_STEPS, .kind = STEP_WAIT, .name = "wait", .attempts = 1 },
	{ .phase = PHASE_VERIFY,
			.kind = STEP_CHECK,
			.name = "up",
			.attempts = 1,
			.within_ms = 100,
			.every_ms = 20,
			.settle_ms = 30 },
	{ .phase = PHASE_RESCUE, .kind = STEP_RUN, .name = "evidence", .attempts = 1 },
	{ .phase = PHASE_RESCUE, .kind = STEP_RUN, .name = "more", .attempts = 1 },
};

static const struct playbook all = { .name = "all", .steps = steps, .steps_len = 5 };

/* Feed event at time now and compare what comes out, in one line. */
#define ck_next(event, detail, now, want) test_next(__LINE__, (event), (detail), (now), (want))

static struct run_cursor cursor;
static const struct playbook *playbook = &all;

static void test_next(
		int line, enum run_event event, const char *detail, int64_t now, const char *want)
{
	static const char *const actions[] = { "start", "pause", "wait", "finish" };
	enum run_action action = run_next(playbook, &cursor, event, detail, now);
	char got[600];

	if (action == RUN_DO_FINISH) {
		snprintf(got, sizeof(got), "finish %s: %s", run_status_names[cursor.status],
				cursor.reason);
	} else {
		snprintf(got, sizeof(got), "%s %u.%u %s", actions[action], cursor.step,
				cursor.attempt, run_status_names[cursor.status]);
	}
	if (action == RUN_DO_PAUSE) {
		snprintf(got + strlen(got), sizeof(got) - strlen(got), " until %lld",
				(long long)cursor.due_ms);
	}
	test_ck_str(__FILE__, line, "next", got, want);
}

TEST(a_run_that_is_verified_succeeds)
{
	ck_next(RUN_EV_BEGIN, "", 1000, "start 0.1 running");
	ck_next(RUN_EV_OK, "", 1010, "start 1.1 running");
	ck_next(RUN_EV_OK, "", 1020, "start 2.1 verifying");
	ck_next(RUN_EV_OK, "", 1030, "pause 2.2 verifying until 1050");
	ck_next(RUN_EV_DUE, "", 1050, "start 2.2 verifying");
	ck_next(RUN_EV_OK, "", 1051, "pause 2.3 verifying until 1060");
	ck_next(RUN_EV_DUE, "", 1060, "start 2.3 verifying");
	ck_next(RUN_EV_OK, "", 1061, "finish succeeded: verified");
}

TEST(a_step_is_tried_again_after_its_delay_and_then_fails_the_run)
{
	ck_next(RUN_EV_BEGIN, "", 1000, "start 0.1 running");
	ck_next(RUN_EV_FAILED, "exit status 1", 1010, "pause 0.2 running until 1020");
	ck_next(RUN_EV_DUE, "", 1020, "start 0.2 running");
	ck_next(RUN_EV_TIMED_OUT, "ended by its deadline", 1030, "start 3.1 running");
	ck_next(RUN_EV_FAILED, "exit status 2", 1040, "start 4.1 running");
	ck_next(RUN_EV_OK, "", 1050, "finish timed_out: restart: ended by its deadline");
}

TEST(a_step_that_may_fail_lets_the_next_one_run)
{
	static struct step lax[2];
	static const struct playbook p = { .name = "lax", .steps = lax, .steps_len = 2 };

	lax[0] = (struct step){
		.phase = PHASE_STEPS, .name = "a", .attempts = 1, .on_failure = ON_FAILURE_CONTINUE
	};
	lax[1] = (struct step){ .phase = PHASE_STEPS, .name = "b", .attempts = 1 };
	playbook = &p;
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_FAILED, "exit status 1", 0, "start 1.1 running");
	ck_next(RUN_EV_OK, "", 0, "finish succeeded: all steps done");
}

TEST(without_rescue_a_failed_step_ends_the_run)
{
	static struct step one[1];
	static const struct playbook p = { .name = "one", .steps = one, .steps_len = 1 };

	one[0] = (struct step){ .phase = PHASE_STEPS, .name = "a", .attempts = 1 };
	playbook = &p;
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_FAILED, "exec failed: docker: No such file or directory", 0,
			"finish failed: a: exec failed: docker: No such file or directory");
}

TEST(a_check_that_stops_passing_must_settle_anew)
{
	ck_next(RUN_EV_BEGIN, "", 1000, "start 0.1 running");
	ck_next(RUN_EV_OK, "", 1000, "start 1.1 running");
	ck_next(RUN_EV_OK, "", 1000, "start 2.1 verifying");
	ck_next(RUN_EV_OK, "", 1000, "pause 2.2 verifying until 1020");
	ck_next(RUN_EV_FAILED, "status 502", 1020, "pause 2.3 verifying until 1040");
	ck_next(RUN_EV_OK, "", 1040, "pause 2.4 verifying until 1060");
	ck_next(RUN_EV_OK, "", 1069, "pause 2.5 verifying until 1070");
	ck_next(RUN_EV_OK, "", 1070, "finish succeeded: verified");
}

TEST(a_check_that_does_not_pass_in_time_fails_the_run_after_its_rescue)
{
	ck_next(RUN_EV_BEGIN, "", 1000, "start 0.1 running");
	ck_next(RUN_EV_OK, "", 1000, "start 1.1 running");
	ck_next(RUN_EV_OK, "", 1000, "start 2.1 verifying");
	ck_next(RUN_EV_FAILED, "status 502", 1080, "pause 2.2 verifying until 1100");
	ck_next(RUN_EV_FAILED, "status 503", 1081, "start 3.1 running");
	ck_next(RUN_EV_OK, "", 1090, "start 4.1 running");
	ck_next(RUN_EV_OK, "", 1090,
			"finish failed: verify: up: did not pass within 100ms; last: status 503");
}

TEST(a_run_that_only_looks_again_runs_no_step)
{
	ck_next(RUN_EV_LOOK, "", 1000, "start 2.1 verifying");
	ck_next(RUN_EV_OK, "", 1000, "pause 2.2 verifying until 1020");
	ck_next(RUN_EV_OK, "", 1030, "finish succeeded: verified");
}

/* Whatever may have had its effect is not run again; people decide. */
TEST(an_interrupted_step_ends_the_run_and_is_never_run_again)
{
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_INTERRUPTED, "nobody knows how it ended", 0,
			"finish interrupted: restart: nobody knows how it ended");
}

TEST(an_interrupted_check_looks_again)
{
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_OK, "", 0, "start 1.1 running");
	ck_next(RUN_EV_OK, "", 0, "start 2.1 verifying");
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 2.2 verifying");
}

TEST(an_interrupted_rescue_step_gives_way_to_the_next)
{
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.2 running until 10");
	ck_next(RUN_EV_FAILED, "y", 0, "start 3.1 running");
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 4.1 running");
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "finish failed: restart: y");
}

TEST(an_attempt_that_never_ran_does_not_count_as_a_try)
{
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_NOT_STARTED, "", 0, "start 0.2 running");
	ck_next(RUN_EV_NOT_STARTED, "", 0, "start 0.3 running");
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.4 running until 10");
	ck_next(RUN_EV_FAILED, "x", 0, "start 3.1 running");
}

/* A playbook of one step that is tried `attempts` times, a check and a rescue step. */
static struct step short_steps[3];
static const struct playbook short_playbook = { .steps = short_steps, .steps_len = 3 };

static void use_short(struct step step)
{
	step.phase = PHASE_STEPS;
	step.name = "restart";
	short_steps[0] = step;
	short_steps[1] = steps[2];
	short_steps[2] = steps[3];
	playbook = &short_playbook;
	memset(&cursor, 0, sizeof(cursor));
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
}

TEST(the_pause_before_a_retry_grows_by_its_factor_up_to_an_hour)
{
	use_short((struct step){ .attempts = 100, .delay_ms = 10, .backoff = 2 });
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.2 running until 10");
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.3 running until 20");
	ck_next(RUN_EV_TIMED_OUT, "x", 0, "pause 0.4 running until 40");
	for (int i = 0; i < 90; i++) {
		run_next(playbook, &cursor, RUN_EV_FAILED, "x", 0);
	}
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.95 running until 3600000");
}

TEST(a_delay_beyond_an_hour_stays_as_it_is)
{
	use_short((struct step){ .attempts = 9, .delay_ms = 7200000, .backoff = 10 });
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.2 running until 7200000");
	ck_next(RUN_EV_FAILED, "x", 0, "pause 0.3 running until 7200000");
}

TEST(an_interruption_that_counts_as_a_failure_is_tried_again_and_then_rescued)
{
	use_short((struct step){ .attempts = 2, .on_interrupt = ON_INTERRUPT_FAIL });
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "pause 0.2 running until 0");
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 2.1 running");
	ck_next(RUN_EV_OK, "", 0, "finish failed: restart: gone");
}

/* A step that takes the machine down with it does not do so for ever. */
TEST(an_interrupted_step_is_started_again_only_so_often)
{
	use_short((struct step){ .attempts = 1, .on_interrupt = ON_INTERRUPT_RETRY });
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 0.2 running");
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 0.3 running");
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "finish interrupted: restart: gone");
}

TEST(an_interruption_may_leave_it_to_verify)
{
	use_short((struct step){ .attempts = 1, .on_interrupt = ON_INTERRUPT_VERIFY });
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 1.1 verifying");
	ck_next(RUN_EV_OK, "", 1, "pause 1.2 verifying until 21");
	ck_next(RUN_EV_OK, "", 31, "finish succeeded: verified");
}

TEST(an_interruption_that_is_not_verified_fails)
{
	use_short((struct step){ .attempts = 1, .on_interrupt = ON_INTERRUPT_VERIFY });
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "start 1.1 verifying");
	ck_next(RUN_EV_FAILED, "sick", 100, "start 2.1 running");
	ck_next(RUN_EV_OK, "", 100,
			"finish failed: verify: up: did not pass within 100ms; last: sick");
}

/* A precheck, a step and a rescue step. */
static void use_precheck(void)
{
	short_steps[0] =
			(struct step){ .phase = PHASE_PRECHECK, .name = "precheck", .attempts = 1 };
	short_steps[1] = (struct step){ .phase = PHASE_STEPS, .name = "restart", .attempts = 1 };
	short_steps[2] = steps[3];
	playbook = &short_playbook;
	memset(&cursor, 0, sizeof(cursor));
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
}

TEST(a_precheck_lets_the_run_go_on_or_cancels_it_or_fails_it)
{
	use_precheck();
	ck_next(RUN_EV_OK, "", 0, "start 1.1 running");
	ck_next(RUN_EV_OK, "", 0, "finish succeeded: all steps done");
	use_precheck();
	ck_next(RUN_EV_DECLINED, "it is up", 0, "finish canceled: precheck: it is up");
	use_precheck();
	ck_next(RUN_EV_DECLINED, "", 0, "finish canceled: precheck: not now");
	use_precheck();
	ck_next(RUN_EV_FAILED, "exit status 1", 0, "start 2.1 running");
	ck_next(RUN_EV_OK, "", 0, "finish failed: precheck: exit status 1");
	use_precheck();
	ck_next(RUN_EV_INTERRUPTED, "gone", 0, "finish interrupted: precheck: gone");
}

static struct label values[] = { { "service", "argus" } };
static const struct labels params = { values, 1 };

static void ck_when(int line, struct matcher matcher, const char *want)
{
	char reason[RUN_REASON_MAX] = "";
	bool holds = false;
	struct err err;

	must_ok(matcher_compile(&matcher, &err), err);
	playbook->steps[cursor.step].when = &matcher;
	playbook->steps[cursor.step].when_len = 1;
	must_ok(run_when(playbook, &cursor, &params, &holds, reason, &err), err);
	test_ck_str(__FILE__, line, "when", holds ? "yes" : reason, want);
	matcher_clear(&matcher);
}

#define ck_equal(name, value, want) \
	ck_when(__LINE__, (struct matcher){ (name), (value), MATCHER_EQUAL, NULL }, (want))

TEST(when_looks_at_params_and_at_the_steps_before)
{
	use_short((struct step){ .attempts = 1 });
	ck_equal("service", "argus", "yes");
	ck_equal("service", "hermes", "when service=\"hermes\": it is \"argus\"");
	ck_equal("steps.restart", "", "yes");
	ck_next(RUN_EV_TIMED_OUT, "x", 0, "start 2.1 running");
	ck_equal("steps.restart", "timed_out", "yes");
	ck_equal("steps.restart", "failed", "when steps.restart=\"failed\": it is \"timed_out\"");
	ck_equal("verify.up", "", "yes");
	ck_equal("rescue.restart", "", "yes");
	ck_when(__LINE__,
			(struct matcher){
					"steps.restart", "failed|timed_out", MATCHER_REGEX, NULL },
			"yes");
}

TEST(every_way_to_leave_a_step_is_a_result_for_when)
{
	static const struct {
		enum run_event event;
		const char *result;
	} cases[] = {
		{ RUN_EV_OK, "succeeded" },
		{ RUN_EV_FAILED, "failed" },
		{ RUN_EV_TIMED_OUT, "timed_out" },
		{ RUN_EV_SKIPPED, "skipped" },
	};
	static struct step two[2];
	static const struct playbook p = { .steps = two, .steps_len = 2 };

	two[0] = (struct step){
		.phase = PHASE_STEPS, .name = "a", .on_failure = ON_FAILURE_CONTINUE
	};
	two[1] = (struct step){ .phase = PHASE_STEPS, .name = "b" };
	playbook = &p;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&cursor, 0, sizeof(cursor));
		ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
		ck_next(cases[i].event, "x", 0, "start 1.1 running");
		ck_equal("steps.a", cases[i].result, "yes");
	}
}

TEST(a_skipped_step_lets_the_run_go_on)
{
	use_short((struct step){ .attempts = 3 });
	ck_next(RUN_EV_SKIPPED, "", 0, "start 1.1 verifying");
}

TEST(a_person_is_asked_between_steps_and_the_run_goes_on_behind)
{
	static struct step asks[3];
	static const struct playbook p = { .name = "asks", .steps = asks, .steps_len = 3 };

	asks[0] = (struct step){ .phase = PHASE_STEPS, .name = "a", .attempts = 1 };
	asks[1] = (struct step){ .phase = PHASE_STEPS, .kind = STEP_APPROVE, .name = "may it" };
	asks[2] = (struct step){ .phase = PHASE_STEPS, .name = "b", .attempts = 1 };
	playbook = &p;
	ck_next(RUN_EV_BEGIN, "", 0, "start 0.1 running");
	ck_next(RUN_EV_OK, "", 0, "start 1.1 running");
	ck_next(RUN_EV_ASK, "", 0, "wait 1.1 awaiting_approval");
	cursor.status = RUN_QUEUED;
	ck_next(RUN_EV_APPROVED, "", 0, "start 2.1 running");
	ck_equal("steps.may it", "succeeded", "yes");
	ck_next(RUN_EV_OK, "", 0, "finish succeeded: all steps done");
}

TEST(only_a_first_step_whose_when_holds_asks_first)
{
	static struct matcher when[] = {
		{ .name = "service", .op = MATCHER_EQUAL, .value = "argus" }
	};
	struct label items[] = { { "service", "argus" } };
	const struct labels own = { items, 1 };
	struct step asks[2] = { { .phase = PHASE_STEPS, .kind = STEP_APPROVE, .name = "may it" },
		{ .phase = PHASE_STEPS, .name = "b", .attempts = 1 } };
	struct playbook p = { .name = "asks", .steps = asks, .steps_len = 2 };

	ck(run_begins_with_approval(&p, &own));
	asks[0].when = when;
	asks[0].when_len = 1;
	ck(run_begins_with_approval(&p, &own));
	items[0].value = "hermes";
	ck(!run_begins_with_approval(&p, &own));
	p.steps = asks + 1;
	p.steps_len = 1;
	ck(!run_begins_with_approval(&p, &own));
}

TEST(status_moves_are_those_of_the_diagram)
{
	static const char *const arrows[] = {
		"queued running",
		"queued verifying",
		"queued succeeded",
		"queued rejected",
		"queued canceled",
		"queued interrupted",
		"awaiting_approval queued",
		"awaiting_approval rejected",
		"awaiting_approval canceled",
		"running awaiting_approval",
		"running verifying",
		"running succeeded",
		"running failed",
		"running timed_out",
		"running canceled",
		"running interrupted",
		"verifying running",
		"verifying succeeded",
		"verifying failed",
		"verifying timed_out",
		"verifying canceled",
		"verifying interrupted",
	};
	size_t count = 0;

	for (int from = 0; from < RUN_STATUSES; from++) {
		for (int to = 0; to < RUN_STATUSES; to++) {
			count += run_status_can(from, to);
		}
		ck_int(run_status_parse(run_status_names[from]), from);
	}
	ck_int(count, sizeof(arrows) / sizeof(arrows[0]));
	for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++) {
		char from[32];
		char to[32];

		must(sscanf(arrows[i], "%31s %31s", from, to) == 2);
		ck(run_status_can(run_status_parse(from), run_status_parse(to)));
	}
	ck_int(run_status_parse("done"), -1);
}

/* One event may take it through running at once. */
TEST(a_run_leaves_the_queue_by_an_arrow_of_the_diagram)
{
	static struct step approve[] = {
		{ .phase = PHASE_STEPS, .kind = STEP_APPROVE, .name = "may it", .attempts = 1 },
		{ .phase = PHASE_VERIFY, .kind = STEP_CHECK, .name = "up", .attempts = 1 },
	};
	static const struct {
		enum run_event event;
		size_t steps;
		enum run_status status;
	} rows[] = {
		{ RUN_EV_BEGIN, 2, RUN_RUNNING },
		{ RUN_EV_LOOK, 2, RUN_VERIFYING },
		{ RUN_EV_LOOK, 1, RUN_SUCCEEDED },
		{ RUN_EV_APPROVED, 2, RUN_VERIFYING },
		{ RUN_EV_APPROVED, 1, RUN_SUCCEEDED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct playbook p = { .steps = approve, .steps_len = rows[i].steps };

		memset(&cursor, 0, sizeof(cursor));
		run_next(&p, &cursor, rows[i].event, "", 1);
		ck_int(cursor.status, rows[i].status);
		ck(run_status_can(RUN_QUEUED, cursor.status));
	}
}

/*
 * A million random events: every run ends, no attempt's number is used twice, every change of
 * status is an arrow of the diagram, and a program that was interrupted is not started again.
 */
TEST(random_schedules_keep_the_rules)
{
	static const enum run_event events[] = { RUN_EV_OK, RUN_EV_FAILED, RUN_EV_TIMED_OUT,
		RUN_EV_NOT_STARTED, RUN_EV_INTERRUPTED, RUN_EV_SKIPPED };

	srand(20261123);
	for (int i = 0; i < 100000; i++) {
		unsigned last_step = 0;
		unsigned last_attempt = 0;
		int64_t now = 1;
		enum run_event event = RUN_EV_BEGIN;
		int turns = 0;

		memset(&cursor, 0, sizeof(cursor));
		for (;;) {
			uint8_t before = cursor.status;
			enum run_action action = run_next(playbook, &cursor, event, "because", now);

			must(before == cursor.status || run_status_can(before, cursor.status));
			if (action == RUN_DO_FINISH) {
				must(run_status_final(cursor.status));
				break;
			}
			must(!run_status_final(cursor.status));
			must(cursor.step < playbook->steps_len);
			if (action == RUN_DO_STEP) {
				must(cursor.step > last_step || cursor.attempt > last_attempt);
				must(event != RUN_EV_INTERRUPTED || cursor.step > last_step ||
						steps[cursor.step].kind == STEP_CHECK);
				last_step = cursor.step;
				last_attempt = cursor.attempt;
				event = events[(size_t)rand() % (sizeof(events) / sizeof(*events))];
			} else {
				must(cursor.due_ms >= now);
				now = cursor.due_ms;
				event = RUN_EV_DUE;
			}
			now += rand() % 30;
			must(++turns < 1000);
		}
	}
}

TEST(a_check_without_a_name_is_told_with_its_params)
{
	struct label service = { "service", "argus" };
	struct labels put_in = { &service, 1 };

	use_short((struct step){ .attempts = 1 });
	short_steps[0].name = "check ${service}-1";
	cursor.params = &put_in;
	ck_next(RUN_EV_FAILED, "status 502", 0, "start 2.1 running");
	ck_str(cursor.reason, "check argus-1: status 502");
}
