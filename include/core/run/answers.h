/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers - a run that waits for approval continues, or ends. The wait ends by
 *
 *	POST …/approve   the run is queued again; at its turn, it continues behind the approve step,
 *	                 if it would execute what was approved, and before the approval expires
 *	POST …/reject    rejected: nothing more is done, not even rescue steps
 *	its expiry       the same
 *	a reload         the same, when it changed what the run would execute; else the question is
 *	                 bound to the new configuration, with a new digest
 *	POST …/cancel    canceled
 */
#ifndef CORE_ANSWERS_H
#define CORE_ANSWERS_H

#include <stdint.h>

#include "base/err.h"
#include "core/run/run_room.h"

/* All return -1 when the store failed. */

/* Reject the runs that nobody approved in time, when it is time to look. */
int answers_expire(struct run_room *run, struct err *err);
/* The same, whether or not it is time. */
int answers_look(struct run_room *run, struct err *err);

/*
 * The last question of the run was answered, and that is written down: back into the queue, or the
 * end. why is the answer in words.
 */
int answers_grant(struct run_room *run, int64_t run_id, const char *why, struct err *err);
int answers_refuse(struct run_room *run, int64_t run_id, const char *why, struct err *err);

/* A configuration came into force: bind what is open to it, or end it. */
int answers_follow(struct run_room *run, struct err *err);

#endif
