/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guards - the rules that can keep a run from starting. Each is a pure function of what the store
 * remembers and the time now; each says why in plain words and when it lets the next one through.
 *
 * A guard returns true when it lets the run through; else it fills reason, which has
 * GUARD_REASON_MAX bytes. A time after now counts as now; the caller sees to it that it stays so
 * (guard_facts_set_back() of the store), so that a clock that was set back never makes a guard hold
 * for longer than its own time from then.
 */
#ifndef DOMAIN_GUARDS_H
#define DOMAIN_GUARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/interval.h"

#define GUARD_REASON_MAX 512

/* `guards:` of a playbook; 0 or NULL: that guard is not set. */
struct guard_rules {
	int64_t cooldown_ms;      /* no run of the same target so soon after the last ended */
	int64_t limit_runs;       /* at most so many runs of the playbook start … */
	int64_t limit_per_ms;     /* … in any window of this length */
	int64_t breaker_failures; /* so many failures in a row open the breaker … */
	int64_t breaker_open_ms;  /* … for this long; then one run is let through as a trial */
	const char *lock;         /* template of a key: one run of the key at a time */
	const char *distinct;     /* max_targets.distinct: the param that says what a target is */
	int64_t targets_at_most;  /* at most so many targets … */
	int64_t targets_per_ms;   /* … in any window of this length */
	int64_t max_concurrent;   /* runs of the playbook at the same time; others wait in order */
	/* Lists that end in NULL. Never within any of `mute`; with `active`, only within one of it.
	 */
	const struct interval *const *mute_intervals;
	const struct interval *const *active_intervals;
};

/* A run and when it ended; id 0: there is none; at 0: it is not over. */
struct guard_run {
	int64_t id;
	int64_t at;
};

/* max_alert_age: an alert that began longer ago is recorded, not acted on. */
bool guard_age(int64_t max_age_ms, int64_t starts_at, int64_t now, char *reason);

/* max_replay_age: an alert that was last received longer ago may be about another world.
 * received_at 0: no alert is replayed. */
bool guard_replay_age(int64_t max_age_ms, int64_t received_at, int64_t now, char *reason);

/*
 * cooldown: "cooldown: last run 7 ended 3m12s ago, next at 02:14:05 UTC". A last run that is not
 * over holds, too.
 */
bool guard_cooldown(
		const struct guard_rules *rules, struct guard_run last, int64_t now, char *reason);

/*
 * limit, sliding and exact: in_window runs started within limit_per_ms before now, or are yet to
 * start; the limit_runs-th latest of them started at oldest_at, 0: it is yet to.
 */
bool guard_limit(const struct guard_rules *rules, int64_t in_window, int64_t oldest_at, int64_t now,
		char *reason);

/*
 * breaker: closed while fewer than breaker_failures of the latest runs failed in a row; open until
 * breaker_open_ms after the last failure; then half-open: one trial at a time. A trial that fails
 * is one more failure in a row, so it opens again; one that succeeds ends the row. trial: a run of
 * the playbook that is not over; id 0: none.
 */
bool guard_breaker(const struct guard_rules *rules, int64_t failures, struct guard_run last_failure,
		struct guard_run trial, int64_t now, char *reason);

/*
 * max_targets: others is how many other targets have a run within targets_per_ms, as for limit. One
 * more than targets_at_most is an outage of something bigger than a target: not for a playbook.
 */
bool guard_targets(const struct guard_rules *rules, int64_t others, char *reason);

/* The kill switch: since 0 is off; until 0 is until an operator resumes. */
struct guard_pause {
	int64_t since;
	int64_t until;
	const char *reason;
	const char *by;
};

bool guard_pause(const struct guard_pause *pause, int64_t now, char *reason);

/*
 * mute_time_intervals and active_time_intervals, by the clocks of the configuration's time zones:
 * "muted: within time interval 'nights' (Europe/Berlin, now 02:14 Tue)". A clock that is broken
 * holds, since it may be any time.
 */
bool guard_intervals(
		const struct guard_rules *rules, const struct interval_clock *clocks, char *reason);

/* max_starts_per_hour of all playbooks together, counted as for limit; 0: no limit. */
bool guard_starts(int64_t at_most, int64_t in_last_hour, char *reason);

#endif
