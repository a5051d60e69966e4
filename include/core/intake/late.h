/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late - alerts that fire although another sender has delivered their end: from a late peer, which
 * then delivers the end too, or news, when the end came too soon. Each waits PLAN_LATE_MS and
 * fires then, by the clock and without another delivery, unless its end is delivered before.
 */
#ifndef CORE_LATE_H
#define CORE_LATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/intake/intake_room.h"
#include "core/state/deadline.h"
#include "domain/alert.h"

/* One that is due, as it came. Its strings live in the arena that late_due() was given. */
struct late_alert {
	struct alert alert;
	int64_t delivery_id;
	const char *principal;
};

/* All return -1 when the store failed. */

/* The alert in hand waits until *ret_due_at. Does it already, the first word of it counts. */
int late_wait(struct intake *in, const struct subject *subject, int64_t *ret_due_at,
		struct err *err);
/* It waits no more: its end was delivered again, or it fires. */
int late_forget(struct intake *in, const uint8_t identity[DIGEST_SIZE], struct err *err);

/* Take the first that is due out of those that wait; *ret_found says whether there was one. */
int late_due(struct intake_room *room, struct arena *arena, struct late_alert *ret, bool *ret_found,
		struct err *err);
/* When must the room be asked again? */
void late_next(const struct intake_room *room, struct deadline *next);
/* Take over what the store says; also when the clock may have been set. */
int late_load(struct intake_room *room, struct err *err);

#endif
