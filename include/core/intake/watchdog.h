/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog - watches the heartbeats of the configuration: when one does not come for its `every`,
 * the own alert HeartbeatMissing{heartbeat="NAME"} fires until it comes again, or until the
 * configuration has it no more.
 *
 * It waits anew from each start, from a new definition, and after a time in which this process did
 * not run: who was not there has missed nothing. What is missing stays so over a restart, and
 * nobody is paged for it twice.
 */
#ifndef CORE_WATCHDOG_H
#define CORE_WATCHDOG_H

#include "base/err.h"
#include "core/intake/intake_room.h"
#include "core/state/deadline.h"

#define WATCHDOG_ALERT "HeartbeatMissing"

/* Another configuration is in force, the one before is still there. -1: the store failed. */
int watchdog_configure(struct intake_room *room, struct err *err);
/* Do what is due. -1: the store failed. */
int watchdog_tick(struct intake_room *room, struct deadline *next, struct err *err);
void watchdog_clear(struct intake_room *room);

#endif
