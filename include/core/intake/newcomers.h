/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newcomers - alerts that join an incident which somebody has acknowledged, and were no part of it
 * then: whoever knows of the incident is notified of them, and the acknowledgement stays.
 *
 * Those of one turn are in one notification, at its end, in its transaction.
 */
#ifndef CORE_NEWCOMERS_H
#define CORE_NEWCOMERS_H

#include "base/err.h"
#include "core/intake/intake_room.h"

/*
 * The alert of subject joins the incident that subject->incident has; its episode is not written
 * yet. Remembers it when it is news. -1: the store failed.
 */
int newcomers_add(struct intake *in, const struct subject *subject, struct err *err);
/* Notify of those that were remembered. -1: the store failed. */
int newcomers_tell(struct intake_room *room, struct err *err);
void newcomers_clear(struct intake_room *room);

#endif
