/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_checks - the health table: every check of the configuration and how it is.
 *
 *	{"name":"argus-1","kind":"http","target":"http://localhost:3001/api/health",
 *	 "expected":"200 + JSON","intervalMs":15000,"timeoutMs":5000,"status":"failing",
 *	 "since":"…","lastAt":"…","durationMs":2,"lastError":"…","lastErrorAt":"…"}
 *
 * A check without an interval is unknown, always: nobody looks at it in the background.
 */
#ifndef CORE_READ_CHECKS_H
#define CORE_READ_CHECKS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/checks, in the order of the configuration. */
int read_checks(struct reply *reply, struct err *err);
/* GET /api/v1/checks/{check}: with `history`, newest first. */
int read_check(struct reply *reply, struct err *err);

#endif
