/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_command - an incident's playbook once more, for each of its alerts that has fired.
 *
 * Alerts that would do the same (playbook and params) cause one run. The guards hold as for
 * everything that operators start (run_commands.h).
 */
#ifndef CORE_REPLAY_COMMAND_H
#define CORE_REPLAY_COMMAND_H

#include "base/err.h"
#include "core/api/reply.h"

/*
 * POST /api/v1/incidents/{id}/replay:  {"incidentId":4,"decisions":[{"fingerprint":"…",
 * "alertname":"…","decision":"queued","reason":"…","playbook":"…","incidentId":4,"runId":9}]}, or a
 * conflict when nothing was started.
 */
int replay_command(struct reply *reply, struct err *err);

#endif
