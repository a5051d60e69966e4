/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reloads - the reloads that are not answered yet.
 *
 * Requests and deliveries reach the core past the executor. So a reload is answered only when core
 * and egress have taken over what was loaded: what comes after the answer meets the new
 * configuration. Each reload has a number. After all that it sends to a role the executor sends
 * SYNC with the number, and the role answers SYNCED. A role that was started anew gets the
 * configuration, and SYNC after it, as well.
 *
 * A role that is down or hangs keeps nobody waiting for longer than RELOADS_WAIT_MS.
 */
#ifndef EXECUTOR_RELOADS_H
#define EXECUTOR_RELOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/message.h"

#define RELOADS_MAX     16
#define RELOADS_WAIT_MS 5000 /* the front waits longer */

struct reload {
	uint64_t number;
	uint64_t request;    /* of the front; 0: none waits for it */
	struct err result;   /* ERR_NONE: loaded */
	int64_t deadline_ms; /* clock_mono_ms() */
};

/* Zeroed is empty. */
struct reloads {
	uint64_t number;                  /* of the last one; for SYNC */
	uint64_t synced[ROLES];           /* the number that core and egress answered last */
	struct reload items[RELOADS_MAX]; /* the oldest first */
	size_t len;
};

/* The files were read again, with that result, at now_ms (clock_mono_ms()). There must be room:
 * reloads_take() makes some. */
void reloads_add(struct reloads *reloads, uint64_t request, const struct err *result,
		int64_t now_ms);
/* Core or egress has answered SYNC. -1 with ERR_INPUT when it was never sent that number. */
int reloads_synced(struct reloads *reloads, enum role role, uint64_t number, struct err *err);
/* The front is gone, and nobody waits for an answer any more. */
void reloads_forget_requests(struct reloads *reloads);

/*
 * Take out the oldest when it can be answered: everybody has taken over what was loaded, or it has
 * waited long enough, or there is no room for another. False: there is none. A result of ERR_NONE
 * becomes ERR_BUSY when the configuration is not in force.
 */
bool reloads_take(struct reloads *reloads, int64_t now_ms, struct reload *ret);
/* ms until reloads_take() finds one that has waited long enough; -1: none waits. */
int64_t reloads_wait(const struct reloads *reloads, int64_t now_ms);

#endif
