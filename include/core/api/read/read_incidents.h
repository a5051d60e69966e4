/*
 * api_incident - all of one incident, as it is answered to who reads it and to who changed it.
 */
#ifndef CORE_READ_INCIDENTS_H
#define CORE_READ_INCIDENTS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/incidents/{id}; also the answer of what changes one. -1 when the store failed. */
int api_incident(struct reply *reply, struct err *err);

#endif
