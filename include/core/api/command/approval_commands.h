/*
 * approve - what people say to a run that waits for them, and what they see of it.
 */
#ifndef CORE_APPROVAL_COMMANDS_H
#define CORE_APPROVAL_COMMANDS_H

#include <stdint.h>

#include "base/err.h"
#include "core/api/reply.h"
#include "domain/label.h"

/*
 * The members of a run: `approvals`, what was asked and said, and `approval`, what is open:
 *
 *	{"step":0,"name":"flush the cache","message":null,"askedAt":"…","expiresAt":"…",
 *	 "digest":"…","notBy":null,"steps":[{"index":1,"phase":"steps","name":"…","kind":"run",
 *	 "argv":["…"],"env":{},"user":null,"cwd":"/"}]}
 *
 * where steps are those that run when it is approved, up to the next approve step; or null.
 */
int approve_write(
		struct reply *reply, int64_t run_id, const struct labels *params, struct err *err);

/*
 * POST /api/v1/runs/{id}/approve {"digest":"…","reason":"…"} and …/reject {"reason":"…"}:  the run.
 * A conflict says why it did not count: another was first, it came too late, something else would
 * be done by now, playbookd is paused, or somebody else must say it.
 */
int approve_run(struct reply *reply, struct err *err);
int approve_reject(struct reply *reply, struct err *err);

#endif
