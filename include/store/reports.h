/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reports - what came of the alerts: sums over incidents and their runs.
 */
#ifndef STORE_REPORTS_H
#define STORE_REPORTS_H

#include <stdint.h>

#include "domain/report.h"
#include "sys/db.h"

struct report_query {
	const char *alertname; /* NULL: any */
	int64_t since;         /* incidents opened at or after; 0: any */
	int64_t until;         /* opened before; 0: any */
	int64_t limit;
};

typedef void (*report_fn)(const char *alertname, const struct report_effect *effect, void *arg);

/* A row for each alertname that opened an incident, those with the most first. */
int reports_alerts(struct db *db, const struct report_query *query, report_fn fn, void *arg,
		struct err *err);

#endif
