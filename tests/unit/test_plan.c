/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/plan.h"

#include <string.h>

#include "test.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define NOW    1763851200000

#define START (NOW - 5 * MINUTE)

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
	ck_int(arrival(ALERT_FIRING, START, 0, &open_5m, &none, reason), ARRIVAL_REPEAT);
	ck_has(reason, "still firing, occurrence 3 since 2025-11-22T22:35:00.000Z");
	ck_int(arrival(ALERT_FIRING, START, 0, &twin, &none, reason), ARRIVAL_DUPLICATE);
	ck_str(reason, "another Alertmanager sent it 1m ago");
	ck_int(arrival(ALERT_FIRING, START, 0, &retry, &none, reason), ARRIVAL_DUPLICATE);
	ck_str(reason, "the same delivery arrived 29s ago");
	ck_int(arrival(ALERT_FIRING, NOW - 300 * MINUTE, 0, &old_twin, &none, reason),
			ARRIVAL_REPEAT);
	retry.same_body = false;
	ck_int(arrival(ALERT_FIRING, START, 0, &retry, &none, reason), ARRIVAL_REPEAT);
	retry.same_body = true;
	retry.last_seen = NOW - 30 * SECOND;
	ck_int(arrival(ALERT_FIRING, START, 0, &retry, &none, reason), ARRIVAL_REPEAT);
}

/* The end of the last one was never delivered: silenced, inhibited, or the sender lost it. */
TEST(a_start_later_than_all_that_was_heard_is_another_outage)
{
	static const struct {
		int64_t starts_at;
		bool other_sender;
		enum arrival want;
	} rows[] = {
		{ NOW - 90 * MINUTE, false, ARRIVAL_REPEAT }, /* merged: moved earlier */
		{ NOW - 61 * MINUTE, false, ARRIVAL_REPEAT },
		/* the other of a pair of Prometheus */
		{ NOW - 61 * MINUTE + 10 * SECOND, false, ARRIVAL_REPEAT },
		{ NOW - 40 * MINUTE, false, ARRIVAL_REPEAT },
		{ NOW - 20 * MINUTE, false, ARRIVAL_REPEAT }, /* it was last heard of then */
		{ NOW - 20 * MINUTE + 1, false, ARRIVAL_ANEW },
		{ NOW, false, ARRIVAL_ANEW },
		{ 0, false, ARRIVAL_REPEAT }, /* it does not say when */
		/* another Alertmanager has its own words */
		{ NOW - 18 * MINUTE, true, ARRIVAL_REPEAT },
		{ NOW - 18 * MINUTE + 1, true, ARRIVAL_ANEW },
	};
	char reason[PLAN_REASON_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_episode open = open_5m;

		open.first_seen = NOW - 60 * MINUTE;
		open.starts_at = NOW - 61 * MINUTE;
		open.last_seen = NOW - 20 * MINUTE;
		open.same_sender = !rows[i].other_sender;
		ck_int(arrival(ALERT_FIRING, rows[i].starts_at, 0, &open, &none, reason),
				rows[i].want);
	}
	ck_has(reason, "the end of the episode before it, last received at 2025-11-22T22:20:00.000Z, was never delivered");
}

/* By its clock, an hour ahead of ours, all of its starts are later than what we have heard. */
TEST(a_clock_that_is_ahead_makes_no_outage_of_a_repeat)
{
	static const struct {
		int64_t starts_at;
		enum arrival want;
	} rows[] = {
		{ NOW + 30 * MINUTE, ARRIVAL_REPEAT },
		{ NOW + 30 * MINUTE + 5 * SECOND, ARRIVAL_REPEAT },
		{ NOW + 59 * MINUTE, ARRIVAL_ANEW },
	};
	char reason[PLAN_REASON_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan_episode open = open_5m;

		open.starts_at = NOW + 30 * MINUTE;
		open.first_seen = NOW - 30 * MINUTE;
		open.last_seen = NOW - 10 * MINUTE;
		ck_int(arrival(ALERT_FIRING, rows[i].starts_at, 0, &open, &none, reason),
				rows[i].want);
	}
}

