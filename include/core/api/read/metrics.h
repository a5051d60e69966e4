/*
 * metrics - what Prometheus asks for, in its text format (version 0.0.4).
 *
 * Label values come from the configuration and from fixed words only, never from an alert.
 */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include "base/buf.h"
#include "base/err.h"

struct core;

/* Append all metrics of the core and of what the executor told it. */
int metrics_write(struct core *core, struct buf *out, struct err *err);

#endif
