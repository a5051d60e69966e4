/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unknown_runs - folders under runs/ of which the store has no run: steps were started that it
 * knows nothing of, since a backup was restored (or an empty store begun) beside newer folders.
 *
 * Nothing of them is touched, and a step that still runs continues. One incident names them, and
 * pages; new runs are numbered from above the highest of them, so that the folder of a new run was
 * never there before.
 */
#ifndef CORE_UNKNOWN_RUNS_H
#define CORE_UNKNOWN_RUNS_H

#include <stdint.h>

#include "base/err.h"
#include "core/run/run_room.h"

/* Ids that are higher are none: no store ever came so far. */
#define UNKNOWN_RUNS_ID_MAX (INT64_C(1) << 53)

/* Look for them. Call once, with the configuration loaded and before a run is added. */
int unknown_runs_look(struct run_room *run, struct err *err);

#endif
