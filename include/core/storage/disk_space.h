/*
 * space - how much room the disk has, and the ballast that is given up when there is none.
 *
 * Degraded means that nothing new is taken in: deliveries are 503 and queued runs wait. What runs
 * goes on and is written down, and reads are answered.
 *
 *	free < min_free                           degraded
 *	the store says that the disk is full      degraded, and the ballast is given up: the core
 *	                                          ends, and the next one has that much room to write
 *	                                          down what went on (there is no other way to know
 *	                                          what of the turn is on the disk)
 *	free ≥ min_free + 2 × SPACE_BALLAST       not degraded; the ballast is made if it is not
 *there
 *
 * The ballast is the file "ballast" in the storage directory, its blocks allocated.
 * Units: bytes that we may use; times are clock_mono_ms().
 */
#ifndef CORE_DISK_SPACE_H
#define CORE_DISK_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SPACE_BALLAST (INT64_C(8) << 20)

struct space {
	int fd; /* of the storage directory; borrowed */
	int64_t min_free;
	int64_t free;    /* when last looked; 0 when that could not be told */
	int64_t look_at; /* not before */
	bool degraded;
	bool ballast; /* it is there */
	bool said;    /* that it cannot be made */
};

/* Look for the first time. Borrows storage_fd. Writes nothing. */
void space_init(struct space *space, int storage_fd, int64_t min_free);
/* Look again, when it is time, and make the ballast if there is room. Returns ms until then. */
int64_t space_tick(struct space *space);
/* May something new be taken in? ERR_BUSY: not now. Looks, when it is time. */
int space_admit(struct space *space, struct err *err);
/* The disk is full: give the ballast up. */
void space_give_up(struct space *space);

#endif
