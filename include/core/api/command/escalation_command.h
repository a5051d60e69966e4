/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalation_command - an operator pages another level.
 */
#ifndef CORE_ESCALATION_COMMAND_H
#define CORE_ESCALATION_COMMAND_H

#include "base/err.h"
#include "core/api/reply.h"

/*
 * POST /api/v1/incidents/{id}/escalate {level?, reason}: {"incidentId":4,"level":"L3"} and the
 * members of read_escalation(). Without a level it is the next one. An incident that is over, or at
 * that level already, is a conflict. -1: the store failed.
 */
int escalation_command(struct reply *reply, struct err *err);

#endif
