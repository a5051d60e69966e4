/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meter - how many requests were answered, by route and status, for /metrics.
 *
 * Label values are patterns of the table of routes ("other" for everything else), never paths.
 */
#ifndef FRONT_METER_H
#define FRONT_METER_H

#include <stdint.h>

#include "base/buf.h"
#include "wire/routes.h"

#define METER_CODES_MAX 16

/* Zeroed is empty. */
struct meter {
	uint64_t counts[ROUTES + 1][METER_CODES_MAX]; /* by route; ROUTES: no such route */
};

/* row NULL: no such route. */
void meter_count(struct meter *meter, const struct route_row *row, int status);
/* Append the counters in Prometheus's text format; pending is the number of unanswered requests. */
void meter_write(const struct meter *meter, uint64_t pending, struct buf *out);

#endif
