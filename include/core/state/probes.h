/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probes - looks at URLs and ports that egress is asked for, by run and by checks: one sequence of
 * ids for both, so that an answer belongs to one of them.
 */
#ifndef CORE_PROBES_H
#define CORE_PROBES_H

#include <stdint.h>

#include "core/state/ground.h"
#include "domain/check.h"

/* An id that no probe had before. */
uint64_t probes_next_id(struct ground *ground);
/* Ask egress to look at check, at url when it is HTTP: MSG_PROBE, answered by MSG_PROBED. */
void probes_ask(struct ground *ground, uint64_t id, const struct check *check, const char *url);

#endif
