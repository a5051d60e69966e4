/*
 * escalate - a person calls another level; and what an incident's answer says of its levels.
 */
#ifndef CORE_ESCALATION_COMMAND_H
#define CORE_ESCALATION_COMMAND_H

#include <stdint.h>

#include "base/err.h"
#include "core/api/reply.h"

/*
 * POST /api/v1/incidents/{id}/escalate {level?, reason}: {"incidentId":4,"level":"L3"} and the
 * members of escalate_write(). Without a level it is the next one. What is over, or at that level
 * already, is a conflict.
 */
int escalate(struct reply *reply, struct err *err);

/*
 * Members of an incident's answer: "escalations":[{"level":"L2","at":…,"by":"playbookd",
 * "reason":"…"}], "nextEscalationAt", "nextUpdateAt".
 */
int escalate_write(struct reply *reply, int64_t incident_id, struct err *err);

#endif
