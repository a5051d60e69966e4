/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/plan.h"

#include <string.h>

#include "test.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define NOW    1763851200000

static const struct plan_episode none = { 0 };

static const struct plan_episode open_5m = {
	.id = 3,
	.incident_id = 4,
	.starts_at = NOW - 5 * MINUTE,
	.first_seen = NOW - 5 * MINUTE,
	.last_seen = NOW - MINUTE,
	.occurrences = 2,
	.same_sender = true,
	.same_body = true,
};

static const struct plan_episode ended = {
	.id = 2,
	.incident_id = 4,
	.starts_at = NOW - 60 * MINUTE,
	.ends_at = NOW - 30 * MINUTE,
	.last_seen = NOW - 14 * MINUTE,
};

static enum arrival arrival(uint8_t status, int64_t starts_at, int64_t ends_at,
		const struct plan_episode *open, const struct plan_episode *last, char *reason)
{
	const struct alert alert = { .status = status, .starts_at = starts_at, .ends_at = ends_at };

	return plan_arrival(&alert, open, last, NOW, reason);
}

TEST(a_firing_alert_is_new_repeated_or_a_duplicate)
{
	char reason[PLAN_REASON_MAX];
	struct plan_episode twin = open_5m;
	struct plan_episode retry = open_5m;
	struct plan_episode old_twin = open_5m;

	twin.same_sender = false;
	retry.last_seen = NOW - 29 * SECOND;
	old_twin.same_sender = false;
	old_twin.last_seen = NOW - 240 * MINUTE;

	ck_int(arrival(ALERT_FIRING, NOW, 0, &none, &none, reason), ARRIVAL_NEW);
	ck_str(reason, "");
	ck_int(arrival(ALERT_FIRING, NOW, 0, &open_5m, &none, reason), ARRIVAL_REPEAT);
	ck_has(reason, "still firing, occurrence 3 since 2025-11-22T22:35:00.000Z");
	ck_int(arrival(ALERT_FIRING, NOW, 0, &twin, &none, reason), ARRIVAL_DUPLICATE);
	ck_str(reason, "another Alertmanager sent it 1m ago");
	ck_int(arrival(ALERT_FIRING, NOW, 0, &retry, &none, reason), ARRIVAL_DUPLICATE);
	ck_str(reason, "the same delivery arrived 29s ago");
	ck_int(arrival(ALERT_FIRING, NOW, 0, &old_twin, &none, reason), ARRIVAL_REPEAT);
	retry.same_body = false;
	ck_int(arrival(ALERT_FIRING, NOW, 0, &retry, &none, reason), ARRIVAL_REPEAT);
	retry.same_body = true;
	retry.last_seen = NOW - 30 * SECOND;
	ck_int(arrival(ALERT_FIRING, NOW, 0, &retry, &none, reason), ARRIVAL_REPEAT);
}

/* A delivery that was on its way for long must not open what is over. */
TEST(a_stale_firing_alert_does_not_begin_an_episode)
{
	static const struct {
		int64_t starts_at;
		enum arrival want;
	} rows[] = {
		{ NOW - 60 * MINUTE, ARRIVAL_DUPLICATE },
		{ NOW - 70 * MINUTE, ARRIVAL_DUPLICATE },
		{ NOW - 30 * MINUTE - 1, ARRIVAL_DUPLICATE },
		{ NOW - 30 * MINUTE, ARRIVAL_NEW },
		{ NOW, ARRIVAL_NEW },
		{ 0, ARRIVAL_NEW },
	};
	char reason[PLAN_REASON_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_int(arrival(ALERT_FIRING, rows[i].starts_at, 0, &none, &ended, reason),
				rows[i].want);
	}
	arrival(ALERT_FIRING, NOW - 60 * MINUTE, 0, &none, &ended, reason);
	ck_has(reason, "this episode ended at 2025-11-22T22:10:00.000Z");
}

/* A sender that lost sight of it for a while tells of it with the same startsAt. */
TEST(an_alert_that_fires_long_after_its_end_is_believed)
{
	struct plan_episode last = ended;
	char reason[PLAN_REASON_MAX];

	ck_int(arrival(ALERT_FIRING, last.starts_at, 0, &none, &last, reason), ARRIVAL_DUPLICATE);
	last.last_seen = NOW - 15 * MINUTE;
	ck_int(arrival(ALERT_FIRING, last.starts_at, 0, &none, &last, reason), ARRIVAL_NEW);
	ck_str(reason, "");
}

