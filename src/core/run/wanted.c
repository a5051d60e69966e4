/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/wanted.h"

#include "core/run/over.h"
#include "core/run/run_incidents.h"
#include "core/run/runner.h"
#include "store/run_episodes.h"
#include "store/runs.h"

int wanted_at_start(struct run_room *run, struct active *active, bool *ret_over, struct err *err)
{
	struct over over;

	if (over_look(run->ground->db, active->run_id, &over, err) < 0) {
		return -1;
	}
	*ret_over = over.is;
	return over.is ? runner_over(run, active, &over, err) : 0;
}

struct taking_up {
	struct run_room *run;
	struct active *active;
	struct err *err;
};

static void on_run(const struct run_row *row, void *arg)
{
	struct taking_up *taking = arg;

	taking->active = active_add(
			taking->run, row, taking->run->ground->configs.newest, taking->err);
}

static int look_at(struct run_room *run, int64_t run_id, struct err *err)
{
	struct taking_up taking = { .run = run, .err = err };
	struct over over;

	if (over_look(run->ground->db, run_id, &over, err) < 0) {
		return -1;
	}
	if (!over.is) {
		return 0;
	}
	if (runs_get(run->ground->db, run_id, on_run, &taking, err) < 0 || !taking.active) {
		return -1;
	}
	return runner_over(run, taking.active, &over, err);
}

int wanted_after_end(struct run_room *run, int64_t incident_id, struct err *err)
{
	AUTO_RUN_INCIDENTS(waiting);

	if (run_episodes_waiting(run->ground->db, incident_id, run_incidents_on_id, &waiting, err) <
			0) {
		return -1;
	}
	for (size_t i = 0; i < waiting.len; i++) {
		if (look_at(run, waiting.items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}
