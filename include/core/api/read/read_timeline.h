/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_timeline - the course of an incident, entry by entry.
 */
#ifndef CORE_READ_TIMELINE_H
#define CORE_READ_TIMELINE_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/incidents/{id}/timeline: oldest first, unlike other lists. -1: the store failed. */
int read_timeline(struct reply *reply, struct err *err);

#endif
