/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk_space - how much room the disk has, and the reserve that is given up when there is none.
 *
 * While degraded, playbookd takes in nothing new: deliveries get 503 and queued runs wait. Running
 * steps continue and are written down, and reads are answered.
 *
 *	free < min_free                           degraded
 *	the store says that the disk is full      degraded, and the reserve is given up: the core
 *	                                          ends, and the next one has that much room to write
 *	                                          down what went on (there is no other way to know
 *	                                          what of the turn is on the disk)
 *	free ≥ min_free + 2 × DISK_SPACE_RESERVE       not degraded; the reserve is made if it is
 * not there
 *
 * The reserve is the file "reserve" in the storage directory, its blocks allocated.
 * Units: bytes that we may use; `now` is mono, of the turn.
 */
#ifndef CORE_DISK_SPACE_H
#define CORE_DISK_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/state/deadline.h"

#define DISK_SPACE_RESERVE (INT64_C(8) << 20)

struct disk_space {
	int fd; /* of the storage directory; borrowed */
	int64_t min_free;
	int64_t free;    /* when last looked; 0 when that could not be read */
	int64_t look_at; /* mono: not before */
	bool degraded;
	bool reserve; /* it is there */
	bool stated;  /* that it cannot be made */
};

/* Look for the first time. Borrows storage_fd. Writes nothing, but renames the reserve file of
 * version 0.1. */
void disk_space_init(struct disk_space *space, int storage_fd, int64_t min_free, int64_t now);
/*
 * Look again, when it is time, and make the reserve if there is room. When there is room again,
 * next is now: the queue waited for it.
 */
void disk_space_tick(struct disk_space *space, int64_t now, struct deadline *next);
/* May something new be taken in? ERR_BUSY: not now. Looks, when it is time. */
int disk_space_admit(struct disk_space *space, int64_t now, struct err *err);
/* The disk is full: give the reserve up. */
void disk_space_give_up(struct disk_space *space);

#endif