/* Its startsAt is in our future, and so is its endsAt, or was before we were told. */
TEST(a_short_alert_of_a_sender_whose_clock_is_ahead_ends)
{
	struct plan_episode open = open_5m;
	char reason[PLAN_REASON_MAX];

	open.starts_at = NOW + MINUTE;
	ck_int(arrival(ALERT_RESOLVED, NOW + 2 * MINUTE, NOW + 2 * MINUTE, &open, &none, reason),
			ARRIVAL_RESOLVES);
	ck_int(arrival(ALERT_RESOLVED, NOW + MINUTE, NOW, &open, &none, reason), ARRIVAL_RESOLVES);
	ck_int(arrival(ALERT_RESOLVED, NOW, 0, &open, &none, reason), ARRIVAL_RESOLVES);
	ck_int(arrival(ALERT_RESOLVED, NOW - MINUTE, NOW, &open, &none, reason), ARRIVAL_DUPLICATE);
}

TEST(a_resolved_alert_ends_only_its_own_episode)
{
	char reason[PLAN_REASON_MAX];

	ck_int(arrival(ALERT_RESOLVED, NOW - 5 * MINUTE, NOW - SECOND, &open_5m, &none, reason),
			ARRIVAL_RESOLVES);
	ck_int(arrival(ALERT_RESOLVED, NOW - 60 * MINUTE, NOW - 30 * MINUTE, &open_5m, &ended,
			       reason),
			ARRIVAL_DUPLICATE);
	ck_has(reason, "before the present episode began");
	ck_int(arrival(ALERT_RESOLVED, NOW - 60 * MINUTE, NOW - 30 * MINUTE, &none, &ended, reason),
			ARRIVAL_DUPLICATE);
	ck_int(arrival(ALERT_RESOLVED, NOW - 20 * MINUTE, NOW - 10 * MINUTE, &none, &ended, reason),
			ARRIVAL_RESOLVED_UNKNOWN);
	ck_int(arrival(ALERT_RESOLVED, NOW - 20 * MINUTE, NOW, &none, &none, reason),
			ARRIVAL_RESOLVED_UNKNOWN);
}

TEST(an_end_in_the_future_counts_as_now)
{
	const struct alert ahead = { .ends_at = NOW + 60 * MINUTE };
	const struct alert past = { .ends_at = NOW - MINUTE };
	const struct alert absent = { .ends_at = 0 };

	ck_int(plan_ends_at(&ahead, NOW), NOW);
	ck_int(plan_ends_at(&past, NOW), NOW - MINUTE);
	ck_int(plan_ends_at(&absent, NOW), NOW);
}

static const struct playbook restart = { .name = "restart",
	.guards = { .cooldown_ms = 10 * MINUTE } };

TEST(what_keeps_a_playbook_from_running_is_asked_in_order)
{
	const struct plan_facts all = {
		.playbook = &restart,
		.param_error = "param 'service': the alert has no label 'service'",
		.now = NOW,
		.starts_at = NOW - 120 * MINUTE,
		.max_alert_age_ms = 60 * MINUTE,
		.dry_run = true,
		.episode_run = 9,
		.target_run = 8,
		.known_status = "succeeded",
		.last_run = { 7, NOW - MINUTE },
	};
	struct plan_facts facts = all;
	char reason[PLAN_REASON_MAX];

	ck_int(plan_run(&facts, reason), DECISION_REJECTED_PARAM);
	ck_str(reason, "param 'service': the alert has no label 'service'");
	facts.param_error = NULL;
	ck_int(plan_run(&facts, reason), DECISION_REPEAT);
	ck_str(reason, "run 9 (succeeded) was made for this episode");
	facts.episode_run = 0;
	ck_int(plan_run(&facts, reason), DECISION_DUPLICATE);
	ck_str(reason, "run 8 (succeeded) of this incident does the same");
	facts.target_run = 0;
	ck_int(plan_run(&facts, reason), DECISION_TOO_OLD);
	facts.starts_at = NOW - 60 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_COOLDOWN);
	facts.last_run.at = NOW - 10 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_DRY_RUN);
	facts.dry_run = false;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED);
	ck_str(reason, "playbook restart");
}

TEST(a_run_by_hand_is_not_kept_back_by_an_earlier_one_but_by_its_guards)
{
	struct plan_facts facts = {
		.playbook = &restart,
		.by_hand = true,
		.now = NOW,
		.episode_run = 9,
		.target_run = 9,
		.known_status = "failed",
		.last_run = { 9, NOW - 11 * MINUTE },
	};
	char reason[PLAN_REASON_MAX];

	facts.starts_at = NOW - 9000 * MINUTE; /* whoever asks knows that */
	facts.max_alert_age_ms = 60 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED);
	facts.max_replay_age_ms = 60 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED); /* no alert is replayed */
	facts.received_at = NOW - 61 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_TOO_OLD);
	facts.override_guards = true;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED);
	facts.override_guards = false;
	facts.received_at = NOW - 60 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED);
	facts.last_run.at = NOW - 9 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_COOLDOWN);
}

