/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/pause.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/state/ground.h"
#include "store/pauses.h"

#define LOOK_MAX_MS 60000 /* the wall clock may be set while we wait */

void pause_clear(struct pause *pause)
{
	free(pause->reason);
	free(pause->by);
	*pause = (struct pause){ 0 };
}

static void on_row(const struct pause_row *row, void *arg)
{
	struct pause *pause = arg;

	pause->reason = xstrdup(row->reason);
	pause->by = xstrdup(row->by);
	pause->guard = (struct guard_pause){ row->since, row->until, pause->reason, pause->by };
	pause->at = row->at;
	pause->after_delivery = row->after_delivery;
}

int pause_load(struct ground *ground, struct err *err)
{
	pause_clear(&ground->pause);
	return pauses_on(ground->db, on_row, &ground->pause, err) < 0 ? -1 : 0;
}

bool pause_is_on(const struct ground *ground)
{
	char reason[GUARD_REASON_MAX];

	return !guard_pause(&ground->pause.guard, ground->turn.wall_ms, reason);
}

int pause_end(struct ground *ground, int64_t now, const char *by, struct err *err)
{
	if (turn_write(&ground->turn, err) < 0 || pauses_end(ground->db, now, by, err) < 0) {
		return -1;
	}
	log_warn("resumed", LOG_STR("by", by));
	pause_clear(&ground->pause);
	return 0;
}

/* Its time is its own, whatever the clock was when it was said. */
static int set_back(struct ground *ground, int64_t now, struct err *err)
{
	if (ground->pause.at <= now) {
		return 0;
	}
	if (turn_write(&ground->turn, err) < 0 || pauses_set_back(ground->db, now, err) < 0) {
		return -1;
	}
	return pause_load(ground, err);
}

int pause_tick(struct ground *ground, struct deadline *next, struct err *err)
{
	const struct guard_pause *guard = &ground->pause.guard;
	int64_t now = ground->turn.wall_ms;
	int64_t left;

	if (!guard->since || !guard->until) {
		return 0;
	}
	if (set_back(ground, now, err) < 0) {
		return -1;
	}
	left = guard->until - now;
	if (left <= 0) {
		return pause_end(ground, guard->until, "its time", err);
	}
	deadline_by(next, ground->turn.mono_ms + (left < LOOK_MAX_MS ? left : LOOK_MAX_MS));
	return 0;
}

int pause_begin(struct ground *ground, const char *by, const char *reason, int64_t for_ms,
		struct err *err)
{
	int64_t now = ground->turn.wall_ms;
	const struct pause_row row = {
		.at = now,
		.since = pause_is_on(ground) ? ground->pause.guard.since : 0,
		.until = for_ms ? now + for_ms : 0,
		.reason = reason,
		.by = by,
		.after_delivery = ground->pause.after_delivery,
	};

	if (pauses_end(ground->db, now, by, err) < 0 || pauses_add(ground->db, &row, err) < 0 ||
			pause_load(ground, err) < 0) {
		return -1;
	}
	log_warn("paused", LOG_STR("by", by), LOG_STR("reason", reason), LOG_INT("for_ms", for_ms));
	return 0;
}
