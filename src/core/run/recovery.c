#include "core/run/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/run/answers.h"
#include "core/run/outcome.h"
#include "core/run/unknown_runs.h"
#include "store/runs.h"
#include "store/steps.h"

/* The last attempt that was written down, and how the steps before it ended. */
struct last_attempt {
	struct active *active;
	bool any;
	int64_t step;
	int64_t attempt;
	int64_t started_at;
	int64_t finished_at;
	uint32_t tries;         /* attempts of that step that ran */
	uint32_t interruptions; /* attempts of that step of which nobody knows */
	uint8_t status;         /* enum step_status */
};

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

static void see_attempt(const struct step_row *row, void *arg)
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

struct collecting {
	struct core *core;
	struct err *err;
	bool failed;
};

static void collect(const struct run_row *row, void *arg)
{
	struct collecting *collecting = arg;
	struct core *core = collecting->core;
	struct generation *current = core->generations;
	bool same = !memcmp(row->config_hash, current->config->hash, DIGEST_SIZE);

	if (!runner_add(core, row, same ? current : NULL, collecting->err)) {
		collecting->failed = true;
	}
}

/* How much of limit_ms is left since started_at, by a wall clock that may have been set. */
static int64_t left_ms(int64_t limit_ms, int64_t started_at)
{
	int64_t spent = clock_wall_ms() - started_at;

	if (spent < 0) {
		spent = 0;
	}
	return spent < limit_ms ? limit_ms - spent : 0;
}

static int resume_waiting(struct core *core, struct active *active, const struct last_attempt *last,
		struct err *err)
{
	const struct step *step =
			active->playbook ? &active->playbook->steps[active->cursor.step] : NULL;

	if (step && step->kind == STEP_WAIT) {
		active->state = ACTIVE_PAUSED;
		active->wait_step = true;
		active->due_ms = clock_mono_ms() + left_ms(step->wait_ms, last->started_at);
		return 0;
	}
	if (step) {
		active->cursor.probe_until_ms =
				clock_mono_ms() + left_ms(step->within_ms, last->started_at);
	}
	/* The probe in hand may have been asked already. */
	active->cursor.attempt++;
	return runner_event(core, active, RUN_EV_DUE, "a check", err);
}

/* The pause before the next attempt goes on; one that was never started has none. */
static int resume_retry(struct core *core, struct active *active, const struct last_attempt *last,
		struct err *err)
{
	int64_t pause_ms = 0;

	if (active->playbook && last->status != STEP_NOT_STARTED) {
		const struct step *step = &active->playbook->steps[last->step];

		pause_ms = left_ms(run_retry_pause(step, last->tries), last->finished_at);
	}
	active->cursor.attempt++;
	if (pause_ms == 0) {
		return runner_event(core, active, RUN_EV_DUE, "a retry", err);
	}
	active->state = ACTIVE_PAUSED;
	active->due_ms = clock_mono_ms() + pause_ms;
	return 0;
}

static int see_all(struct core *core, struct active *active, struct last_attempt *last,
		struct err *err)
{
	last->active = active;
	if (steps_list(core->db, active->run_id, see_attempt, last, err) < 0) {
		return -1;
	}
	active->cursor.step = (uint32_t)last->step;
	active->cursor.attempt = (uint32_t)last->attempt;
	active->cursor.tries = last->tries;
	active->cursor.interruptions = last->interruptions;
	return 0;
}

int recovery_cursor(struct core *core, struct active *active, struct err *err)
{
	struct last_attempt last = { 0 };

	return see_all(core, active, &last, err);
}

static int resume(struct core *core, struct active *active, struct err *err)
{
	struct last_attempt last = { 0 };

	if (see_all(core, active, &last, err) < 0) {
		return -1;
	}
	log_info("run taken up again", LOG_INT("run", active->run_id),
			LOG_STR("playbook", active->playbook_name), LOG_INT("step", last.step),
			LOG_INT("attempt", last.attempt),
			LOG_STR("was", last.any ? step_status_names[last.status] : "queued"));
	if (!last.any) {
		return runner_event(core, active, active_first_event(active), "it was not started",
				err);
	}
	if (last.status == STEP_STARTING || last.status == STEP_RUNNING) {
		if (active->playbook) {
			const struct step *step = &active->playbook->steps[last.step];

			active->cursor.probe_until_ms =
					clock_mono_ms() + left_ms(step->within_ms, last.started_at);
		}
		active->may_have_run = last.status == STEP_RUNNING;
		return outcome_look(core, active, err);
	}
	if (last.status == STEP_WAITING) {
		return resume_waiting(core, active, &last, err);
	}
	return resume_retry(core, active, &last, err);
}

int recovery_run(struct core *core, struct err *err)
{
	struct collecting collecting = { core, err, false };

	if (orphans_look(core, err) < 0 || runs_active(core->db, collect, &collecting, err) < 0 ||
			collecting.failed) {
		return -1;
	}
	core->runner.queue_waits = true;
	if (!core->runner.len) {
		return approvals_follow(core, err);
	}

	/* Resuming may end a run and take it out of the runner's list. */
	size_t len = core->runner.len;
	struct active **all = xcalloc(len, sizeof(struct active *));
	int rc = 0;

	memcpy(all, core->runner.active, len * sizeof(struct active *));
	for (size_t i = 0; i < len && rc == 0; i++) {
		rc = resume(core, all[i], err);
	}
	free(all);
	return rc < 0 ? -1 : approvals_follow(core, err);
}
