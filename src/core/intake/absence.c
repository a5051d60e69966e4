/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/absence.h"

#include "base/log.h"
#include "core/intake/incident_of.h"
#include "store/episodes.h"
#include "store/upstreams.h"
#include "wire/json_labels.h"

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* The alert as the store has it, in arena. */
struct ending {
	struct arena *arena;
	struct alert alert;
	int64_t incident_id;
	int64_t delivery_id;
};

static void on_episode(const struct episode_row *row, void *arg)
{
	struct ending *ending = arg;
	struct alert *alert = &ending->alert;
	struct err err;

	alert->status = ALERT_RESOLVED;
	alert->starts_at = row->starts_at;
	alert->fingerprint = arena_strdup(ending->arena, row->fingerprint);
	alert->generator_url = arena_strdup(ending->arena, row->generator_url);
	ending->incident_id = row->incident_id;
	ending->delivery_id = row->delivery_id;
	/* We wrote them; should they not be readable, it has ended nevertheless. */
	if (json_labels(row->labels, ending->arena, &alert->labels, &err) < 0) {
		alert->labels = (struct labels){ 0 };
	}
}

int absence_end(struct intake_room *room, int64_t episode_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct ground *ground = room->ground;
	struct ending ending = { .arena = arena };
	const struct msg_deliver nobody = { .principal = "" };
	struct intake in = { .room = room,
		.ground = ground,
		.msg = &nobody,
		.config = configs_now(&ground->configs),
		.now = ground->turn.wall_ms,
		.arena = arena };
	struct subject subject = { .alert = &ending.alert,
		.episode_id = episode_id,
		.end = "Alertmanager does not list it any more" };
	int rc;

	if (turn_write(&ground->turn, err) < 0) {
		return -1;
	}
	rc = upstreams_episode(ground->db, episode_id, on_episode, &ending, err);
	if (rc != 1) {
		return rc;
	}
	subject.fingerprint = ending.alert.fingerprint;
	subject.alertname = labels_value(&ending.alert.labels, "alertname");
	log_info("alert ended by absence", LOG_STR("alertname", subject.alertname),
			LOG_STR("fingerprint", subject.fingerprint),
			LOG_INT("incident", ending.incident_id));
	const struct episode_row ended = { .id = episode_id,
		.ends_at = in.now,
		.last_seen = in.now,
		.delivery_id = ending.delivery_id };

	if (episodes_end(ground->db, &ended, err) < 0) {
		return -1;
	}
	return ending.incident_id ? incident_of_end(&in, &subject, ending.incident_id, err) : 0;
}
