/* SPDX-License-Identifier: Apache-2.0 */
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
	[RUN_QUEUED] = { "queued", CAN(RUN_RUNNING) | CAN(RUN_VERIFYING) | CAN(RUN_SUCCEEDED) |
						   CAN(RUN_REJECTED) | CAN(RUN_CANCELED) |
						   CAN(RUN_INTERRUPTED) },
	[RUN_AWAITING_APPROVAL] = { "awaiting_approval",
			CAN(RUN_QUEUED) | CAN(RUN_REJECTED) | CAN(RUN_CANCELED) },
	[RUN_RUNNING] = { "running", CAN(RUN_AWAITING_APPROVAL) | CAN(RUN_VERIFYING) |
						     CAN(RUN_SUCCEEDED) | ENDS },
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

const char *const step_result_names[STEP_RESULTS] = {
	[STEP_RESULT_NONE] = "",
	[STEP_RESULT_SUCCEEDED] = "succeeded",
	[STEP_RESULT_FAILED] = "failed",
	[STEP_RESULT_TIMED_OUT] = "timed_out",
	[STEP_RESULT_INTERRUPTED] = "interrupted",
	[STEP_RESULT_SKIPPED] = "skipped",
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
		cursor->interruptions = 0;
		cursor->passing_since_ms = 0;
		cursor->probe_until_ms = now_ms + step->within_ms;
		return RUN_DO_STEP;
	}
	if (phase == PHASE_RESCUE) {
		return finish(cursor, cursor->pending_status);
	}
	if (phase == PHASE_PRECHECK) {
		return enter(playbook, cursor, PHASE_STEPS,
				playbook_phase_begin(playbook, PHASE_STEPS), now_ms);
	}
	if (phase == PHASE_STEPS) {
		size_t verify = playbook_phase_begin(playbook, PHASE_VERIFY);

		if (playbook_verifies(playbook)) {
			cursor->status = RUN_VERIFYING;
		}
		return enter(playbook, cursor, PHASE_VERIFY, verify, now_ms);
	}
	snprintf(cursor->reason, sizeof(cursor->reason), "%s",
			cursor->status == RUN_VERIFYING ? "verified" : "all steps done");
	return finish(cursor, RUN_SUCCEEDED);
}

static enum run_action next_step(const struct playbook *playbook, struct run_cursor *cursor,
		enum step_result result, int64_t now_ms)
{
	enum phase phase = playbook->steps[cursor->step].phase;

	cursor->results[cursor->step] = (uint8_t)result;
	return enter(playbook, cursor, phase, cursor->step + 1, now_ms);
}

/* The step has failed for good. */
static enum run_action step_failed(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_status pending_status, const char *detail, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];
	enum step_result result = pending_status == RUN_TIMED_OUT ? STEP_RESULT_TIMED_OUT
								  : STEP_RESULT_FAILED;
	auto_buf struct buf title = { 0 };

	if (step->phase == PHASE_RESCUE || step->on_failure == ON_FAILURE_CONTINUE) {
		return next_step(playbook, cursor, result, now_ms);
	}
	cursor->results[cursor->step] = (uint8_t)result;
	cursor->pending_status = (uint8_t)pending_status;
	cursor->status = RUN_RUNNING;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s%s: %s",
			step->phase == PHASE_VERIFY ? "verify: " : "",
			step_title(step, cursor->params, &title), detail);
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
		return next_step(playbook, cursor, STEP_RESULT_SUCCEEDED, now_ms);
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

int64_t run_retry_pause(const struct step *step, uint32_t tries)
{
	int64_t most = step->delay_ms > RUN_RETRY_PAUSE_MAX ? step->delay_ms : RUN_RETRY_PAUSE_MAX;
	int64_t pause = step->delay_ms;

	for (uint32_t i = 1; i < tries && step->backoff > 1 && pause < most; i++) {
		pause *= step->backoff;
	}
	return pause < most ? pause : most;
}

static enum run_action attempt_failed(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_status pending_status, const char *detail, int64_t now_ms)
{
	const struct step *step = &playbook->steps[cursor->step];

	if (step->kind == STEP_CHECK) {
		return probe_failed(playbook, cursor, detail, now_ms);
	}
	cursor->tries++;
	if (cursor->tries < step->attempts) {
		cursor->attempt++;
		return pause_until(cursor, now_ms + run_retry_pause(step, cursor->tries));
	}
	return step_failed(playbook, cursor, pending_status, detail, now_ms);
}

static enum run_action escalate(
		const struct playbook *playbook, struct run_cursor *cursor, const char *detail)
{
	cursor->results[cursor->step] = STEP_RESULT_INTERRUPTED;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s: %s",
			playbook->steps[cursor->step].name, detail);
	return finish(cursor, RUN_INTERRUPTED);
}

