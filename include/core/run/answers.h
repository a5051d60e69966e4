/*
 * answers - a run that waits for a person goes on, or ends. The wait ends by
 *
 *	POST …/approve   the run is queued again; when it is its turn, it goes on behind the approve
 *	                 step, if the same would be done as was approved, and before that expires
 *	POST …/reject    rejected: nothing more is done, not even rescue steps
 *	its expiry       the same
 *	a reload         the same, when it changed what would be done; else the question is bound to
 *	                 the new configuration, with a new digest
 *	POST …/cancel    canceled
 */
#ifndef CORE_ANSWERS_H
#define CORE_ANSWERS_H

#include <stdint.h>

#include "base/err.h"
#include "core/run/run_room.h"

/* All return -1 when the store failed. */

/* Reject what nobody approved in time, when it is time to look. */
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
