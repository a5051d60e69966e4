/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/incident_after_run.h"

#include <inttypes.h>
#include <stdio.h>

#define SAY(...) snprintf(ret->why, sizeof(ret->why), __VA_ARGS__)

static void need_operator(struct incident_verdict *ret, bool failed)
{
	ret->attention = INCIDENT_ATTENTION_NEEDED;
	ret->failed = failed;
}

static void move(struct incident_verdict *ret, enum incident_event event, const char *why)
{
	ret->moves = true;
	ret->event = (uint8_t)event;
	ret->moved = why;
}

/* While another of the incident's runs did not help, it still needs an operator. */
static void after_verify(const struct incident_run *run, struct incident_verdict *ret)
{
	if (run->unhelpful) {
		return;
	}
	if (run->incident_status == INCIDENT_FIRING) {
		move(ret, INCIDENT_MITIGATE, "its verify passed");
	}
	ret->attention = INCIDENT_ATTENTION_OVER;
}

/*
 * Its alert still fires after a verified run: it needs an operator, whatever verify says now. Only
 * a look that did not pass says that the repair failed.
 */
static void after_look(const struct incident_run *run, struct incident_verdict *ret)
{
	if (run->incident_status != INCIDENT_MITIGATED) {
		return;
	}
	need_operator(ret, run->status != RUN_SUCCEEDED);
	if (run->status == RUN_SUCCEEDED) {
		SAY("run %" PRId64
		    " (%s) verified again, but the alert still fires: look at what it measures",
				run->id, run->playbook_name);
		return;
	}
	ret->did_not_help = true;
	move(ret, INCIDENT_FIRE, "the repair did not last");
	SAY("run %" PRId64 " (%s) verified again: %s; the repair did not last", run->id,
			run->playbook_name, run->reason);
}

/* Its steps are done, and nothing was verified. */
static void after_success(const struct incident_run *run, struct incident_verdict *ret)
{
	bool notified = run->playbook && playbook_only_notifies(run->playbook);

	if (run->incident_status != INCIDENT_FIRING) {
		return;
	}
	need_operator(ret, false);
	SAY("run %" PRId64 " (%s) %s; nothing was changed or verified", run->id, run->playbook_name,
			notified ? "only sent notifications" : "collected evidence");
}

/* A run that an operator canceled or rejected was not tried in vain. */
static void after_failure(const struct incident_run *run, struct incident_verdict *ret)
{
	if (run->incident_status == INCIDENT_CLOSED) {
		return;
	}
	need_operator(ret, run->status == RUN_FAILED || run->status == RUN_TIMED_OUT ||
					   run->status == RUN_INTERRUPTED);
	SAY("run %" PRId64 " (%s) %s: %s", run->id, run->playbook_name,
			run_status_names[run->status], run->reason);
}

bool incident_after_run_counts(const struct incident_run *run)
{
	return run->status == RUN_SUCCEEDED && !run->only_looks && run->playbook &&
	       playbook_verifies(run->playbook);
}

void incident_after_run(const struct incident_run *run, struct incident_verdict *ret)
{
	bool unstarted = run->status == RUN_REJECTED && !run->started_once;
	bool was_over = run->over && !run->started_once;

	*ret = (struct incident_verdict){ .attention = INCIDENT_ATTENTION_STAYS };
	if (was_over || (unstarted && !run->only_looks &&
					run->incident_status == INCIDENT_RESOLVED)) {
		ret->attention = INCIDENT_ATTENTION_ANSWERED;
	} else if (run->only_looks) {
		after_look(run, ret);
	} else if (incident_after_run_counts(run)) {
		after_verify(run, ret);
	} else if (run->status == RUN_SUCCEEDED) {
		after_success(run, ret);
	} else {
		after_failure(run, ret);
	}
}
