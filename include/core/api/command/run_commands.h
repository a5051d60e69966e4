/*
 * manual - what people start and cancel: a playbook by hand, and the end of a run.
 *
 * The guards hold for people too, unless they say `force` and why; a dry run of the configuration
 * holds always. What a guard keeps from running is answered as a conflict, in the guard's words.
 */
#ifndef CORE_RUN_COMMANDS_H
#define CORE_RUN_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"
#include "core/run/run_request.h"
#include "domain/plan.h"

/* POST /api/v1/playbooks/{name}/runs:  {"decision":"queued","reason":"…","runId":9,"run":{…}} */
int manual_run(struct reply *reply, struct err *err);
/* POST /api/v1/runs/{id}/cancel:  the run */
int manual_cancel(struct reply *reply, struct err *err);

/* The run as an object named key, with its params. */
int manual_write_run(struct reply *reply, const char *key, int64_t run_id, struct err *err);
/* `force` needs a reason, which is kept with the run. -1: that is the reply's problem. */
int manual_check(struct reply *reply);
/*
 * May it run, and if so, unless it is a dry run, add it. reason has PLAN_REASON_MAX; ret_id is 0
 * when nothing was added. Returns -1 when the store failed.
 */
int manual_decide(struct reply *reply, struct run_request *request, char *reason,
		enum decision *ret_decision, int64_t *ret_id, struct err *err);

#endif
