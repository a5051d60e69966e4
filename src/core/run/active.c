/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/active.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A label may be longer than the executor takes. */
static const char *short_name(struct arena *arena, const char *name)
{
	size_t len = strnlen(name, ALERT_NAME_MAX + 1);

	if (len > ALERT_NAME_MAX) {
		len = ALERT_NAME_MAX;
		while (len && ((unsigned char)name[len] & 0xC0) == 0x80) {
			len--;
		}
	}
	return arena_strndup(arena, name, len);
}

static void active_free(struct active *active)
{
	if (active->version) {
		active->version->refs--;
	}
	arena_free(active->arena);
	free(active);
}

static struct active *active_new(struct db *db, const struct run_row *row,
		struct config_version *version, struct err *err)
{
	struct active *active = xcalloc(1, sizeof(*active));
	struct arena *arena = arena_new();

	active->arena = arena;
	active->run_id = row->id;
	active->incident_id = row->incident_id;
	active->playbook_name = arena_strdup(arena, row->playbook);
	active->trigger = arena_strdup(arena, row->trigger);
	active->requested_by = arena_strdup(arena, row->requested_by);
	active->started_once = row->started_at != 0;
	active->alertname = short_name(arena, row->alertname);
	active->alert = arena_strdup(arena, row->alert);
	active->alert_status = arena_strdup(arena, row->alert_status);
	active->lock = arena_strdup(arena, row->lock);
	active->cancel = arena_strdup(arena, row->cancel);
	active->cursor.status = row->status;
	active->stored_status = row->status;
	active->cursor.pending_status = row->pending_status;
	snprintf(active->cursor.reason, sizeof(active->cursor.reason), "%s", row->reason);
	if (version) {
		active->version = version;
		version->refs++;
		active->playbook = config_playbook(version->config, row->playbook);
	}
	if (runs_params(db, row->id, arena, &active->params, err) < 0) {
		active_free(active);
		return NULL;
	}
	active->cursor.params = &active->params;
	return active;
}

struct active *active_add(struct run_room *run, const struct run_row *row,
		struct config_version *version, struct err *err)
{
	struct active *active = active_new(run->ground->db, row, version, err);
	void *items = run->active;

	if (!active) {
		return NULL;
	}

	struct active **slot = mem_push(&items, run->len, &run->cap, sizeof(*slot));

	*slot = active;
	run->active = items;
	run->len++;
	return active;
}

int active_move(struct run_room *run, struct active *active, struct err *err)
{
	if (runs_move(run->ground->db, active->run_id, active->stored_status, &active->cursor,
			    run->ground->turn.wall_ms, err) < 0) {
		return -1;
	}
	active->stored_status = active->cursor.status;
	return 0;
}

void active_remove(struct run_room *run, struct active *active)
{
	for (size_t i = 0; i < run->len; i++) {
		if (run->active[i] == active) {
			run->active[i] = run->active[--run->len];
			active_free(active);
			return;
		}
	}
}

struct active *active_find(const struct run_room *run, int64_t run_id)
{
	for (size_t i = 0; i < run->len; i++) {
		if (run->active[i]->run_id == run_id) {
			return run->active[i];
		}
	}
	return NULL;
}

void active_clear(struct run_room *run)
{
	for (size_t i = 0; i < run->len; i++) {
		active_free(run->active[i]);
	}
	free(run->active);
	run->active = NULL;
	run->len = 0;
	run->cap = 0;
}

struct attempt_id active_attempt(const struct active *active)
{
	return (struct attempt_id){ (uint64_t)active->run_id, active->cursor.step,
		active->cursor.attempt };
}

const struct step *active_step(const struct active *active)
{
	return &active->playbook->steps[active->cursor.step];
}

bool active_only_looks(const struct active *active)
{
	return !strcmp(active->trigger, "escalation");
}

enum run_event active_first_event(const struct active *active)
{
	return active_only_looks(active) ? RUN_EV_LOOK : RUN_EV_BEGIN;
}

struct step_row active_row(const struct active *active)
{
	return (struct step_row){ .run_id = active->run_id,
		.step = active->cursor.step,
		.attempt = active->cursor.attempt,
		.reason = "",
		.exit_code = -1 };
}

const struct check *active_check(const struct active *active)
{
	auto_buf struct buf name = { 0 };
	struct err err;

	if (params_expand(active_step(active)->check, &active->params, &name, &err) < 0) {
		return NULL;
	}
	return config_check(active->version->config, buf_text(&name));
}
