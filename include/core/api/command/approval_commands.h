/*
 * approval_commands - an operator answers a run that waits: yes or no.
 */
#ifndef CORE_APPROVAL_COMMANDS_H
#define CORE_APPROVAL_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"

/*
 * POST /api/v1/runs/{id}/approve {"digest":"…","reason":"…"} and …/reject {"reason":"…"}:  the run.
 * A conflict says why it did not count: another was first, it came too late, something else would
 * be done by now, playbookd is paused, or somebody else must say it. -1: the store failed.
 */
int approval_commands_approve(struct reply *reply, struct err *err);
int approval_commands_reject(struct reply *reply, struct err *err);

#endif
