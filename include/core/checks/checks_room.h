/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks_room - the room that answers: what do the background checks say? Below it it may use only
 * the storage room (is the disk full?) and the ground.
 */
#ifndef CORE_CHECKS_ROOM_H
#define CORE_CHECKS_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/state/ground.h"
#include "core/storage/storage_room.h"
#include "domain/check.h"

/* One check that has an interval. */
struct watch {
	const struct check *check; /* of the configuration in force */
	uint8_t definition[DIGEST_SIZE];
	uint8_t status; /* enum check_status */
	int64_t since;  /* wall, as are the next two */
	int64_t last_at;
	int64_t last_error_at;
	char *last_error; /* NULL: it never failed */
	int64_t duration_ms;
	int64_t due_ms;    /* mono */
	uint64_t probe_id; /* in flight; 0: none */
	int64_t asked_ms;  /* mono */
	bool unsaved;      /* the store does not know all of it */
	bool changed;      /* nor its status */
};

struct checks_room {
	struct ground *ground;
	const struct storage_room *storage;
	struct watch *watches;
	size_t len;
	size_t in_flight[2]; /* of egress, of the executor */
	int64_t next_ms;     /* mono: nothing is due before */
	int64_t looked_ms;   /* mono: what was due was done */
	bool waits;          /* something is due, and finds no room */
	size_t first;        /* the first of those, whose turn is next */
	int64_t change_ms;   /* mono: a status is to be saved; 0: none */
	int64_t save_ms;     /* mono: all is to be saved; 0: nothing */
	bool configured;     /* what the store knows is known */
};

#endif