/* Whoever told of the end knows it best. From another it may be late, or news: that takes time. */
TEST(an_alert_that_fires_after_its_end_is_back_or_late)
{
	static const struct {
		int64_t starts_at;
		enum arrival same, other;
	} rows[] = {
		{ NOW - 60 * MINUTE, ARRIVAL_NEW, ARRIVAL_LATE },
		{ NOW - 70 * MINUTE, ARRIVAL_NEW, ARRIVAL_LATE },
		{ NOW - 30 * MINUTE - 1, ARRIVAL_NEW, ARRIVAL_LATE },
		{ NOW - 30 * MINUTE, ARRIVAL_NEW, ARRIVAL_NEW },
		{ NOW, ARRIVAL_NEW, ARRIVAL_NEW },
		{ 0, ARRIVAL_NEW, ARRIVAL_NEW },
	};
	struct plan_episode last = ended;
	char reason[PLAN_REASON_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		last.same_sender = true;
		ck_int(arrival(ALERT_FIRING, rows[i].starts_at, 0, &none, &last, reason),
				rows[i].same);
		last.same_sender = false;
		ck_int(arrival(ALERT_FIRING, rows[i].starts_at, 0, &none, &last, reason),
				rows[i].other);
	}
	ck_str(reason, "");
	arrival(ALERT_FIRING, NOW - 60 * MINUTE, 0, &none, &last, reason);
	ck_str(reason, "this episode ended at 2025-11-22T22:10:00.000Z, as another sender says");
	last.same_sender = true;
	arrival(ALERT_FIRING, NOW - 60 * MINUTE, 0, &none, &last, reason);
	ck_str(reason, "it is back: the sender that delivered its end at 2025-11-22T22:10:00.000Z says that it fires");
}

/* No peer is late by a quarter of an hour. */
TEST(an_alert_that_fires_long_after_its_end_is_believed)
{
	struct plan_episode last = ended;
	char reason[PLAN_REASON_MAX];

	ck_int(arrival(ALERT_FIRING, last.starts_at, 0, &none, &last, reason), ARRIVAL_LATE);
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

/* A script whose clock is slow gives an end before the start that was told, and no start. */
TEST(an_end_by_a_slow_clock_is_an_end)
{
	char reason[PLAN_REASON_MAX];

	ck_int(arrival(ALERT_RESOLVED, 0, START - MINUTE, &open_5m, &none, reason),
			ARRIVAL_RESOLVES);
	ck_int(arrival(ALERT_RESOLVED, START, START - MINUTE, &open_5m, &none, reason),
			ARRIVAL_RESOLVES);
	ck_int(arrival(ALERT_RESOLVED, START - 9 * MINUTE, START - MINUTE, &open_5m, &none, reason),
			ARRIVAL_DUPLICATE);
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
		.waiting_run = 6,
		.waiting_status = "queued",
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
	ck_int(plan_run(&facts, reason), DECISION_DUPLICATE);
	ck_str(reason, "run 6 (queued) does the same");
	facts.waiting_run = 0;
	ck_int(plan_run(&facts, reason), DECISION_TOO_OLD);
	facts.starts_at = NOW - 60 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_COOLDOWN);
	facts.last_run.at = NOW - 10 * MINUTE;
	ck_int(plan_run(&facts, reason), DECISION_DRY_RUN);
	facts.dry_run = false;
	ck_int(plan_run(&facts, reason), DECISION_QUEUED);
	ck_str(reason, "playbook restart");
}

/* The run of an incident is for all of its alerts that began before it ended. */
TEST(an_alert_that_begins_after_the_run_of_its_incident_gets_one_of_its_own)
{
	static const struct {
		int64_t ended_at, starts_at;
		bool repeats;
		enum decision want;
	} rows[] = {
		{ 0, NOW - SECOND, false, DECISION_DUPLICATE }, /* under way */
		{ 0, NOW - SECOND, true, DECISION_DUPLICATE },
		{ NOW - MINUTE, NOW - 2 * MINUTE, false, DECISION_DUPLICATE },
		{ NOW - MINUTE, NOW - MINUTE, false, DECISION_DUPLICATE },
		{ NOW - MINUTE, NOW - 2 * MINUTE, true, DECISION_REPEAT }, /* time for a look? */
		{ NOW - MINUTE, NOW - MINUTE + 1, false, DECISION_QUEUED },
		{ NOW - MINUTE, NOW - MINUTE + 1, true, DECISION_QUEUED },
		{ NOW - MINUTE, 0, false, DECISION_QUEUED }, /* it begins now */
		{ NOW - MINUTE, NOW + 60 * MINUTE, false, DECISION_QUEUED },
	};
	const struct playbook plain = { .name = "restart" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct plan_facts facts = {
			.playbook = &plain,
			.now = NOW,
			.starts_at = rows[i].starts_at,
			.repeats = rows[i].repeats,
			.target_run = 8,
			.target_ended_at = rows[i].ended_at,
			.known_status = "succeeded",
		};
		char reason[PLAN_REASON_MAX];

		ck_int(plan_run(&facts, reason), rows[i].want);
	}
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
		.waiting_run = 8,
		.waiting_status = "awaiting_approval",
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
		[DECISION_IGNORED] = { false, false },
		[DECISION_HEARTBEAT] = { false, false },
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
		{ "repeat interval elapsed", true, false, SECOND, false },
		{ "repeat interval elapsed", true, false, 5 * MINUTE - 1, false },
		{ "repeat interval elapsed", true, false, 5 * MINUTE, true },
		{ "repeat interval elapsed", false, false, 5 * MINUTE, false },
		{ "repeat interval elapsed", true, true, 5 * MINUTE, false },
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
