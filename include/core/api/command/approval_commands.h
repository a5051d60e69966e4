/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approval_commands - an operator approves or rejects a run that waits.
 */
#ifndef CORE_APPROVAL_COMMANDS_H
#define CORE_APPROVAL_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"

/*
 * POST /api/v1/runs/{id}/approve {"digest":"…","reason":"…"} and …/reject {"reason":"…"}:  the run.
 * A conflict says why it did not count: another was first, the approval has expired, the run would
 * execute something else by now, or another operator must approve. -1: the store failed.
 */
int approval_commands_approve(struct reply *reply, struct err *err);
int approval_commands_reject(struct reply *reply, struct err *err);

#endif
