/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_incidents - incidents, and all of one incident, as it is answered to who reads it and to who
 * changed it.
 */
#ifndef CORE_READ_INCIDENTS_H
#define CORE_READ_INCIDENTS_H

#include "base/err.h"
#include "core/api/reply.h"

/* All return -1 when the store failed. */

/* GET /api/v1/incidents */
int read_incidents(struct reply *reply, struct err *err);
/* GET /api/v1/incidents/{id}; also the answer of what changes one. */
int read_incident(struct reply *reply, struct err *err);

#endif
