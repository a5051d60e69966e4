/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/guards.h"

#include "test.h"

#define MINUTE 60000
#define NOW    1763851200000 /* 2025-11-22T22:40:00Z */

TEST(cooldown_holds_until_its_last_millisecond)
{
	static const struct {
		int64_t cooldown;
		int64_t last_run;
		int64_t ended_at;
		bool passes;
		const char *reason;
	} rows[] = {
		{ 0, 7, NOW, true, "" },
		{ 10 * MINUTE, 0, 0, true, "" },
		{ 10 * MINUTE, 7, NOW - 10 * MINUTE, true, "" },
		{ 10 * MINUTE, 7, NOW - 10 * MINUTE - 1, true, "" },
		{ 10 * MINUTE, 7, NOW - 10 * MINUTE + 1, false, "next at 22:40:00 UTC" },
		{ 10 * MINUTE, 7, NOW - 192000, false,
				"cooldown: last run 7 ended 3m12s ago, next at 22:46:48 UTC" },
		{ 10 * MINUTE, 7, NOW, false, "next at 22:50:00 UTC" },
		{ 10 * MINUTE, 7, 0, false, "cooldown: run 7 is not over yet" },
		/* The clock was set back an hour: ten minutes from now, not seventy. */
		{ 10 * MINUTE, 7, NOW + 60 * MINUTE, false, "next at 22:50:00 UTC" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char reason[GUARD_REASON_MAX] = "";

		ck_int(guard_cooldown(&(struct guard_rules){ .cooldown_ms = rows[i].cooldown },
				       (struct guard_run){ rows[i].last_run, rows[i].ended_at },
				       NOW, reason),
				rows[i].passes);
		ck_has(reason, rows[i].reason);
	}
}

TEST(an_alert_older_than_max_alert_age_is_not_acted_on)
{
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_age(0, 1, NOW, reason));
	ck(guard_age(60 * MINUTE, 0, NOW, reason));
	ck(guard_age(60 * MINUTE, NOW - 60 * MINUTE, NOW, reason));
	ck(guard_age(60 * MINUTE, NOW + 60 * MINUTE, NOW, reason));
	ck(!guard_age(60 * MINUTE, NOW - 60 * MINUTE - 1000, NOW, reason));
	ck_str(reason, "the alert began 1h1s ago, max_alert_age is 1h");
}

TEST(what_was_last_heard_of_longer_ago_than_max_replay_age_is_not_replayed)
{
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_replay_age(0, 1, NOW, reason));
	ck(guard_replay_age(60 * MINUTE, 0, NOW, reason));
	ck(guard_replay_age(60 * MINUTE, NOW - 60 * MINUTE, NOW, reason));
	ck(guard_replay_age(60 * MINUTE, NOW + 60 * MINUTE, NOW, reason));
	ck(!guard_replay_age(60 * MINUTE, NOW - 60 * MINUTE - 1, NOW, reason));
	ck_str(reason, "the alert was last received 1h1ms ago, max_replay_age is 1h");
}

TEST(limit_lets_through_what_is_one_short_of_it)
{
	const struct guard_rules rules = { .limit_runs = 3, .limit_per_ms = 60 * MINUTE };
	const struct guard_rules none = { 0 };
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_limit(&none, 1000, NOW, NOW, reason));
	ck(guard_limit(&rules, 0, 0, NOW, reason));
	ck(guard_limit(&rules, 2, 0, NOW, reason));
	ck(!guard_limit(&rules, 3, NOW - 50 * MINUTE, NOW, reason));
	ck_str(reason, "limit: 3 runs in 1h is all that is allowed, next at 22:50:00 UTC");
	ck(!guard_limit(&rules, 3, 0, NOW, reason));
	ck_str(reason, "limit: 3 runs in 1h is all that is allowed, next 1h after one of those that wait has started");
	/* The clock was set back: an hour from now at the most. */
	ck(!guard_limit(&rules, 3, NOW + 600 * MINUTE, NOW, reason));
	ck_has(reason, "next at 23:40:00 UTC");
}

TEST(breaker_opens_tries_once_and_closes)
{
	const struct guard_rules rules = { .breaker_failures = 3, .breaker_open_ms = 60 * MINUTE };
	const struct guard_run none = { 0, 0 };
	static const struct {
		int64_t failures;
		int64_t last_at;
		int64_t trial;
		bool passes;
		const char *reason;
	} rows[] = {
		{ 0, 0, 0, true, "" },
		{ 2, NOW - 1, 5, true, "" },
		{ 3, NOW - 1, 0, false, "a trial is let through at 23:39:59 UTC" },
		{ 3, NOW - 60 * MINUTE + 1, 0, false, "breaker: 3 runs in a row did not help" },
		{ 3, NOW - 60 * MINUTE, 0, true, "" },
		{ 3, NOW - 60 * MINUTE, 12, false, "breaker: half open, run 12 is the trial" },
		/* The trial failed: one more in a row, so it is open again. */
		{ 4, NOW - 1, 0, false,
				"breaker: 4 runs in a row did not help, the last was run 9" },
		/* The clock was set back a day: never latched for longer than open_for. */
		{ 3, NOW + 1440 * MINUTE, 0, false, "at 23:40:00 UTC" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char reason[GUARD_REASON_MAX] = "";

		ck_int(guard_breaker(&rules, rows[i].failures,
				       (struct guard_run){ 9, rows[i].last_at },
				       (struct guard_run){ rows[i].trial, 0 }, NOW, reason),
				rows[i].passes);
		ck_has(reason, rows[i].reason);
	}
	ck(guard_breaker(&(struct guard_rules){ 0 }, 99, none, none, NOW, NULL));
}

TEST(max_targets_stops_what_is_bigger_than_a_target)
{
	const struct guard_rules rules = {
		.distinct = "service", .targets_at_most = 2, .targets_per_ms = 10 * MINUTE
	};
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_targets(&(struct guard_rules){ 0 }, 99, reason));
	ck(guard_targets(&rules, 0, reason));
	ck(guard_targets(&rules, 1, reason));
	ck(!guard_targets(&rules, 2, reason));
	ck_str(reason, "max_targets: 2 other values of service had a run within 10m, 2 at most: this is bigger than one target");
}

