/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_deliveries - deliveries, one of them, its body, and decisions: the record of all that came
 * in.
 */
#ifndef CORE_READ_DELIVERIES_H
#define CORE_READ_DELIVERIES_H

#include "base/err.h"
#include "core/api/reply.h"

/* All return -1 when the store failed. */

/* GET /api/v1/deliveries */
int read_deliveries(struct reply *reply, struct err *err);
/* GET /api/v1/deliveries/{id} */
int read_delivery(struct reply *reply, struct err *err);
/* The body alone, for the front, which delivers it again. */
int read_delivery_body(struct reply *reply, struct err *err);

#endif
