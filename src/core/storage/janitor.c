#include "core/storage/janitor.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/retention.h"
#include "sys/file.h"

#define PAUSE_MS 100   /* between batches while there is more to do */
#define REST_MS  60000 /* when there was nothing */

/* Its rows are in the transaction of this turn; a folder too many after a crash does no harm. */
static void remove_folder(int64_t run_id, void *arg)
{
	const struct storage_room *storage = arg;
	char path[64];
	struct err err;

	snprintf(path, sizeof(path), "runs/%" PRId64, run_id);
	file_remove_tree(storage->ground->storage_fd, path, &err);
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
