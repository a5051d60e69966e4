/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absence - an alert has ended, though no delivery says so: Alertmanager does not list it any more.
 */
#ifndef CORE_ABSENCE_H
#define CORE_ABSENCE_H

#include <stdint.h>

#include "base/err.h"
#include "core/intake/intake_room.h"

/* The firing episode of that id ends now, as if `resolved` had been delivered. One that is not
 * firing any more stays as it is. -1: the store failed. */
int absence_end(struct intake_room *room, int64_t episode_id, struct err *err);

#endif
