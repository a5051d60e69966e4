#include "domain/run.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define CAN(status) (1u << (status))
#define ENDS        (CAN(RUN_FAILED) | CAN(RUN_TIMED_OUT) | CAN(RUN_CANCELED) | CAN(RUN_INTERRUPTED))

static const struct {
	const char *name;
	unsigned can;
} states[RUN_STATUSES] = {
	[RUN_QUEUED] = { "queued", CAN(RUN_RUNNING) | CAN(RUN_AWAITING_APPROVAL) |
						   CAN(RUN_CANCELED) | CAN(RUN_INTERRUPTED) },
	[RUN_AWAITING_APPROVAL] = { "awaiting_approval",
			CAN(RUN_QUEUED) | CAN(RUN_REJECTED) | CAN(RUN_CANCELED) },
	[RUN_RUNNING] = { "running", CAN(RUN_VERIFYING) | CAN(RUN_SUCCEEDED) | ENDS },
	[RUN_VERIFYING] = { "verifying", CAN(RUN_RUNNING) | CAN(RUN_SUCCEEDED) | ENDS },
	[RUN_SUCCEEDED] = { "succeeded", 0 },
	[RUN_FAILED] = { "failed", 0 },
	[RUN_TIMED_OUT] = { "timed_out", 0 },
	[RUN_CANCELED] = { "canceled", 0 },
	[RUN_INTERRUPTED] = { "interrupted", 0 },
	[RUN_REJECTED] = { "rejected", 0 },
};

const char *const run_status_names[RUN_STATUSES] = {
	[RUN_QUEUED] = "queued",
	[RUN_AWAITING_APPROVAL] = "awaiting_approval",
	[RUN_RUNNING] = "running",
	[RUN_VERIFYING] = "verifying",
	[RUN_SUCCEEDED] = "succeeded",
	[RUN_FAILED] = "failed",
	[RUN_TIMED_OUT] = "timed_out",
	[RUN_CANCELED] = "canceled",
	[RUN_INTERRUPTED] = "interrupted",
	[RUN_REJECTED] = "rejected",
};

int run_status_parse(const char *name)
{
	for (int i = 0; i < RUN_STATUSES; i++) {
		if (!strcmp(name, run_status_names[i])) {
			return i;
		}
	}
	return -1;
}

bool run_status_final(enum run_status status)
{
	return states[status].can == 0;
}

bool run_status_can(enum run_status from, enum run_status to)
{
	return (states[from].can & CAN(to)) != 0;
}

static enum run_action finish(struct run_cursor *cursor, enum run_status status)
{
	cursor->status = (uint8_t)status;
	return RUN_DO_FINISH;
}

static enum run_action pause_until(struct run_cursor *cursor, int64_t due_ms)
{
	cursor->due_ms = due_ms;
	return RUN_DO_PAUSE;
}

/* Go to step index, or to what follows the phase when index is its end. */
static enum run_action enter(const struct playbook *playbook, struct run_cursor *cursor,
		enum phase phase, size_t index, int64_t now_ms)
{
	if (index < playbook_phase_end(playbook, phase)) {
		const struct step *step = &playbook->steps[index];

		cursor->step = (uint32_t)index;
		cursor->attempt = 1;
		cursor->tries = 0;
		cursor->passing_since_ms = 0;
		cursor->probe_until_ms = now_ms + step->within_ms;
		return RUN_DO_STEP;
	}
	if (phase == PHASE_RESCUE) {
		return finish(cursor, cursor->outcome);
	}
	if (phase == PHASE_STEPS) {
		size_t verify = playbook_phase_begin(playbook, PHASE_VERIFY);

		if (verify < playbook_phase_end(playbook, PHASE_VERIFY)) {
			cursor->status = RUN_VERIFYING;
		}
		return enter(playbook, cursor, PHASE_VERIFY, verify, now_ms);
	}
	snprintf(cursor->reason, sizeof(cursor->reason), "%s",
			cursor->status == RUN_VERIFYING ? "verified" : "all steps done");
	return finish(cursor, RUN_SUCCEEDED);
}

static enum run_action next_step(
		const struct playbook *playbook, struct run_cursor *cursor, int64_t now_ms)
{
	enum phase phase = playbook->steps[cursor->step].phase;

	return enter(playbook, cursor, phase, cursor->step + 1, now_ms);
}

