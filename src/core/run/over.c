/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/over.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "store/run_episodes.h"
#include "store/steps.h"

/* The names of the steps that did something. */
struct naming {
	struct buf *out;
	int64_t last; /* step; -1: none yet */
};

static void on_step(const struct step_row *row, void *arg)
{
	struct naming *naming = arg;
	bool acts = strcmp(row->kind, "approve") != 0 && strcmp(row->kind, "wait") != 0;
	bool ran = row->status != STEP_SKIPPED && row->status != STEP_NOT_STARTED &&
		   row->status != STEP_CANCELED;

	if (acts && ran && row->step != naming->last) {
		buf_addf(naming->out, "%s%s", naming->last < 0 ? "; done before: " : ", ",
				row->name);
		naming->last = row->step;
	}
}

int over_look(struct db *db, int64_t run_id, struct over *ret, struct err *err)
{
	auto_buf struct buf done = { 0 };
	struct naming naming = { &done, -1 };
	struct run_claim claim;
	int rc = run_episodes_claim(db, run_id, &claim, err);

	*ret = (struct over){ 0 };
	if (rc != 1 || run_wanted(&claim, ret->why)) {
		return rc < 0 ? -1 : 0;
	}
	ret->is = true;
	ret->started_once = claim.started_once;
	if (steps_list(db, run_id, on_step, &naming, err) < 0) {
		return -1;
	}
	snprintf(ret->done, sizeof(ret->done), "%s", buf_text(&done));
	return 0;
}
