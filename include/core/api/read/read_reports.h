/*
 * hindsight - what one looks at afterwards: the timeline of an incident, and how well alerts are
 * dealt with.
 */
#ifndef CORE_READ_REPORTS_H
#define CORE_READ_REPORTS_H

#include "base/err.h"
#include "core/api/reply.h"

/* Each returns -1 when the store failed. */

/* GET /api/v1/incidents/{id}/timeline: oldest first, unlike other lists */
int hindsight_timeline(struct reply *reply, struct err *err);
/* GET /api/v1/reports/alerts */
int hindsight_alerts(struct reply *reply, struct err *err);

#endif
