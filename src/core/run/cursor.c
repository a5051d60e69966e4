/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/cursor.h"

#include "store/steps.h"

/* What `when` sees of an attempt of that status, if the run went on after it. */
static const uint8_t results[STEP_STATUSES] = {
	[STEP_STARTING] = STEP_RESULT_NONE,
	[STEP_RUNNING] = STEP_RESULT_NONE,
	[STEP_WAITING] = STEP_RESULT_NONE,
	[STEP_SUCCEEDED] = STEP_RESULT_SUCCEEDED,
	[STEP_FAILED] = STEP_RESULT_FAILED,
	[STEP_TIMED_OUT] = STEP_RESULT_TIMED_OUT,
	[STEP_CANCELED] = STEP_RESULT_FAILED,
	[STEP_INTERRUPTED] = STEP_RESULT_INTERRUPTED,
	[STEP_NOT_STARTED] = STEP_RESULT_FAILED, /* too often */
	[STEP_SKIPPED] = STEP_RESULT_SKIPPED,
};

/* Is an interrupted attempt of this step one that failed? */
static bool counts_as_failed(const struct active *active, int64_t step)
{
	return active->playbook && step < (int64_t)active->playbook->steps_len &&
	       active->playbook->steps[step].on_interrupt == ON_INTERRUPT_FAIL;
}

static void on_attempt(const struct step_row *row, void *arg)
{
	struct last_attempt *last = arg;

	bool interrupted = row->status == STEP_INTERRUPTED;
	bool failed = interrupted && counts_as_failed(last->active, row->step);

	if (!last->any || last->step != row->step) {
		last->tries = 0;
		last->interruptions = 0;
	}
	last->any = true;
	last->step = row->step;
	last->attempt = row->attempt;
	last->started_at = row->started_at;
	last->finished_at = row->finished_at;
	last->status = row->status;
	last->tries += row->status == STEP_FAILED || row->status == STEP_TIMED_OUT || failed;
	last->interruptions += interrupted;
	if (row->step < RUN_STEPS_MAX) {
		last->active->cursor.results[row->step] =
				failed ? STEP_RESULT_FAILED : results[row->status];
	}
}

int cursor_read(struct run_room *run, struct active *active, struct last_attempt *last,
		struct err *err)
{
	last->active = active;
	if (steps_list(run->ground->db, active->run_id, on_attempt, last, err) < 0) {
		return -1;
	}
	active->cursor.step = (uint32_t)last->step;
	active->cursor.attempt = (uint32_t)last->attempt;
	active->cursor.tries = last->tries;
	active->cursor.interruptions = last->interruptions;
	return 0;
}

int cursor_restore(struct run_room *run, struct active *active, struct err *err)
{
	struct last_attempt last = { 0 };

	return cursor_read(run, active, &last, err);
}
