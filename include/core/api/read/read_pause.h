/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_pause - the kill switch as it is answered: {"paused":true,"reason":"…","by":"…","since":"…",
 * "until":null}, with `suppressed`, the decisions that it made, newest first, and `waiting`, the
 * queued runs that it keeps back, oldest first.
 */
#ifndef CORE_READ_PAUSE_H
#define CORE_READ_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/jsonw.h"
#include "core/api/reply.h"

/* GET /api/v1/pause. -1: the store failed. */
int read_pause(struct reply *reply, struct err *err);
/* The same; on: it is, or was until now; after_delivery: the last delivery before it began. */
int read_pause_all(struct reply *reply, bool on, int64_t after_delivery, struct err *err);
/* The members without the lists. */
void read_pause_members(struct jsonw *w, const struct ground *ground);

#endif
