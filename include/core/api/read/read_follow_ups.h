/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_follow_ups - the follow-ups, newest first.
 */
#ifndef CORE_READ_FOLLOW_UPS_H
#define CORE_READ_FOLLOW_UPS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/follow-ups. -1: the store failed. */
int read_follow_ups(struct reply *reply, struct err *err);

#endif
