/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/recovery.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/run/answers.h"
#include "core/run/cursor.h"
#include "core/run/outcome.h"
#include "core/run/runner.h"
#include "core/run/unknown_runs.h"
#include "store/runs.h"
#include "store/steps.h"

struct collecting {
	struct run_room *run;
	struct err *err;
	bool failed;
};

static void collect(const struct run_row *row, void *arg)
{
	struct collecting *collecting = arg;
	struct run_room *run = collecting->run;
	struct config_version *current = run->ground->configs.newest;
	bool same = !memcmp(row->config_hash, current->config->hash, DIGEST_SIZE);

	if (!active_add(run, row, same ? current : NULL, collecting->err)) {
		collecting->failed = true;
	}
}

/* How much of limit_ms is left since started_at, by a wall clock that may have been set. */
static int64_t left_ms(const struct run_room *run, int64_t limit_ms, int64_t started_at)
{
	int64_t spent = run->ground->turn.wall_ms - started_at;

	if (spent < 0) {
		spent = 0;
	}
	return spent < limit_ms ? limit_ms - spent : 0;
}

static int resume_waiting(struct run_room *run, struct active *active,
		const struct last_attempt *last, struct err *err)
{
	const struct step *step =
			active->playbook ? &active->playbook->steps[active->cursor.step] : NULL;

	if (step && step->kind == STEP_WAIT) {
		active->state = ACTIVE_PAUSED;
		active->wait_step = true;
		active->due_ms = run->ground->turn.mono_ms +
				 left_ms(run, step->wait_ms, last->started_at);
		return 0;
	}
	if (step) {
		active->cursor.probe_until_ms = run->ground->turn.mono_ms +
						left_ms(run, step->within_ms, last->started_at);
	}
	/* The probe in hand may have been asked already. */
	active->cursor.attempt++;
	return runner_event(run, active, RUN_EV_DUE, "a check", err);
}

/* The pause before the next attempt goes on; one that was never started has none. */
static int resume_retry(struct run_room *run, struct active *active,
		const struct last_attempt *last, struct err *err)
{
	int64_t pause_ms = 0;

	if (active->playbook && last->status != STEP_NOT_STARTED) {
		const struct step *step = &active->playbook->steps[last->step];

		pause_ms = left_ms(run, run_retry_pause(step, last->tries), last->finished_at);
	}
	active->cursor.attempt++;
	if (pause_ms == 0) {
		return runner_event(run, active, RUN_EV_DUE, "a retry", err);
	}
	active->state = ACTIVE_PAUSED;
	active->due_ms = run->ground->turn.mono_ms + pause_ms;
	return 0;
}

static int resume(struct run_room *run, struct active *active, struct err *err)
{
	struct last_attempt last = { 0 };

	if (cursor_read(run, active, &last, err) < 0) {
		return -1;
	}
	log_info("run recovered", LOG_INT("run", active->run_id),
			LOG_STR("playbook", active->playbook_name), LOG_INT("step", last.step),
			LOG_INT("attempt", last.attempt),
			LOG_STR("was", last.any ? step_status_names[last.status] : "queued"));
	if (!last.any) {
		return runner_event(
				run, active, active_first_event(active), "it was not started", err);
	}
	if (last.status == STEP_STARTING || last.status == STEP_RUNNING) {
		if (active->playbook) {
			const struct step *step = &active->playbook->steps[last.step];

			active->cursor.probe_until_ms =
					run->ground->turn.mono_ms +
					left_ms(run, step->within_ms, last.started_at);
		}
		active->may_have_run = last.status == STEP_RUNNING;
		return outcome_look(run, active, err);
	}
	if (last.status == STEP_WAITING) {
		return resume_waiting(run, active, &last, err);
	}
	return resume_retry(run, active, &last, err);
}

int recovery_run(struct run_room *run, struct err *err)
{
	struct collecting collecting = { run, err, false };

	if (unknown_runs_look(run, err) < 0 ||
			runs_active(run->ground->db, collect, &collecting, err) < 0 ||
			collecting.failed) {
		return -1;
	}
	run->queue_waits = true;
	if (!run->len) {
		return answers_follow(run, err);
	}

	/* Resuming may end a run and take it out of the active ones. */
	size_t len = run->len;
	struct active **all = xcalloc(len, sizeof(struct active *));
	int rc = 0;

	memcpy(all, run->active, len * sizeof(struct active *));
	for (size_t i = 0; i < len && rc == 0; i++) {
		rc = resume(run, all[i], err);
	}
	free(all);
	return rc < 0 ? -1 : answers_follow(run, err);
}