/* The step has failed for good. */
static enum run_action step_failed(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_status outcome, const char *detail, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];

	if (step->phase == PHASE_RESCUE || step->on_failure == ON_FAILURE_CONTINUE) {
		return next_step(playbook, cursor, now_ms);
	}
	cursor->outcome = (uint8_t)outcome;
	cursor->status = RUN_RUNNING;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s%s: %s",
			step->phase == PHASE_VERIFY ? "verify: " : "", step->name, detail);
	return enter(playbook, cursor, PHASE_RESCUE, playbook_phase_begin(playbook, PHASE_RESCUE),
			now_ms);
}

static enum run_action probe_passed(
		const struct playbook *playbook, struct run_cursor *cursor, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];

	if (!cursor->passing_since_ms) {
		cursor->passing_since_ms = now_ms;
	}

	int64_t settled_ms = cursor->passing_since_ms + step->settle_ms;

	if (now_ms >= settled_ms) {
		return next_step(playbook, cursor, now_ms);
	}
	cursor->attempt++;
	return pause_until(cursor, settled_ms < now_ms + step->every_ms ? settled_ms
									: now_ms + step->every_ms);
}

static enum run_action probe_failed(const struct playbook *playbook, struct run_cursor *cursor,
		const char *detail, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];
	char why[RUN_REASON_MAX];
	char within[CLOCK_TEXT_MAX];

	cursor->passing_since_ms = 0;
	if (step->within_ms && now_ms + step->every_ms <= cursor->probe_until_ms) {
		cursor->attempt++;
		return pause_until(cursor, now_ms + step->every_ms);
	}
	if (!step->within_ms) {
		return step_failed(playbook, cursor, RUN_FAILED, detail, now_ms);
	}
	snprintf(why, sizeof(why), "did not pass within %s; last: %s",
			duration_format(step->within_ms, within), detail);
	return step_failed(playbook, cursor, RUN_FAILED, why, now_ms);
}

static enum run_action attempt_failed(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_status outcome, const char *detail, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];

	if (step->kind == STEP_CHECK) {
		return probe_failed(playbook, cursor, detail, now_ms);
	}
	cursor->tries++;
	if (cursor->tries < step->attempts) {
		cursor->attempt++;
		return pause_until(cursor, now_ms + step->delay_ms);
	}
	return step_failed(playbook, cursor, outcome, detail, now_ms);
}

/*
 * A check only looks, so it looks again. Anything else may have had its effect: without knowing, it
 * is neither run again nor called a failure; people decide. A rescue step gives way to the next.
 */
static enum run_action interrupted(const struct playbook *playbook, struct run_cursor *cursor,
		const char *detail, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];

	if (step->kind == STEP_CHECK) {
		cursor->attempt++;
		return RUN_DO_STEP;
	}
	if (step->phase == PHASE_RESCUE) {
		return next_step(playbook, cursor, now_ms);
	}
	snprintf(cursor->reason, sizeof(cursor->reason), "%s: %s", step->name, detail);
	return finish(cursor, RUN_INTERRUPTED);
}

enum run_action run_next(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_event event, const char *detail, int64_t now_ms)
{
	switch (event) {
	case RUN_EV_BEGIN:
		cursor->status = RUN_RUNNING;
		return enter(playbook, cursor, PHASE_STEPS, 0, now_ms);
	case RUN_EV_OK:
		if (playbook->steps[cursor->step].kind == STEP_CHECK) {
			return probe_passed(playbook, cursor, now_ms);
		}
		return next_step(playbook, cursor, now_ms);
	case RUN_EV_FAILED:
		return attempt_failed(playbook, cursor, RUN_FAILED, detail, now_ms);
	case RUN_EV_TIMED_OUT:
		return attempt_failed(playbook, cursor, RUN_TIMED_OUT, detail, now_ms);
	case RUN_EV_NOT_STARTED:
		cursor->attempt++;
		return RUN_DO_STEP;
	case RUN_EV_INTERRUPTED:
		return interrupted(playbook, cursor, detail, now_ms);
	case RUN_EV_DUE:
		return RUN_DO_STEP;
	}
	return RUN_DO_STEP;
}
