/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/supervisor.h"

#include <stdlib.h>

#include "core/run/active.h"
#include "core/run/answers.h"
#include "core/run/outcome.h"
#include "core/run/queue.h"

static bool has_due(const struct active *active)
{
	return active->state == ACTIVE_PAUSED || active->state == ACTIVE_PROBING ||
	       active->state == ACTIVE_ADOPTED;
}

/* An event may end its run and move another into its place, so each pass does one that is due. */
static int do_one_due(struct run_room *run, int64_t now, bool *ret_done, struct err *err)
{
	*ret_done = false;
	for (size_t i = 0; i < run->len; i++) {
		struct active *active = run->active[i];

		if (has_due(active) && active->due_ms <= now) {
			*ret_done = true;
			return outcome_due(run, active, err);
		}
	}
	return 0;
}

int supervisor_tick(struct run_room *run, struct deadline *next, struct err *err)
{
	bool done;

	if (answers_expire(run, err) < 0) {
		return -1;
	}
	do {
		if (do_one_due(run, run->ground->turn.mono_ms, &done, err) < 0) {
			return -1;
		}
	} while (done);
	if (queue_start(run, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < run->len; i++) {
		if (has_due(run->active[i])) {
			deadline_by(next, run->active[i]->due_ms);
		}
	}
	if (run->look_ms) {
		deadline_by(next, run->look_ms);
	}
	if (!run->questions.none) {
		deadline_by(next, run->questions.look_ms);
	}
	return 0;
}

int supervisor_config_new(struct run_room *run, struct err *err)
{
	run->queue_waits = true;
	return answers_follow(run, err);
}

void supervisor_clear(struct run_room *run)
{
	active_clear(run);
	free(run->forget);
	run->forget = NULL;
	run->forget_len = 0;
	run->forget_cap = 0;
}
