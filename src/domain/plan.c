/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/guards.h"

/* The same bytes again within this time are a retry of the delivery, not a repeat interval. */
#define RETRY_MS 30000
/* An HA peer sends, when it does, within its peer timeout (15 s a position) and its retries. */
#define TWIN_MS 120000

/* No peer is late by more than this: after it, a firing alert begins an episode. */
#define STALE_MS (15 * 60000)

const char *const decision_names[DECISIONS] = {
	[DECISION_STARTED] = "started",
	[DECISION_QUEUED] = "queued",
	[DECISION_DUPLICATE] = "duplicate",
	[DECISION_REPEAT] = "repeat",
	[DECISION_RESOLVED] = "resolved",
	[DECISION_COOLDOWN] = "cooldown",
	[DECISION_LIMITED] = "limited",
	[DECISION_BREAKER_OPEN] = "breaker_open",
	[DECISION_LOCKED] = "locked",
	[DECISION_TOO_MANY_TARGETS] = "too_many_targets",
	[DECISION_PAUSED] = "paused",
	[DECISION_MUTED] = "muted",
	[DECISION_TOO_OLD] = "too_old",
	[DECISION_DRY_RUN] = "dry_run",
	[DECISION_AWAITING_APPROVAL] = "awaiting_approval",
	[DECISION_REJECTED_PARAM] = "rejected_param",
	[DECISION_REJECTED_ALERT] = "rejected_alert",
	[DECISION_UNMATCHED] = "unmatched",
	[DECISION_IGNORED] = "ignored",
	[DECISION_HEARTBEAT] = "heartbeat",
};

#define SAY(...) snprintf(reason, PLAN_REASON_MAX, __VA_ARGS__)

int64_t plan_ends_at(const struct alert *alert, int64_t now)
{
	return alert->ends_at && alert->ends_at < now ? alert->ends_at : now;
}

/*
 * Until when the open episode is known to go on, by the sender's clock. One that is ahead of ours
 * is known by a startsAt in our future; then only the time between its own words counts.
 */
static int64_t known_until(const struct alert *alert, const struct plan_episode *open, int64_t now)
{
	bool ahead = open->starts_at > open->first_seen || alert->starts_at > now;
	int64_t until = ahead ? open->starts_at + (open->last_seen - open->first_seen) + TWIN_MS
			      : open->last_seen;

	return open->same_sender ? until : until + TWIN_MS;
}

static enum arrival known_fires(const struct alert *alert, const struct plan_episode *open,
		int64_t now, char *reason)
{
	char since[CLOCK_TEXT_MAX];
	char ago[CLOCK_TEXT_MAX];

	if (alert->starts_at > known_until(alert, open, now)) {
		SAY("the end of the episode before it, last received at %s, was never delivered",
				clock_format(open->last_seen, since));
		return ARRIVAL_ANEW;
	}
	if (!open->same_sender && now - open->last_seen < TWIN_MS) {
		SAY("another Alertmanager sent it %s ago",
				duration_format(now - open->last_seen, ago));
		return ARRIVAL_DUPLICATE;
	}
	if (open->same_body && now - open->last_seen < RETRY_MS) {
		SAY("the same delivery arrived %s ago",
				duration_format(now - open->last_seen, ago));
		return ARRIVAL_DUPLICATE;
	}
	SAY("still firing, occurrence %" PRId64 " since %s", open->occurrences + 1,
			clock_format(open->first_seen, since));
	return ARRIVAL_REPEAT;
}

static enum arrival fires(const struct alert *alert, const struct plan_episode *open,
		const struct plan_episode *last, int64_t now, char *reason)
{
	char ended[CLOCK_TEXT_MAX];
	bool old;

	if (open->id) {
		return known_fires(alert, open, now, reason);
	}
	old = last->id && alert->starts_at &&
	      (alert->starts_at < last->ends_at || alert->starts_at == last->starts_at);
	if (!old || now - last->last_seen >= STALE_MS) {
		return ARRIVAL_NEW;
	}
	clock_format(last->ends_at, ended);
	if (last->same_sender) {
		SAY("it is back: the sender that delivered its end at %s says that it fires",
				ended);
		return ARRIVAL_NEW;
	}
	SAY("this episode ended at %s, as another sender says", ended);
	return ARRIVAL_LATE;
}

static enum arrival resolves(const struct alert *alert, const struct plan_episode *open,
		const struct plan_episode *last, int64_t now, char *reason)
{
	char when[CLOCK_TEXT_MAX];
	int64_t ends_at = plan_ends_at(alert, now);

	/* Both by the sender's clock, whatever ours says. A late end has a startsAt of its own. */
	if (open->id && alert->ends_at && alert->ends_at < open->starts_at && alert->starts_at &&
			alert->starts_at != open->starts_at) {
		SAY("it ended at %s, before the present episode began",
				clock_format(ends_at, when));
		return ARRIVAL_DUPLICATE;
	}
	if (open->id) {
		SAY("ended at %s", clock_format(ends_at, when));
		return ARRIVAL_RESOLVES;
	}
	if (last->id && (last->ends_at >= ends_at || last->starts_at == alert->starts_at)) {
		SAY("known to have ended at %s", clock_format(last->ends_at, when));
		return ARRIVAL_DUPLICATE;
	}
	SAY("it was not known to be firing");
	return ARRIVAL_RESOLVED_UNKNOWN;
}

enum arrival plan_arrival(const struct alert *alert, const struct plan_episode *open,
		const struct plan_episode *last, int64_t now, char *reason)
{
	reason[0] = '\0';
	if (alert->status == ALERT_RESOLVED) {
		return resolves(alert, open, last, now, reason);
	}
	return fires(alert, open, last, now, reason);
}

