/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_reports - how each alert was handled, over all its incidents.
 */
#ifndef CORE_READ_REPORTS_H
#define CORE_READ_REPORTS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/reports/alerts. -1: the store failed. */
int read_reports_alerts(struct reply *reply, struct err *err);

#endif
