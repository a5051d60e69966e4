/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_status - the daemon itself: its version, roles and configuration, and whether it takes
 * deliveries.
 */
#ifndef CORE_READ_STATUS_H
#define CORE_READ_STATUS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/status */
int read_status(struct reply *reply, struct err *err);
/* GET /-/ready: 503 while the disk is full, which is measured when it is time. */
int read_status_ready(struct reply *reply, struct err *err);

#endif
