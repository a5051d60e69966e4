/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_decisions - the decisions: what became of each alert, and why, newest first.
 */
#ifndef CORE_READ_DECISIONS_H
#define CORE_READ_DECISIONS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/decisions. -1: the store failed. */
int read_decisions(struct reply *reply, struct err *err);

#endif
