/*
 * review - the work after an incident: its follow-ups and its checklist. Each answers what it
 * changed, and writes into the timeline who did it.
 */
#ifndef CORE_FOLLOW_UP_COMMANDS_H
#define CORE_FOLLOW_UP_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"

/* Each returns -1 when the store failed. */

/* GET /api/v1/follow-ups */
int review_follow_ups(struct reply *reply, struct err *err);
/* POST /api/v1/incidents/{id}/follow-ups: answers the follow-up */
int review_follow_up_add(struct reply *reply, struct err *err);
/* PATCH /api/v1/follow-ups/{id}: answers the follow-up */
int review_follow_up_change(struct reply *reply, struct err *err);
/* PATCH /api/v1/incidents/{id}/checklist/{item}: answers the incident. The first who says that it
 * is done is kept. */
int review_check(struct reply *reply, struct err *err);

#endif
