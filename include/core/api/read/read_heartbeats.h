/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_heartbeats - GET /api/v1/heartbeats: the alerts that must come, and which are missing.
 */
#ifndef CORE_READ_HEARTBEATS_H
#define CORE_READ_HEARTBEATS_H

#include "base/err.h"
#include "core/api/reply.h"

/* All of the configuration in force, in its order. -1: the store failed. */
int read_heartbeats(struct reply *reply, struct err *err);

#endif
