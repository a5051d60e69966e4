/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_approvals - the questions of a run: those that were answered, and the one that is open.
 */
#ifndef CORE_READ_APPROVALS_H
#define CORE_READ_APPROVALS_H

#include <stdint.h>

#include "base/err.h"
#include "core/api/reply.h"
#include "domain/label.h"

/*
 * The members of a run: `approvals`, what was asked and answered, and `approval`, what is open:
 *
 *	{"step":0,"name":"flush the cache","message":null,"askedAt":"…","expiresAt":"…",
 *	 "digest":"…","notBy":null,"steps":[{"index":1,"phase":"steps","name":"…","kind":"run",
 *	 "argv":["…"],"env":{},"user":null,"cwd":"/"}]}
 *
 * where steps are those that run when it is approved, up to the next approve step; or null.
 * -1: the store failed.
 */
int read_approvals(
		struct reply *reply, int64_t run_id, const struct labels *params, struct err *err);

#endif
