/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/watchdog.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/intake/own_alert.h"
#include "store/heartbeats.h"

/* It looks so often, so that a gap shows that this process was suspended, or stopped. */
#define LOOK_MS  15000
#define SLEPT_MS 60000

/* --- what follows --- */

static int put(const struct intake_room *room, const struct pulse *pulse, struct err *err)
{
	const struct heartbeat_row row = { pulse->heartbeat->name, pulse->last_at,
		pulse->missing_at };

	return heartbeats_put(room->ground->db, &row, err);
}

/* HeartbeatMissing of that name fires or, without a level to open its incident at, ends. */
static int raise(struct intake_room *room, const struct heartbeat *heartbeat, const char *summary,
		struct err *err)
{
	const struct label labels[] = { { "heartbeat", heartbeat->name }, { NULL, NULL } };
	const struct own_alert own = { .alertname = WATCHDOG_ALERT,
		.labels = labels,
		.summary = summary,
		.level = heartbeat->level };

	return own_alert_fires(room, &own, err);
}

static int end(struct intake_room *room, const char *name, const char *summary, struct err *err)
{
	const struct label labels[] = { { "heartbeat", name }, { NULL, NULL } };
	const struct own_alert own = {
		.alertname = WATCHDOG_ALERT, .labels = labels, .summary = summary
	};

	return own_alert_ends(room, &own, err);
}

static int miss(struct intake_room *room, struct pulse *pulse, struct err *err)
{
	const struct heartbeat *heartbeat = pulse->heartbeat;
	char every[CLOCK_TEXT_MAX];
	char last[CLOCK_TEXT_MAX];
	auto_free char *summary = xasprintf(
			"heartbeat %s has not come for %s (the last one: %s): its sender may be down, and nobody would hear of its other alerts",
			heartbeat->name, duration_format(heartbeat->every_ms, every),
			pulse->last_at ? clock_say(pulse->last_at, last) : "never");

	pulse->facts.missing = true;
	pulse->missing_at = room->ground->turn.wall_ms;
	log_warn("heartbeat is missing", LOG_STR("heartbeat", heartbeat->name),
			LOG_STR("every", every));
	return turn_write(&room->ground->turn, err) < 0 || put(room, pulse, err) < 0
			       ? -1
			       : raise(room, heartbeat, summary, err);
}

static int come_back(struct intake_room *room, struct pulse *pulse, struct err *err)
{
	const char *name = pulse->heartbeat->name;
	char gap[CLOCK_TEXT_MAX];
	auto_free char *summary = xasprintf("heartbeat %s came again, %s after it was missed", name,
			duration_format(pulse->last_at - pulse->missing_at, gap));

	pulse->facts.missing = false;
	pulse->missing_at = 0;
	log_info("heartbeat came again", LOG_STR("heartbeat", name));
	return turn_write(&room->ground->turn, err) < 0 || put(room, pulse, err) < 0
			       ? -1
			       : end(room, name, summary, err);
}

/* --- the configuration --- */

static struct pulse *find(const struct intake_room *room, const char *name)
{
	for (size_t i = 0; i < room->pulses_len; i++) {
		if (!strcmp(room->pulses[i].heartbeat->name, name)) {
			return &room->pulses[i];
		}
	}
	return NULL;
}

static void on_row(const struct heartbeat_row *row, void *arg)
{
	struct pulse *pulse = find(arg, row->name);

	if (pulse) {
		pulse->last_at = row->last_at;
		pulse->missing_at = row->missing_at;
		pulse->facts.missing = row->missing_at != 0;
	}
}

