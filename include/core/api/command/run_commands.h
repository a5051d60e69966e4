/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_commands - operators start a playbook by hand, and end a run.
 *
 * The guards hold for operators too, unless they say `force` and why; a dry run of the
 * configuration holds always. A run that a guard keeps back is answered as a conflict, in the
 * guard's words.
 */
#ifndef CORE_RUN_COMMANDS_H
#define CORE_RUN_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"
#include "core/run/run_request.h"
#include "domain/plan.h"

/* POST /api/v1/playbooks/{name}/runs:  {"decision":"queued","reason":"…","runId":9,"run":{…}} */
int run_commands_start(struct reply *reply, struct err *err);
/* POST /api/v1/runs/{id}/cancel:  the run */
int run_commands_cancel(struct reply *reply, struct err *err);

/* `force` needs a reason, which is kept with the run. -1: that is the reply's problem. */
int run_commands_check(struct reply *reply);
/*
 * May it run, and if so, unless it is a dry run, add it. reason has PLAN_REASON_MAX; ret_id is 0
 * when nothing was added. Returns -1 when the store failed.
 */
int run_commands_decide(struct reply *reply, struct run_request *request, char *reason,
		enum decision *ret_decision, int64_t *ret_id, struct err *err);

#endif
