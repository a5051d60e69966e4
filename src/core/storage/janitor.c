/* SPDX-License-Identifier: Apache-2.0 */
#include "core/storage/janitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/retention.h"
#include "sys/file.h"

#define PAUSE_MS 100   /* between batches while there is more to do */
#define REST_MS  60000 /* when there was nothing */

/* It was tried already, since there was last nothing to do. */
static bool is_stuck(const struct storage_room *storage, int64_t run_id)
{
	for (size_t i = 0; i < storage->stuck_len; i++) {
		if (storage->stuck[i] == run_id) {
			return true;
		}
	}
	return false;
}

static void note_stuck(struct storage_room *storage, int64_t run_id)
{
	void *items = storage->stuck;
	int64_t *slot = mem_push(&items, storage->stuck_len, &storage->stuck_cap, sizeof(*slot));

	storage->stuck = items;
	storage->stuck_len++;
	*slot = run_id;
}

/*
 * The folder goes before its rows: a folder without rows is an unknown run, for which the next
 * start pages an operator.
 */
static bool remove_folder(int64_t run_id, void *arg)
{
	struct storage_room *storage = arg;
	char path[64];
	struct err err;

	if (is_stuck(storage, run_id)) {
		return false;
	}
	snprintf(path, sizeof(path), "runs/%" PRId64, run_id);
	if (file_remove_tree(storage->ground->storage_fd, path, &err) < 0) {
		log_error("run folder cannot be removed", LOG_INT("run", run_id),
				LOG_STR("error", err.msg));
		note_stuck(storage, run_id);
		return false;
	}
	return true;
}

static int sweep(struct storage_room *storage, struct err *err)
{
	struct ground *ground = storage->ground;
	int64_t before = ground->turn.wall_ms - storage->retention_ms;
	int gone;

	if (turn_write(&ground->turn, err) < 0) {
		return -1;
	}
	gone = retention_sweep(ground->db, before, remove_folder, storage, err);
	if (gone < 0) {
		return -1;
	}
	if (!gone) {
		storage->stuck_len = 0; /* each is tried again */
	}
	storage->sweep_ms = ground->turn.mono_ms + (gone ? PAUSE_MS : REST_MS);
	return 0;
}

int janitor_tick(struct storage_room *storage, struct deadline *next, struct err *err)
{
	if (!storage->retention_ms) {
		return 0;
	}
	if (storage->ground->turn.mono_ms >= storage->sweep_ms && sweep(storage, err) < 0) {
		return -1;
	}
	deadline_by(next, storage->sweep_ms);
	return 0;
}

void janitor_clear(struct storage_room *storage)
{
	free(storage->stuck);
	storage->stuck = NULL;
	storage->stuck_len = 0;
	storage->stuck_cap = 0;
}
