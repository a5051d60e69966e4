/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_incidents - the incidents that a run is for: the one that it was made for, and the open ones
 * whose alerts want the same done (store/run_episodes). What becomes of the run, or is asked for
 * it, concerns them all.
 */
#ifndef CORE_RUN_INCIDENTS_H
#define CORE_RUN_INCIDENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "sys/db.h"

struct run_incidents {
	int64_t *items;
	size_t len;
	size_t cap;
};

/* Its own incident first (0: it has none), then the others. -1: the store failed. */
int run_incidents_list(struct db *db, int64_t run_id, int64_t own, struct run_incidents *ret,
		struct err *err);
/* A row callback of store/run_episodes: arg is a struct run_incidents, to which id is added. */
void run_incidents_on_id(int64_t id, void *arg);
void run_incidents_clear(struct run_incidents *incidents);

#define AUTO_RUN_INCIDENTS(name) CLEANUP(run_incidents_clear) struct run_incidents name = { 0 }

#endif