int watchdog_configure(struct intake_room *room, struct err *err)
{
	const struct config *config = configs_now(&room->ground->configs);
	struct pulse *pulses = config->heartbeats_len
					       ? xcalloc(config->heartbeats_len, sizeof(*pulses))
					       : NULL;

	for (size_t i = 0; i < config->heartbeats_len; i++) {
		const struct heartbeat *heartbeat = &config->heartbeats[i];
		const struct pulse *before = find(room, heartbeat->name);

		if (before && heartbeat_same(before->heartbeat, heartbeat)) {
			pulses[i].facts = before->facts;
		} else {
			pulses[i].facts.since = room->ground->turn.mono_ms;
		}
		pulses[i].heartbeat = heartbeat;
	}
	free(room->pulses);
	room->pulses = pulses;
	room->pulses_len = config->heartbeats_len;
	room->pulses_new = true;
	return heartbeats_each(room->ground->db, on_row, room, err);
}

/* Heartbeats that the configuration has no more. */
struct dropped {
	const struct intake_room *room;
	struct arena *arena;
	struct heartbeat_row *rows;
	size_t len, cap;
};

static void on_dropped(const struct heartbeat_row *row, void *arg)
{
	struct dropped *dropped = arg;
	void *items = dropped->rows;
	struct heartbeat_row *slot;

	if (find(dropped->room, row->name)) {
		return;
	}
	slot = mem_push(&items, dropped->len, &dropped->cap, sizeof(*slot));
	dropped->rows = items;
	dropped->len++;
	*slot = *row;
	slot->name = arena_strdup(dropped->arena, row->name);
}

static int drop_one(struct intake_room *room, const struct heartbeat_row *row, struct err *err)
{
	auto_free char *summary =
			xasprintf("heartbeat %s is not in the configuration any more", row->name);

	if (turn_write(&room->ground->turn, err) < 0 ||
			(row->missing_at && end(room, row->name, summary, err) < 0)) {
		return -1;
	}
	return heartbeats_forget(room->ground->db, row->name, err);
}

static int drop_old(struct intake_room *room, struct err *err)
{
	struct dropped dropped = { .room = room, .arena = arena_new() };
	int rc = heartbeats_each(room->ground->db, on_dropped, &dropped, err);

	for (size_t i = 0; rc == 0 && i < dropped.len; i++) {
		rc = drop_one(room, &dropped.rows[i], err);
	}
	free(dropped.rows);
	arena_free(dropped.arena);
	return rc;
}

/* --- its time --- */

/* Who did not run for a while received nothing, and begins to wait anew. */
static void wait_anew_after_sleep(struct intake_room *room, int64_t now)
{
	if (room->pulses_looked && now - room->pulses_looked > SLEPT_MS) {
		for (size_t i = 0; i < room->pulses_len; i++) {
			room->pulses[i].facts.since = now;
		}
	}
	room->pulses_looked = now;
}

static int look(struct intake_room *room, struct pulse *pulse, struct deadline *next,
		struct err *err)
{
	int64_t due;
	enum heartbeat_change change = heartbeat_next(
			pulse->heartbeat, &pulse->facts, room->ground->turn.mono_ms, &due);

	pulse->facts.beaten = false;
	if (due != INT64_MAX) {
		deadline_by(next, due);
	}
	switch (change) {
	case HEARTBEAT_MISSING:
		return miss(room, pulse, err);
	case HEARTBEAT_BACK:
		return come_back(room, pulse, err);
	case HEARTBEAT_NOTHING:
		break;
	}
	return 0;
}

int watchdog_tick(struct intake_room *room, struct deadline *next, struct err *err)
{
	int64_t now = room->ground->turn.mono_ms;

	if (room->pulses_new) {
		room->pulses_new = false;
		if (drop_old(room, err) < 0) {
			return -1;
		}
	}
	if (room->pulses_len) {
		wait_anew_after_sleep(room, now);
		deadline_by(next, now + LOOK_MS);
	}
	for (size_t i = 0; i < room->pulses_len; i++) {
		if (look(room, &room->pulses[i], next, err) < 0) {
			return -1;
		}
	}
	return 0;
}

void watchdog_clear(struct intake_room *room)
{
	free(room->pulses);
	room->pulses = NULL;
	room->pulses_len = 0;
}
