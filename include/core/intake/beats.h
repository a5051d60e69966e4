/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beats - a delivered alert is the beat of a heartbeat. What follows when none comes is watchdog.h.
 */
#ifndef CORE_BEATS_H
#define CORE_BEATS_H

#include <stdbool.h>

#include "base/err.h"
#include "core/intake/intake_room.h"

/*
 * Is the alert in hand one of a heartbeat? Then it is noted as its beat, unless it is resolved,
 * replayed or a dry run, and reason (of PLAN_REASON_MAX bytes) says so. -1: the store failed.
 */
int beats_take(struct intake *in, const struct subject *subject, bool *ret_found, char *reason,
		struct err *err);

#endif