/* After the pause, which is about the whole; before what counts runs. */
TEST(a_time_interval_mutes_after_the_pause_and_before_all_that_counts)
{
	static const struct interval_range morning = { 0, 720 };
	static const struct interval_period period = { .times = { &morning, 1 },
		.location = "UTC" };
	static const struct interval mornings = { "mornings", &period, 1 };
	static const struct interval *const list[] = { &mornings, NULL };
	const struct playbook playbook = { .name = "restart",
		.guards = { .mute_intervals = list,
				.distinct = "service",
				.targets_at_most = 1,
				.targets_per_ms = MINUTE } };
	struct interval_clock clock = { .now = { .tm_hour = 11, .tm_min = 59, .tm_wday = 1 } };
	struct plan_facts facts = {
		.playbook = &playbook,
		.now = NOW,
		.clocks = &clock,
		.pause = { .since = NOW, .reason = "r", .by = "b" },
		.other_targets = 1,
	};
	char reason[PLAN_REASON_MAX];

	ck_int(plan_run(&facts, reason), DECISION_PAUSED);
	facts.pause.since = 0;
	ck_int(plan_run(&facts, reason), DECISION_MUTED);
	ck_str(reason, "muted: within time interval 'mornings' (UTC, now 11:59 Mon)");
	facts.by_hand = true;
	ck_int(plan_run(&facts, reason), DECISION_MUTED);
	facts.override_guards = true;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED);
	facts.override_guards = false;
	clock.now.tm_hour = 12;
	ck_int(plan_run(&facts, reason), DECISION_TOO_MANY_TARGETS);
}

TEST(every_decision_has_a_word)
{
	for (int i = 0; i < DECISIONS; i++) {
		ck(decision_names[i] != NULL);
	}
	ck_str(decision_names[DECISION_UNMATCHED], "unmatched");
}

TEST(a_person_is_needed_when_nothing_runs)
{
	static const struct {
		bool makes_run;
		bool needs_person;
	} rows[DECISIONS] = {
		[DECISION_STARTED] = { false, true }, /* never given to an alert */
		[DECISION_QUEUED] = { true, false },
		[DECISION_DUPLICATE] = { false, false },
		[DECISION_REPEAT] = { false, false },
		[DECISION_RESOLVED] = { false, true }, /* only of an alert that does not fire */
		[DECISION_COOLDOWN] = { false, true },
		[DECISION_LIMITED] = { false, true },
		[DECISION_BREAKER_OPEN] = { false, true },
		[DECISION_LOCKED] = { false, true },
		[DECISION_TOO_MANY_TARGETS] = { false, true },
		[DECISION_PAUSED] = { false, true },
		[DECISION_MUTED] = { false, true },
		[DECISION_TOO_OLD] = { false, true },
		[DECISION_DRY_RUN] = { false, true },
		[DECISION_AWAITING_APPROVAL] = { true, false },
		[DECISION_REJECTED_PARAM] = { false, true },
		[DECISION_REJECTED_ALERT] = { false, true },
		[DECISION_UNMATCHED] = { false, true },
	};

	for (int i = 0; i < DECISIONS; i++) {
		ck_int(plan_makes_run((enum decision)i), rows[i].makes_run);
		ck_int(plan_needs_operator((enum decision)i), rows[i].needs_person);
	}
}

TEST(a_repeat_verifies_again_when_its_time_has_come)
{
	static const struct {
		const char *reason;
		bool has_verify;
		bool busy;
		int64_t ended_ago;
		bool again;
	} rows[] = {
		{ "repeat interval elapsed", true, false, SECOND, true },
		{ "repeat interval elapsed", false, false, SECOND, false },
		{ "repeat interval elapsed", true, true, SECOND, false },
		{ "new alerts added", true, false, 600 * MINUTE, false },
		{ "", true, false, 30 * MINUTE - 1, false },
		{ "", true, false, 30 * MINUTE, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct plan_look look = { rows[i].reason, rows[i].has_verify, rows[i].busy,
			NOW - rows[i].ended_ago, NOW };

		ck_int(plan_look_again(&look), rows[i].again);
	}
}
