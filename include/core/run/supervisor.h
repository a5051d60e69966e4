/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor - the tick of the run room: what is due for the runs that are active, wait for an
 * answer, or wait in the queue.
 */
#ifndef CORE_SUPERVISOR_H
#define CORE_SUPERVISOR_H

#include "base/err.h"
#include "core/run/run_room.h"
#include "core/state/deadline.h"

/* Do what is due and start queued runs while there is room. -1: the store failed. */
int supervisor_tick(struct run_room *run, struct deadline *next, struct err *err);
/* A configuration came into force. -1: the store failed. */
int supervisor_config_new(struct run_room *run, struct err *err);
/* Forget all that is in memory. */
void supervisor_clear(struct run_room *run);

#endif
