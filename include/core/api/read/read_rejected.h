/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_rejected - deliveries that can never succeed, and one of them.
 */
#ifndef CORE_READ_REJECTED_H
#define CORE_READ_REJECTED_H

#include "base/err.h"
#include "core/api/reply.h"

/* Both return -1 when the store failed. */

/* GET /api/v1/rejected-deliveries */
int read_rejected(struct reply *reply, struct err *err);
/* GET /api/v1/rejected-deliveries/{id} */
int read_rejected_one(struct reply *reply, struct err *err);

#endif
