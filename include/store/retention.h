/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention - old rows go, a few at a time, so that nothing waits for them.
 *
 * What is open stays whatever its age, and so does the newest row of each table, since ids must not
 * be given twice.
 */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include <stdint.h>

#include "sys/db.h"

#define RETENTION_BATCH 50 /* runs, incidents or deliveries that one call removes at most */

/* What the run left outside of the store: may its rows go? */
enum retention_answer {
	RETENTION_GONE,  /* it is gone: they may */
	RETENTION_STAYS, /* it is still there: they stay, and the next run is looked at */
	RETENTION_STOP,  /* the same, and no other run is looked at in this call */
};

typedef enum retention_answer (*retention_fn)(int64_t run_id, void *arg);

/*
 * Remove up to RETENTION_BATCH of what was over before `before`: runs first (fn is called with the
 * id of each, the oldest first, and says whether it may go), then what they hung on.
 * Returns how much went (0: nothing is left to do), or -1.
 */
int retention_sweep(struct db *db, int64_t before, retention_fn fn, void *arg, struct err *err);

#endif
