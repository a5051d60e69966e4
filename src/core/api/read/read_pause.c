/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_pause.h"

#include "core/view/rows.h"
#include "store/deliveries.h"
#include "store/runs.h"

#define SUPPRESSED_MAX 1000

void read_pause_members(struct jsonw *w, const struct ground *ground)
{
	static const struct guard_pause off;
	bool on = pause_is_on(ground);
	const struct guard_pause *guard = on ? &ground->pause.guard : &off;

	jsonw_bool(w, "paused", on);
	jsonw_str(w, "reason", guard->reason);
	jsonw_str(w, "by", guard->by);
	jsonw_time(w, "since", guard->since);
	jsonw_time(w, "until", guard->until);
}

static void on_suppressed(const struct decision_row *row, void *arg)
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
	if (on && decisions_list(reply->ground->db, &query, on_suppressed, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

struct waiting {
	struct jsonw *w;
	size_t len;
};

/* One that overrides the guards does not wait for the pause. */
static bool on_waiting(const struct run_row *row, void *arg)
{
	struct waiting *waiting = arg;

	if (row->override_guards) {
		return true;
	}
	rows_waiting_run(waiting->w, row);
	return ++waiting->len < SUPPRESSED_MAX;
}

/* What was queued (or approved, and goes on) before the pause began: it starts when that is over.
 */
static int write_waiting(struct reply *reply, bool on, struct err *err)
{
	struct waiting waiting = { .w = &reply->w };

	jsonw_array(&reply->w, "waiting");
	if (on && runs_queued(reply->ground->db, on_waiting, &waiting, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

int read_pause_all(struct reply *reply, bool on, int64_t after_delivery, struct err *err)
{
	jsonw_object(&reply->w, NULL);
	read_pause_members(&reply->w, reply->ground);
	if (write_suppressed(reply, on, after_delivery, err) < 0 ||
			write_waiting(reply, on, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

int read_pause(struct reply *reply, struct err *err)
{
	const struct ground *ground = reply->ground;

	return read_pause_all(reply, pause_is_on(ground), ground->pause.after_delivery, err);
}
