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
#include "base/jsonw.h"
#include "core/api/reply.h"
#include "domain/guards.h"

struct core;

struct pause {
	struct guard_pause guard; /* since 0: it is off */
	char *reason;             /* guard's */
	char *by;
	int64_t at;             /* when it was said last */
	int64_t after_delivery; /* the last delivery before it began */
};

void pause_clear(struct pause *pause);
/* Take over what the store says. */
int pause_load(struct core *core, struct err *err);
/* End it when its time is over. Returns the milliseconds until it should be asked again, -1: no
 * time, -2 with err: the store failed. */
int64_t pause_tick(struct core *core, struct err *err);
/* Is it on now? */
bool pause_is_on(const struct core *core);

/* {"paused":true,"reason":"…","by":"…","since":"…","until":null}, the members only. */
void pause_write(struct jsonw *w, const struct core *core);

/*
 * The routes: what they answer has `suppressed`, the decisions that it made, newest first, and
 * `waiting`, the queued runs that it keeps back, oldest first.
 */
int pause_show(struct reply *reply, struct err *err);
int pause_begin(struct reply *reply, struct err *err);
int pause_end(struct reply *reply, struct err *err);

#endif