/* What remains of the steps is left out; whether they are needed, verify says. */
static enum run_action go_verify(
		const struct playbook *playbook, struct run_cursor *cursor, int64_t now_ms)
{
	cursor->results[cursor->step] = STEP_RESULT_INTERRUPTED;
	return enter(playbook, cursor, PHASE_STEPS, playbook_phase_end(playbook, PHASE_STEPS),
			now_ms);
}

/*
 * A check only looks, so it looks again. Anything else may have had its effect: unless the step
 * says otherwise, it is neither run again nor called a failure: an operator decides. A rescue step
 * gives way to the next.
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
		return next_step(playbook, cursor, STEP_RESULT_INTERRUPTED, now_ms);
	}
	cursor->interruptions++;
	switch ((enum on_interrupt)step->on_interrupt) {
	case ON_INTERRUPT_FAIL:
		return attempt_failed(playbook, cursor, RUN_FAILED, detail, now_ms);
	case ON_INTERRUPT_VERIFY:
		return go_verify(playbook, cursor, now_ms);
	case ON_INTERRUPT_RETRY:
		if (cursor->interruptions < RUN_INTERRUPTIONS_MAX) {
			cursor->attempt++;
			return RUN_DO_STEP;
		}
		break;
	case ON_INTERRUPT_ESCALATE:
		break;
	}
	return escalate(playbook, cursor, detail);
}

/* The precheck has looked, and what the run would do is not wanted. */
static enum run_action declined(struct run_cursor *cursor, const char *detail)
{
	snprintf(cursor->reason, sizeof(cursor->reason), "precheck: %s",
			*detail ? detail : "not now");
	return finish(cursor, RUN_CANCELED);
}

enum run_action run_next(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_event event, const char *detail, int64_t now_ms)
{
	switch (event) {
	case RUN_EV_BEGIN:
		cursor->status = RUN_RUNNING;
		return enter(playbook, cursor, PHASE_PRECHECK,
				playbook_phase_begin(playbook, PHASE_PRECHECK), now_ms);
	case RUN_EV_LOOK:
		cursor->status = RUN_RUNNING;
		return enter(playbook, cursor, PHASE_STEPS,
				playbook_phase_end(playbook, PHASE_STEPS), now_ms);
	case RUN_EV_OK:
		if (playbook->steps[cursor->step].kind == STEP_CHECK) {
			return probe_passed(playbook, cursor, now_ms);
		}
		return next_step(playbook, cursor, STEP_RESULT_SUCCEEDED, now_ms);
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
	case RUN_EV_SKIPPED:
		return next_step(playbook, cursor, STEP_RESULT_SKIPPED, now_ms);
	case RUN_EV_DECLINED:
		return declined(cursor, detail);
	case RUN_EV_ASK:
		cursor->status = RUN_AWAITING_APPROVAL;
		return RUN_DO_WAIT;
	case RUN_EV_APPROVED:
		cursor->status = RUN_RUNNING;
		return next_step(playbook, cursor, STEP_RESULT_SUCCEEDED, now_ms);
	}
	return RUN_DO_STEP;
}

/* What a matcher of the present step's `when` looks at. */
static const char *when_value(const struct playbook *playbook, const struct run_cursor *cursor,
		const struct labels *params, const char *name)
{
	for (size_t i = 0; i < cursor->step; i++) {
		if (step_is_label(&playbook->steps[i], name)) {
			return step_result_names[cursor->results[i]];
		}
	}
	return labels_value(params, name);
}

int run_when(const struct playbook *playbook, const struct run_cursor *cursor,
		const struct labels *params, bool *ret_holds, char *reason, struct err *err)
{
	const struct step *step = &playbook->steps[cursor->step];

	*ret_holds = true;
	for (size_t i = 0; i < step->when_len && *ret_holds; i++) {
		const struct matcher *matcher = &step->when[i];
		const char *value = when_value(playbook, cursor, params, matcher->name);
		struct label label = { matcher->name, value };

		if (matcher_match(matcher, &(struct labels){ &label, 1 }, ret_holds, err) < 0) {
			return err_wrap(err, "when");
		}
		if (!*ret_holds) {
			snprintf(reason, RUN_REASON_MAX,
					"when %.150s%s\"%.100s\": it is \"%.100s\"", matcher->name,
					matcher_op_names[matcher->op], matcher->value, value);
		}
	}
	return 0;
}

bool run_begins_with_approval(const struct playbook *playbook, const struct labels *params)
{
	struct run_cursor cursor = { 0 };
	char reason[RUN_REASON_MAX];
	struct err err;
	bool holds;

	return playbook->steps_len && playbook->steps[0].kind == STEP_APPROVE &&
	       run_when(playbook, &cursor, params, &holds, reason, &err) == 0 && holds;
}
