/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics - the answer to Prometheus, in its text format (version 0.0.4).
 *
 * Label values come from the configuration and from fixed words only, never from an alert.
 */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /metrics: those of the core, and of the daemon as the executor stated it. -1: the store
 * failed. */
int metrics_show(struct reply *reply, struct err *err);

#endif
