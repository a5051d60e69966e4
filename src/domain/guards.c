/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/guards.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define SAY(...) snprintf(reason, GUARD_REASON_MAX, __VA_ARGS__)

/* "02:14:05 UTC" of a time; text has CLOCK_TEXT_MAX. */
static const char *time_of_day(int64_t ms, char *text)
{
	char whole[CLOCK_TEXT_MAX];

	clock_format(ms, whole);
	snprintf(text, CLOCK_TEXT_MAX, "%.8s UTC", whole + 11);
	return text;
}

/* An event after now counts as of now: the clock was set back. */
static int64_t not_after(int64_t at, int64_t now)
{
	return at > now ? now : at;
}

bool guard_age(int64_t max_age_ms, int64_t starts_at, int64_t now, char *reason)
{
	char age[CLOCK_TEXT_MAX];
	char max[CLOCK_TEXT_MAX];

	if (!max_age_ms || !starts_at || now - starts_at <= max_age_ms) {
		return true;
	}
	SAY("the alert began %s ago, max_alert_age is %s", duration_format(now - starts_at, age),
			duration_format(max_age_ms, max));
	return false;
}

bool guard_replay_age(int64_t max_age_ms, int64_t received_at, int64_t now, char *reason)
{
	char age[CLOCK_TEXT_MAX];
	char max[CLOCK_TEXT_MAX];

	if (!max_age_ms || !received_at || now - received_at <= max_age_ms) {
		return true;
	}
	SAY("the alert was last received %s ago, max_replay_age is %s",
			duration_format(now - received_at, age), duration_format(max_age_ms, max));
	return false;
}

bool guard_cooldown(
		const struct guard_rules *rules, struct guard_run last, int64_t now, char *reason)
{
	char ago[CLOCK_TEXT_MAX];
	char next[CLOCK_TEXT_MAX];
	int64_t ended_at = not_after(last.at, now);

	if (!rules->cooldown_ms || !last.id) {
		return true;
	}
	if (!last.at) {
		SAY("cooldown: run %" PRId64 " is not over yet", last.id);
		return false;
	}
	if (now - ended_at >= rules->cooldown_ms) {
		return true;
	}
	SAY("cooldown: last run %" PRId64 " ended %s ago, next at %s", last.id,
			duration_format(now - ended_at, ago),
			time_of_day(ended_at + rules->cooldown_ms, next));
	return false;
}

bool guard_limit(const struct guard_rules *rules, int64_t in_window, int64_t oldest_at, int64_t now,
		char *reason)
{
	char per[CLOCK_TEXT_MAX];
	char next[CLOCK_TEXT_MAX];

	if (!rules->limit_runs || in_window < rules->limit_runs) {
		return true;
	}
	duration_format(rules->limit_per_ms, per);
	if (!oldest_at) {
		SAY("limit: %" PRId64
		    " runs in %s is all that is allowed, next %s after one of those that wait has started",
				rules->limit_runs, per, per);
		return false;
	}
	SAY("limit: %" PRId64 " runs in %s is all that is allowed, next at %s", rules->limit_runs,
			per, time_of_day(not_after(oldest_at, now) + rules->limit_per_ms, next));
	return false;
}

bool guard_breaker(const struct guard_rules *rules, int64_t failures, struct guard_run last_failure,
		struct guard_run trial, int64_t now, char *reason)
{
	char next[CLOCK_TEXT_MAX];
	int64_t closes_at = not_after(last_failure.at, now) + rules->breaker_open_ms;

	if (!rules->breaker_failures || failures < rules->breaker_failures) {
		return true;
	}
	if (now < closes_at) {
		SAY("breaker: %" PRId64 " runs in a row did not help, the last was run %" PRId64
		    "; a trial is let through at %s",
				failures, last_failure.id, time_of_day(closes_at, next));
		return false;
	}
	if (trial.id) {
		SAY("breaker: half open, run %" PRId64 " is the trial", trial.id);
		return false;
	}
	return true;
}

bool guard_targets(const struct guard_rules *rules, int64_t others, char *reason)
{
	char per[CLOCK_TEXT_MAX];

	if (!rules->targets_at_most || others < rules->targets_at_most) {
		return true;
	}
	SAY("max_targets: %" PRId64 " other values of %s had a run within %s, %" PRId64
	    " at most: this is bigger than one target",
			others, rules->distinct, duration_format(rules->targets_per_ms, per),
			rules->targets_at_most);
	return false;
}

bool guard_pause(const struct guard_pause *pause, int64_t now, char *reason)
{
	char since[CLOCK_TEXT_MAX];
	char until[CLOCK_TEXT_MAX];

	if (!pause->since || (pause->until && now >= pause->until)) {
		return true;
	}
	SAY("paused by %s since %s%s%s: %s", pause->by, clock_format(pause->since, since),
			pause->until ? " until " : "",
			pause->until ? clock_format(pause->until, until) : "", pause->reason);
	return false;
}

static bool has_broken(const struct interval *const *intervals, const struct interval_clock *clocks,
		char *reason)
{
	for (; intervals && *intervals; intervals++) {
		const struct interval_period *period = interval_broken(*intervals, clocks);

		if (period) {
			SAY("muted: the time in %s, for time interval '%s', cannot be known",
					period->location, (*intervals)->name);
			return true;
		}
	}
	return false;
}

static bool is_muted(const struct interval *const *intervals, const struct interval_clock *clocks,
		char *reason)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

	for (; intervals && *intervals; intervals++) {
		const struct interval_period *period = interval_holds(*intervals, clocks);
		const struct tm *now = period ? &clocks[period->clock].now : NULL;

		if (period) {
			SAY("muted: within time interval '%s' (%s, now %02d:%02d %s)",
					(*intervals)->name, period->location, now->tm_hour,
					now->tm_min, days[now->tm_wday]);
			return true;
		}
	}
	return false;
}

static bool holds_any(const struct interval *const *intervals, const struct interval_clock *clocks)
{
	for (; *intervals; intervals++) {
		if (interval_holds(*intervals, clocks)) {
			return true;
		}
	}
	return false;
}

static void say_outside(const struct interval *const *intervals, char *reason)
{
	auto_buf struct buf names = { 0 };

	for (size_t i = 0; intervals[i]; i++) {
		if (names.len + strlen(intervals[i]->name) > GUARD_REASON_MAX / 2) {
			buf_adds(&names, ", …");
			break;
		}
		buf_addf(&names, "%s'%s'", i ? ", " : "", intervals[i]->name);
	}
	SAY("muted: outside of the active time intervals %s", buf_text(&names));
}

static bool is_inactive(const struct interval *const *intervals,
		const struct interval_clock *clocks, char *reason)
{
	if (!intervals || holds_any(intervals, clocks)) {
		return false;
	}
	if (!has_broken(intervals, clocks, reason)) {
		say_outside(intervals, reason);
	}
	return true;
}

bool guard_intervals(
		const struct guard_rules *rules, const struct interval_clock *clocks, char *reason)
{
	return !is_muted(rules->mute_intervals, clocks, reason) &&
	       !has_broken(rules->mute_intervals, clocks, reason) &&
	       !is_inactive(rules->active_intervals, clocks, reason);
}

bool guard_starts(int64_t at_most, int64_t in_last_hour, char *reason)
{
	if (!at_most || in_last_hour < at_most) {
		return true;
	}
	SAY("max_starts_per_hour: %" PRId64 " runs of all playbooks in the last hour, %" PRId64
	    " at most",
			in_last_hour, at_most);
	return false;
}
