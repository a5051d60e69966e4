/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holding - what follows from what Alertmanager says: an alert has ended by absence, the pages of
 * an incident are held, or are not held any more.
 */
#ifndef CORE_HOLDING_H
#define CORE_HOLDING_H

#include "base/err.h"
#include "core/upstream/upstream_room.h"

/* Of all alerts that are watched, as they were read last. -1: the store failed. */
int holding_decide(struct upstream_room *room, struct err *err);

#endif