TEST(a_pause_holds_until_its_end_or_until_somebody_resumes)
{
	struct guard_pause pause = { .reason = "deploy", .by = "ann" };
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_pause(&pause, NOW, reason));
	pause.since = NOW - MINUTE;
	ck(!guard_pause(&pause, NOW, reason));
	ck_str(reason, "paused by ann since 2025-11-22T22:39:00.000Z: deploy");
	pause.until = NOW + 1;
	ck(!guard_pause(&pause, NOW, reason));
	ck_has(reason, "until 2025-11-22T22:40:00.001Z: deploy");
	pause.until = NOW;
	ck(guard_pause(&pause, NOW, reason));
}

TEST(starts_of_all_playbooks_together_are_bounded)
{
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_starts(0, 1000, reason));
	ck(guard_starts(10, 9, reason));
	ck(!guard_starts(10, 10, reason));
	ck_has(reason, "max_starts_per_hour: 10 runs of all playbooks in the last hour, 10 at most");
}

/* Two clocks: of UTC, and of Berlin at 02:14 on a Tuesday. */
static const struct interval_clock clocks[] = {
	{ .now = { .tm_year = 126,
			  .tm_mon = 10,
			  .tm_mday = 24,
			  .tm_wday = 2,
			  .tm_hour = 1,
			  .tm_min = 14 } },
	{ .now = { .tm_year = 126,
			  .tm_mon = 10,
			  .tm_mday = 24,
			  .tm_wday = 2,
			  .tm_hour = 2,
			  .tm_min = 14 } },
	{ .broken = true },
};
static const struct interval_range night = { 0, 360 };
static const struct interval_range day = { 540, 1020 };
static const struct interval_period periods[] = {
	{ .times = { &night, 1 }, .location = "Europe/Berlin", .clock = 1 },
	{ .times = { &day, 1 }, .location = "UTC", .clock = 0 },
	{ .times = { &night, 1 }, .location = "Asia/Tokyo", .clock = 2 },
};
static const struct interval nights = { "nights", &periods[0], 1 };
static const struct interval office = { "office", &periods[1], 1 };
static const struct interval unknown = { "far away", &periods[2], 1 };

TEST(time_intervals_mute_within_and_are_active_within)
{
#define LIST(...) ((const struct interval *const[]){ __VA_ARGS__, NULL })
	const struct {
		struct guard_rules rules;
		const char *reason; /* NULL: it passes */
	} rows[] = {
		{ { 0 }, NULL },
		{ { .mute_intervals = LIST(&nights) },
				"muted: within time interval 'nights' (Europe/Berlin, now 02:14 Tue)" },
		{ { .mute_intervals = LIST(&office, &nights) },
				"muted: within time interval 'nights' (Europe/Berlin, now 02:14 Tue)" },
		{ { .mute_intervals = LIST(&office) }, NULL },
		{ { .active_intervals = LIST(&office) },
				"muted: outside of the active time intervals 'office'" },
		{ { .active_intervals = LIST(&office, &office) },
				"muted: outside of the active time intervals 'office', 'office'" },
		{ { .active_intervals = LIST(&nights) }, NULL },
		{ { .active_intervals = LIST(&office, &nights) }, NULL },
		{ { .mute_intervals = LIST(&nights), .active_intervals = LIST(&nights) },
				"muted: within time interval 'nights' (Europe/Berlin, now 02:14 Tue)" },
		{ { .mute_intervals = LIST(&office), .active_intervals = LIST(&nights) }, NULL },
		/* It may be any time there: that holds, unless another says that it is active. */
		{ { .mute_intervals = LIST(&office, &unknown) },
				"muted: the time in Asia/Tokyo, for time interval 'far away', cannot be known" },
		{ { .active_intervals = LIST(&office, &unknown) },
				"muted: the time in Asia/Tokyo, for time interval 'far away', cannot be known" },
		{ { .active_intervals = LIST(&unknown, &nights) }, NULL },
	};
#undef LIST

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char reason[GUARD_REASON_MAX] = "";

		ck_int(guard_intervals(&rows[i].rules, clocks, reason), rows[i].reason == NULL);
		ck_str(reason, rows[i].reason ? rows[i].reason : "");
	}
}

TEST(a_reason_with_many_active_intervals_is_cut_at_a_name)
{
	static const char name[] =
			"äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää";
	const struct interval long_one = { name, &periods[1], 1 };
	const struct interval *const many[] = { &long_one, &long_one, &long_one, &long_one,
		&long_one, &long_one, NULL };
	const struct guard_rules rules = { .active_intervals = many };
	char reason[GUARD_REASON_MAX];

	ck(!guard_intervals(&rules, clocks, reason));
	ck_has(reason, "ä', …");
}
