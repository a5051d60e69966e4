/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause - the kill switch: while it is on, no queued run starts and no alert gets one; what runs
 * goes on. It lives in the store, and is over by itself when its time is.
 *
 * The core keeps a copy in memory, which every alert is held against.
 */
#ifndef CORE_PAUSE_H
#define CORE_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/state/deadline.h"
#include "domain/guards.h"

struct ground;

struct pause {
	struct guard_pause guard; /* since 0: it is off */
	char *reason;             /* guard's */
	char *by;
	int64_t at;             /* when it was said last */
	int64_t after_delivery; /* the last delivery before it began */
};

void pause_clear(struct pause *pause);
/* Take over what the store says. */
int pause_load(struct ground *ground, struct err *err);
/* End it when its time is over. */
int pause_tick(struct ground *ground, struct deadline *next, struct err *err);
/* Is it on now? */
bool pause_is_on(const struct ground *ground);

/*
 * Switch it on, or on again with another reason and time: for_ms from now, 0: until it is switched
 * off. The turn's transaction must be open.
 */
int pause_begin(struct ground *ground, const char *by, const char *reason, int64_t for_ms,
		struct err *err);
/* Switch it off, as `by` says at now (wall). */
int pause_end(struct ground *ground, int64_t now, const char *by, struct err *err);

#endif
