/*
 * approvals - people are asked before a run goes on.
 *
 * A run that comes to an approve step leaves the runner and waits in the store alone; so does one
 * that begins with such a step, from C1 on. What ends the wait:
 *
 *	POST …/approve   queued again; when it is its turn, on it goes behind the approve step, if
 *what would be done is still what was approved, and before the approval expires POST …/reject
 *rejected: nothing more is done, not even rescue steps its expiry       the same a reload the same,
 *when it changed what would be done; else the question is bound to the new configuration, with a
 *new digest POST …/cancel    canceled
 */
#ifndef CORE_ANSWERS_H
#define CORE_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/run/active.h"
#include "wire/message.h"

struct core;

struct approvals {
	int64_t look_ms; /* mono: look at what is open; 0: at once */
	bool none;       /* nothing is open */
};

/* The run that asks, by which step of what. */
struct approval_question {
	int64_t run_id;
	int64_t incident_id;         /* 0: none */
	const struct config *config; /* the one that the run follows */
	const struct playbook *playbook;
	uint32_t step;
	const struct labels *params;
	const char *trigger;
	const char *requested_by;
};

/* Write down the question, its step's row, and that the incident needs a person. */
int approvals_ask(struct core *core, const struct approval_question *question, struct err *err);

/* Reject what nobody approved in time. Returns ms until the next look, -1: none is open, -2 with
 * err when the store failed. */
int64_t approvals_tick(struct core *core, struct err *err);

/* The same, whether or not it is time. */
int approvals_look(struct core *core, struct err *err);
/* The last question of the run was answered, and that is written down: back into the queue, or the
 * end. */
int approvals_grant(struct core *core, int64_t run_id, const char *why, struct err *err);
int approvals_refuse(struct core *core, int64_t run_id, const char *why, struct err *err);

/* A configuration came into force: bind what is open to it, or end it. */
int approvals_follow(struct core *core, struct err *err);

/*
 * active leaves the queue. *ret_asked: it was approved, and now it goes on behind its approve step
 * or was rejected; active may be gone. Else nothing was done: it begins.
 */
int approvals_resume(struct core *core, struct active *active, bool *ret_asked, struct err *err);

/* The run is canceled: nobody needs to answer any more. */
int approvals_drop(struct core *core, const struct active *active, struct err *err);

/* For a step behind an approve step, tell the executor who let it through. */
int approvals_prove(struct core *core, const struct active *active, struct msg_start *msg,
		struct err *err);

/* The incident's attention while the run waits; text has RUN_REASON_MAX. */
void approvals_attention(int64_t run_id, const char *playbook, const char *step, char *text);

#endif
