#include "core/storage/janitor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "core/core.h"
#include "store/retention.h"
#include "sys/file.h"

#define PAUSE_MS 100   /* between batches while there is more to do */
#define REST_MS  60000 /* when there was nothing */

/* Its rows are in the transaction of this turn; a folder too many after a crash does no harm. */
static void remove_folder(int64_t run_id, void *arg)
{
	struct core *core = arg;
	char path[64];
	struct err err;

	snprintf(path, sizeof(path), "runs/%" PRId64, run_id);
	file_remove_tree(core->storage_fd, path, &err);
}

int64_t janitor_tick(struct core *core, struct err *err)
{
	struct janitor *janitor = &core->janitor;
	int64_t now = clock_mono_ms();
	int gone;

	if (!janitor->retention_ms) {
		return -1;
	}
	if (now < janitor->due_ms) {
		return janitor->due_ms - now;
	}
	if (turn_write(&core->turn, err) < 0) {
		return -2;
	}
	gone = retention_sweep(core->db, clock_wall_ms() - janitor->retention_ms, remove_folder,
			core, err);
	if (gone < 0) {
		return -2;
	}
	janitor->due_ms = now + (gone ? PAUSE_MS : REST_MS);
	return janitor->due_ms - now;
}