bool plan_look_again(const struct plan_look *look)
{
	if (!look->has_verify || look->busy) {
		return false;
	}
	if (look->now - look->last_ended_at < PLAN_LOOK_LEAST_MS) {
		return false;
	}
	if (*look->notification_reason) {
		return !strcmp(look->notification_reason, "repeat interval elapsed");
	}
	return look->now - look->last_ended_at >= PLAN_LOOK_MS;
}

/* One guard of the row: DECISION_QUEUED when it lets the run through. */
typedef enum decision (*guard_fn)(const struct plan_facts *facts, char *reason);

/* An operator knows when it began, but not that it was last received a month ago. */
static enum decision ask_age(const struct plan_facts *f, char *reason)
{
	bool passes = f->by_hand ? guard_replay_age(f->max_replay_age_ms, f->received_at, f->now,
						   reason)
				 : guard_age(f->max_alert_age_ms, f->starts_at, f->now, reason);

	return passes ? DECISION_QUEUED : DECISION_TOO_OLD;
}

static enum decision ask_pause(const struct plan_facts *f, char *reason)
{
	return guard_pause(&f->pause, f->now, reason) ? DECISION_QUEUED : DECISION_PAUSED;
}

static enum decision ask_intervals(const struct plan_facts *f, char *reason)
{
	bool passes = guard_intervals(&f->playbook->guards, f->clocks, reason);

	return passes ? DECISION_QUEUED : DECISION_MUTED;
}

static enum decision ask_targets(const struct plan_facts *f, char *reason)
{
	bool passes = guard_targets(&f->playbook->guards, f->other_targets, reason);

	return passes ? DECISION_QUEUED : DECISION_TOO_MANY_TARGETS;
}

static enum decision ask_breaker(const struct plan_facts *f, char *reason)
{
	bool passes = guard_breaker(&f->playbook->guards, f->failures, f->last_failure, f->trial,
			f->now, reason);

	return passes ? DECISION_QUEUED : DECISION_BREAKER_OPEN;
}

static enum decision ask_limit(const struct plan_facts *f, char *reason)
{
	bool passes = guard_limit(&f->playbook->guards, f->in_window, f->oldest_at, f->now, reason);

	return passes ? DECISION_QUEUED : DECISION_LIMITED;
}

static enum decision ask_starts(const struct plan_facts *f, char *reason)
{
	bool passes = guard_starts(f->starts_at_most, f->starts_in_hour, reason);

	return passes ? DECISION_QUEUED : DECISION_LIMITED;
}

static enum decision ask_cooldown(const struct plan_facts *f, char *reason)
{
	bool passes = guard_cooldown(&f->playbook->guards, f->last_run, f->now, reason);

	return passes ? DECISION_QUEUED : DECISION_COOLDOWN;
}

static enum decision ask_dry_run(const struct plan_facts *f, char *reason)
{
	if (!f->dry_run && !f->playbook->dry_run) {
		return DECISION_QUEUED;
	}
	SAY("dry run: playbook %s would %s", f->playbook->name,
			f->approval_step ? "wait for approval" : "be queued");
	return DECISION_DRY_RUN;
}

/* The first that holds gives the reason: what is wrong with the world before what is too soon. */
static const guard_fn guards[] = {
	ask_age,
	ask_pause,
	ask_intervals,
	ask_targets,
	ask_breaker,
	ask_limit,
	ask_starts,
	ask_cooldown,
};

bool plan_makes_run(enum decision decision)
{
	return decision == DECISION_QUEUED || decision == DECISION_AWAITING_APPROVAL;
}

bool plan_needs_operator(enum decision decision)
{
	return !plan_makes_run(decision) && decision != DECISION_REPEAT &&
	       decision != DECISION_DUPLICATE && decision != DECISION_IGNORED &&
	       decision != DECISION_HEARTBEAT;
}

/* The run of the same incident and target is under way, or ended after the alert began. */
static bool is_meant_by_target_run(const struct plan_facts *facts)
{
	int64_t began = facts->starts_at && facts->starts_at < facts->now ? facts->starts_at
									  : facts->now;

	return !facts->target_ended_at || began <= facts->target_ended_at;
}

enum decision plan_run(const struct plan_facts *facts, char *reason)
{
	if (facts->param_error) {
		SAY("%s", facts->param_error);
		return DECISION_REJECTED_PARAM;
	}
	if (!facts->by_hand && facts->episode_run) {
		SAY("run %" PRId64 " (%s) was made for this episode", facts->episode_run,
				facts->known_status);
		return DECISION_REPEAT;
	}
	if (!facts->by_hand && facts->target_run && is_meant_by_target_run(facts)) {
		SAY("run %" PRId64 " (%s) of this incident does the same", facts->target_run,
				facts->known_status);
		return facts->repeats && facts->target_ended_at ? DECISION_REPEAT
								: DECISION_DUPLICATE;
	}
	if (!facts->by_hand && facts->waiting_run) {
		SAY("run %" PRId64 " (%s) does the same", facts->waiting_run,
				facts->waiting_status);
		return DECISION_DUPLICATE;
	}
	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]) && !facts->override_guards; i++) {
		enum decision held = guards[i](facts, reason);

		if (held != DECISION_QUEUED) {
			return held;
		}
	}
	if (ask_dry_run(facts, reason) != DECISION_QUEUED) {
		return DECISION_DRY_RUN;
	}
	if (facts->approval_step) {
		SAY("playbook %s%s waits for approval: %s", facts->playbook->name,
				facts->override_guards ? ", forced," : "", facts->approval_step);
		return DECISION_AWAITING_APPROVAL;
	}
	SAY("playbook %s%s", facts->playbook->name, facts->override_guards ? ", forced" : "");
	return DECISION_QUEUED;
}
