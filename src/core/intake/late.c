/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/late.h"

#include <string.h>

#include "domain/plan.h"
#include "store/late_alerts.h"
#include "wire/json_labels.h"

/* The wall clock may be set while we wait. */
#define WAIT_MAX_MS 30000

int late_load(struct intake_room *room, struct err *err)
{
	struct ground *ground = room->ground;

	return turn_write(&ground->turn, err) < 0
			       ? -1
			       : late_alerts_first(ground->db, ground->turn.wall_ms + PLAN_LATE_MS,
						 &room->late_due_at, err);
}

int late_wait(struct intake *in, const struct subject *subject, int64_t *ret_due_at,
		struct err *err)
{
	const struct alert *alert = subject->alert;
	const struct late_alert_row row = {
		.identity = subject->identity,
		.due_at = in->now + PLAN_LATE_MS,
		.delivery_id = in->delivery_id,
		.principal = in->msg->principal,
		.fingerprint = subject->fingerprint,
		.labels = json_labels_text(in->arena, &alert->labels),
		.annotations = json_labels_text(in->arena, &alert->annotations),
		.generator_url = alert->generator_url,
		.starts_at = alert->starts_at,
	};

	if (!in->room->late_due_at && !in->msg->dry_run) {
		in->room->late_due_at = row.due_at;
	}
	return late_alerts_add(in->ground->db, &row, ret_due_at, err);
}

int late_forget(struct intake *in, const uint8_t identity[DIGEST_SIZE], struct err *err)
{
	return in->room->late_due_at ? late_alerts_remove(in->ground->db, identity, err) : 0;
}

struct taking {
	struct arena *arena;
	struct late_alert *ret;
	uint8_t identity[DIGEST_SIZE];
};

static void on_due(const struct late_alert_row *row, void *arg)
{
	struct taking *taking = arg;
	struct arena *arena = taking->arena;
	struct late_alert *ret = taking->ret;
	struct alert *alert = &ret->alert;
	struct err wrong;

	memcpy(taking->identity, row->identity, DIGEST_SIZE);
	*ret = (struct late_alert){ .delivery_id = row->delivery_id,
		.principal = arena_strdup(arena, row->principal) };
	*alert = (struct alert){ .status = ALERT_FIRING,
		.starts_at = row->starts_at,
		.fingerprint = arena_strdup(arena, row->fingerprint),
		.generator_url = arena_strdup(arena, row->generator_url) };
	if (json_labels(row->labels, arena, &alert->labels, &wrong) < 0 ||
			json_labels(row->annotations, arena, &alert->annotations, &wrong) < 0) {
		alert->broken = arena_strdup(arena, wrong.msg);
	}
}

int late_due(struct intake_room *room, struct arena *arena, struct late_alert *ret, bool *ret_found,
		struct err *err)
{
	struct ground *ground = room->ground;
	struct taking taking = { .arena = arena, .ret = ret };
	int rc;

	*ret_found = false;
	if (!room->late_due_at || room->late_due_at > ground->turn.wall_ms + PLAN_LATE_MS) {
		return room->late_due_at ? late_load(room, err) : 0;
	}
	if (room->late_due_at > ground->turn.wall_ms) {
		return 0;
	}
	rc = late_alerts_due(ground->db, ground->turn.wall_ms, on_due, &taking, err);
	if (rc < 0 || turn_write(&ground->turn, err) < 0 ||
			(rc == 1 && late_alerts_remove(ground->db, taking.identity, err) < 0)) {
		return -1;
	}
	*ret_found = rc == 1;
	return late_load(room, err);
}

void late_next(const struct intake_room *room, struct deadline *next)
{
	const struct turn *turn = &room->ground->turn;
	int64_t wait = room->late_due_at - turn->wall_ms;

	if (room->late_due_at) {
		wait = wait > 0 ? wait : 0;
		deadline_by(next, turn->mono_ms + (wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS));
	}
}
