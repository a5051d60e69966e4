/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage_room - the room that answers: what happens to the disk? It stands on the ground alone.
 */
#ifndef CORE_STORAGE_ROOM_H
#define CORE_STORAGE_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "core/state/ground.h"
#include "core/storage/disk_space.h"

struct storage_room {
	struct ground *ground;
	struct disk_space space;
	int64_t retention_ms; /* 0: keep everything */
	int64_t sweep_ms;     /* mono: the next sweep */
	int64_t *stuck;       /* runs whose folder could not be removed, until it is tried again */
	size_t stuck_len, stuck_cap;
	int tries; /* of them, in the sweep that goes on */
};

#endif
