/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident_commands - what operators do to an incident, while it is open and afterwards.
 *
 * Each is written into the timeline with who did it. Repeated, acknowledge, resolve and close
 * change nothing and answer as the first time. All but note answer the incident.
 *
 * Resolved by an operator while alerts of it fire: those stay known, their repeats start nothing
 * and say so in their decisions, and an alert of the group that begins to fire opens it again, as
 * always. Neither resolve nor close is taken while a run of the incident is not over: cancel it
 * first.
 */
#ifndef CORE_INCIDENT_COMMANDS_H
#define CORE_INCIDENT_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"

/* Each returns -1 when the store failed. */

/* POST /api/v1/incidents/{id}/acknowledge */
int incident_commands_acknowledge(struct reply *reply, struct err *err);
/* POST …/note: answers the entry of the timeline */
int incident_commands_note(struct reply *reply, struct err *err);
/* POST …/resolve */
int incident_commands_resolve(struct reply *reply, struct err *err);
/* POST …/close */
int incident_commands_close(struct reply *reply, struct err *err);
/* PATCH /api/v1/incidents/{id} */
int incident_commands_change(struct reply *reply, struct err *err);

#endif
