/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_audit - who did what, newest first, with the hashes of the chain (core/state/audit_chain.h).
 */
#ifndef CORE_READ_AUDIT_H
#define CORE_READ_AUDIT_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/audit. -1: the store failed. */
int read_audit(struct reply *reply, struct err *err);

#endif
