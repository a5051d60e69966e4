#include "core/state/pause.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/view/rows.h"
#include "store/deliveries.h"
#include "store/pauses.h"
#include "store/runs.h"

#define SUPPRESSED_MAX 1000
#define LOOK_MAX_MS    60000 /* the wall clock may be set while we wait */

void pause_clear(struct pause *pause)
{
	free(pause->reason);
	free(pause->by);
	*pause = (struct pause){ 0 };
}

static void take_row(const struct pause_row *row, void *arg)
{
	struct pause *pause = arg;

	pause->reason = xstrdup(row->reason);
	pause->by = xstrdup(row->by);
	pause->guard = (struct guard_pause){ row->since, row->until, pause->reason, pause->by };
	pause->at = row->at;
	pause->after_delivery = row->after_delivery;
}

int pause_load(struct core *core, struct err *err)
{
	pause_clear(&core->pause);
	return pauses_on(core->db, take_row, &core->pause, err) < 0 ? -1 : 0;
}

bool pause_is_on(const struct core *core)
{
	char reason[GUARD_REASON_MAX];

	return !guard_pause(&core->pause.guard, clock_wall_ms(), reason);
}

/* What waits in the queue may start. */
static int switch_off(struct core *core, int64_t now, const char *by, struct err *err)
{
	if (turn_write(&core->turn, err) < 0 || pauses_end(core->db, now, by, err) < 0) {
		return -1;
	}
	log_warn("the pause is over", LOG_STR("by", by));
	pause_clear(&core->pause);
	core->runner.queue_waits = true;
	return 0;
}

/* Its time is its own, whatever the clock was when it was said. */
static int set_back(struct core *core, int64_t now, struct err *err)
{
	if (core->pause.at <= now) {
		return 0;
	}
	if (turn_write(&core->turn, err) < 0 || pauses_set_back(core->db, now, err) < 0) {
		return -1;
	}
	return pause_load(core, err);
}

int64_t pause_tick(struct core *core, struct err *err)
{
	const struct guard_pause *guard = &core->pause.guard;
	int64_t now = clock_wall_ms();
	int64_t left;

	if (!guard->since || !guard->until) {
		return -1;
	}
	if (set_back(core, now, err) < 0) {
		return -2;
	}
	left = guard->until - now;
	if (left <= 0) {
		return switch_off(core, guard->until, "its time", err) < 0 ? -2 : -1;
	}
	return left < LOOK_MAX_MS ? left : LOOK_MAX_MS;
}

void pause_write(struct jsonw *w, const struct core *core)
{
	static const struct guard_pause off;
	bool on = pause_is_on(core);
	const struct guard_pause *guard = on ? &core->pause.guard : &off;

	jsonw_bool(w, "paused", on);
	jsonw_str(w, "reason", guard->reason);
	jsonw_str(w, "by", guard->by);
	jsonw_time(w, "since", guard->since);
	jsonw_time(w, "until", guard->until);
}

static void each_suppressed(const struct decision_row *row, void *arg)
{
	rows_decision(arg, row);
}

static int write_suppressed(struct reply *reply, bool on, int64_t after_delivery, struct err *err)
{
	const struct decision_query query = {
		.decision = decision_names[DECISION_PAUSED],
		.after_delivery = after_delivery,
		.limit = SUPPRESSED_MAX,
	};

	jsonw_array(&reply->w, "suppressed");
	if (on && decisions_list(reply->core->db, &query, each_suppressed, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

struct waiting {
	struct jsonw *w;
	size_t len;
};

/* One that was forced does not wait for the pause. */
static bool each_waiting(const struct run_row *row, void *arg)
{
	struct waiting *waiting = arg;
	struct jsonw *w = waiting->w;

	if (row->override_guards) {
		return true;
	}
	jsonw_object(w, NULL);
	jsonw_int(w, "id", row->id);
	jsonw_id(w, "incidentId", row->incident_id);
	jsonw_str(w, "playbook", row->playbook);
	jsonw_str(w, "trigger", row->trigger);
	jsonw_str(w, "requestedBy", row->requested_by);
	jsonw_time(w, "queuedAt", row->queued_at);
	jsonw_time(w, "startedAt", row->started_at);
	jsonw_close(w);
	return ++waiting->len < SUPPRESSED_MAX;
}

/* What was queued (or approved, and goes on) before the pause began: it starts when that is over.
 */
static int write_waiting(struct reply *reply, bool on, struct err *err)
{
	struct waiting waiting = { .w = &reply->w };

	jsonw_array(&reply->w, "waiting");
	if (on && runs_queued(reply->core->db, each_waiting, &waiting, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

/* on: it is, or was until now. */
static int write_all(struct reply *reply, bool on, int64_t after_delivery, struct err *err)
{
	jsonw_object(&reply->w, NULL);
	pause_write(&reply->w, reply->core);
	if (write_suppressed(reply, on, after_delivery, err) < 0 ||
			write_waiting(reply, on, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

int pause_show(struct reply *reply, struct err *err)
{
	const struct core *core = reply->core;

	return write_all(reply, pause_is_on(core), core->pause.after_delivery, err);
}

/* Said again while it is on, it goes on with the new reason and time. */
int pause_begin(struct reply *reply, struct err *err)
{
	struct core *core = reply->core;
	int64_t now = clock_wall_ms();
	int64_t for_ms = reply_arg_int(reply, "for", 0);
	bool on = pause_is_on(core);
	const struct pause_row row = {
		.at = now,
		.since = on ? core->pause.guard.since : 0,
		.until = for_ms ? now + for_ms : 0,
		.reason = reply_arg(reply, "reason"),
		.by = reply->query->principal,
		.after_delivery = core->pause.after_delivery,
	};

	if (pauses_end(core->db, now, row.by, err) < 0 || pauses_add(core->db, &row, err) < 0 ||
			pause_load(core, err) < 0) {
		return -1;
	}
	log_warn("paused: no run starts", LOG_STR("by", row.by), LOG_STR("reason", row.reason),
			LOG_INT("for_ms", for_ms));
	return pause_show(reply, err);
}

int pause_end(struct reply *reply, struct err *err)
{
	struct core *core = reply->core;
	int64_t after_delivery = core->pause.after_delivery;
	bool on = core->pause.guard.since != 0;

	if (on && switch_off(core, clock_wall_ms(), reply->query->principal, err) < 0) {
		return -1;
	}
	return write_all(reply, on, after_delivery, err);
}
