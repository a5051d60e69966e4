/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_up_commands - the work after an incident: its follow-ups and its checklist. Each answers
 * what it changed, and writes into the timeline who did it.
 */
#ifndef CORE_FOLLOW_UP_COMMANDS_H
#define CORE_FOLLOW_UP_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"

/* All return -1 when the store failed. */

/* POST /api/v1/incidents/{id}/follow-ups: answers the follow-up */
int follow_up_commands_add(struct reply *reply, struct err *err);
/* PATCH /api/v1/follow-ups/{id}: answers the follow-up */
int follow_up_commands_change(struct reply *reply, struct err *err);
/* PATCH /api/v1/incidents/{id}/checklist/{item}: answers the incident. The first who says that it
 * is done is kept. */
int follow_up_commands_check(struct reply *reply, struct err *err);

#endif
