/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/runner.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/run/question.h"
#include "core/run/result.h"
#include "core/run/start.h"
#include "store/runs.h"
#include "store/steps.h"

/* A probe that pauses keeps its row, which follows the attempt's number. */
static int pause_run(
		struct run_room *run, struct active *active, const char *detail, struct err *err)
{
	struct step_row row = active_row(active);

	active->state = ACTIVE_PAUSED;
	active->wait_step = false;
	active->due_ms = active->cursor.due_ms;
	if (active_step(active)->kind != STEP_CHECK) {
		return 0;
	}
	row.status = STEP_WAITING;
	row.reason = detail;
	return steps_probe_again(run->ground->db, &row, err);
}

/* The configuration that the run follows is gone: it ends where it stands. */
static int end_without_config(
		struct run_room *run, struct active *active, const char *detail, struct err *err)
{
	struct run_cursor *cursor = &active->cursor;

	if (steps_cancel(run->ground->db, active->run_id,
			    "the configuration that it followed is gone", run->ground->turn.wall_ms,
			    err) < 0) {
		return -1;
	}
	if (cursor->pending_status != RUN_QUEUED) {
		cursor->status = cursor->pending_status; /* it had failed, and only its rescue was
							    left */
		return result_finish(run, active, err);
	}
	cursor->status = RUN_INTERRUPTED;
	snprintf(cursor->reason, sizeof(cursor->reason),
			"the configuration that it followed is gone; the steps that were left were not run; the last: %s",
			*detail ? detail : "succeeded");
	return result_finish(run, active, err);
}

static int end_canceled(
		struct run_room *run, struct active *active, const char *done, struct err *err)
{
	struct run_cursor *cursor = &active->cursor;

	cursor->status = RUN_CANCELED;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s%s", active->cancel, done);
	if (steps_cancel(run->ground->db, active->run_id, active->cancel, run->ground->turn.wall_ms,
			    err) < 0 ||
			question_drop(run, active, err) < 0) {
		return -1;
	}
	return result_finish(run, active, err);
}

int runner_over(struct run_room *run, struct active *active, const struct over *over,
		struct err *err)
{
	active->over = true;
	active->started_once |= over->started_once;
	active->cancel = arena_strdup(active->arena, over->why);
	return turn_write(&run->ground->turn, err) < 0 ? -1
						       : end_canceled(run, active, over->done, err);
}

int runner_reject(struct run_room *run, struct active *active, const char *reason, struct err *err)
{
	struct run_cursor *cursor = &active->cursor;

	cursor->status = RUN_REJECTED;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s", reason);
	return result_finish(run, active, err);
}

/* The run waits in the store, and holds no place here; unless there is nothing left to ask for. */
static int ask_person(struct run_room *run, struct active *active, struct err *err)
{
	const struct question question = { .run_id = active->run_id,
		.incident_id = active->incident_id,
		.config = active->version->config,
		.playbook = active->playbook,
		.step = active->cursor.step,
		.params = &active->params,
		.trigger = active->trigger,
		.requested_by = active->requested_by };
	struct over over;

	if (over_look(run->ground->db, active->run_id, &over, err) < 0) {
		return -1;
	}
	if (over.is) {
		return runner_over(run, active, &over, err);
	}
	if (question_ask(run, &question, err) < 0) {
		return -1;
	}
	log_warn("a run waits for approval", LOG_INT("run", active->run_id),
			LOG_INT("incident", active->incident_id),
			LOG_STR("playbook", active->playbook_name),
			LOG_STR("step", active_step(active)->name));
	run->queue_waits = true;
	active_remove(run, active);
	return 0;
}

/* Has the executor been asked for the attempt in hand, and not said yet that it is over? */
static bool is_executing(const struct active *active)
{
	bool started = active->cursor.status == RUN_RUNNING ||
		       active->cursor.status == RUN_VERIFYING;

	return started && active->state <= ACTIVE_ADOPTED;
}

int runner_cancel(struct run_room *run, struct active *active, struct err *err)
{
	if (!is_executing(active)) {
		return end_canceled(run, active, "", err);
	}
	turn_send(&run->ground->turn, run->ground->links.control, MSG_CANCEL,
			&(struct msg_cancel){ active_attempt(active) });
	return 0;
}

/* One event; *start tells whether what it started is over already, and how. */
static int one_event(struct run_room *run, struct active *active, enum run_event event,
		const char *detail, struct start_result *start, struct err *err)
{
	uint8_t status = active->cursor.status;
	uint8_t pending_status = active->cursor.pending_status;
	enum run_action action;

	if (active->cancel) {
		return end_canceled(run, active, "", err);
	}
	if (!active->playbook) {
		return end_without_config(run, active, detail, err);
	}
	action = run_next(active->playbook, &active->cursor, event, detail,
			run->ground->turn.mono_ms);
	if (action != RUN_DO_FINISH &&
			(active->cursor.status != status ||
					active->cursor.pending_status != pending_status) &&
			active_move(run, active, err) < 0) {
		return -1;
	}
	switch (action) {
	case RUN_DO_STEP:
		return start_attempt(run, active, start, err);
	case RUN_DO_PAUSE:
		return pause_run(run, active, detail, err);
	case RUN_DO_WAIT:
		return ask_person(run, active, err);
	case RUN_DO_FINISH:
		return result_finish(run, active, err);
	}
	return 0;
}

int runner_event(struct run_room *run, struct active *active, enum run_event event,
		const char *detail, struct err *err)
{
	struct start_result start = { .event = event };
	char words[START_DETAIL_MAX];

	if (turn_write(&run->ground->turn, err) < 0 ||
			one_event(run, active, event, detail, &start, err) < 0) {
		return -1;
	}
	while (start.over) {
		start.over = false;
		memcpy(words, start.detail, sizeof(words));
		if (one_event(run, active, start.event, words, &start, err) < 0) {
			return -1;
		}
	}
	return 0;
}
