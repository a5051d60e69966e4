/* SPDX-License-Identifier: Apache-2.0 */
#include "core/storage/janitor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/retention.h"
#include "sys/file.h"

#define PAUSE_MS  100   /* between batches while there is more to do */
#define REST_MS   60000 /* when there was nothing */
#define TRIES_MAX 50    /* folders that one sweep cannot remove, before it stops */
#define STUCK_MAX 1000  /* the same of one pass, which ends then */
#define LINES_MAX 20    /* of them that the log names in one pass; then it says how many */

/* It was tried already in this pass. */
static bool is_stuck(const struct storage_room *storage, int64_t run_id)
{
	for (size_t i = 0; i < storage->stuck_len; i++) {
		if (storage->stuck[i] == run_id) {
			return true;
		}
	}
	return false;
}

static void note_stuck(struct storage_room *storage, int64_t run_id, const struct err *why)
{
	void *items = storage->stuck;
	int64_t *slot = mem_push(&items, storage->stuck_len, &storage->stuck_cap, sizeof(*slot));

	if (storage->stuck_len < LINES_MAX) {
		log_error("run folder cannot be removed", LOG_INT("run", run_id),
				LOG_STR("error", why->msg));
	}
	storage->stuck = items;
	storage->stuck_len++;
	storage->tries++;
	*slot = run_id;
}

/*
 * The folder goes before its rows: a folder without rows is an unknown run, for which the next
 * start pages an operator.
 */
static enum retention_answer remove_folder(int64_t run_id, void *arg)
{
	struct storage_room *storage = arg;
	char path[64];
	struct err err;

	if (is_stuck(storage, run_id)) {
		return RETENTION_STAYS;
	}
	snprintf(path, sizeof(path), "runs/%" PRId64, run_id);
	if (file_remove_tree(storage->ground->storage_fd, path, &err) == 0) {
		return RETENTION_GONE;
	}
	note_stuck(storage, run_id, &err);
	return storage->tries < TRIES_MAX && storage->stuck_len < STUCK_MAX ? RETENTION_STAYS
									    : RETENTION_STOP;
}

/* All that may go is gone. What is stuck is tried again in the next pass. */
static void end_pass(struct storage_room *storage)
{
	if (storage->stuck_len > LINES_MAX) {
		log_error("run folders cannot be removed",
				LOG_INT("runs", (int64_t)storage->stuck_len));
	}
	storage->stuck_len = 0;
}

static int sweep(struct storage_room *storage, struct err *err)
{
	struct ground *ground = storage->ground;
	int64_t before = ground->turn.wall_ms - storage->retention_ms;
	bool more;
	int gone;

	if (turn_write(&ground->turn, err) < 0) {
		return -1;
	}
	storage->tries = 0;
	gone = retention_sweep(ground->db, before, remove_folder, storage, err);
	if (gone < 0) {
		return -1;
	}
	more = gone > 0 || (storage->tries == TRIES_MAX && storage->stuck_len < STUCK_MAX);
	if (!more) {
		end_pass(storage);
	}
	storage->sweep_ms = ground->turn.mono_ms + (more ? PAUSE_MS : REST_MS);
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
