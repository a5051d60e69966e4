/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_room - the room that answers: how does a run go? Below it it may use the escalate, notify and
 * storage rooms (is the disk full?) and the ground.
 *
 *	supervisor   the room's tick: what is due
 *	queue        which queued run starts          recovery     what was running before the start
 *	outcome      how an attempt went              answers      the answers to questions
 *	runner       an event of a run, and what follows
 *	start        an attempt begins                result       a run ends
 *	question     a run waits for approval         cursor       where a run stands, by the store
 *	active       the runs that go on              run_request  a run is requested
 */
#ifndef CORE_RUN_ROOM_H
#define CORE_RUN_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/escalate/escalate_room.h"
#include "core/notify/notify_room.h"
#include "core/state/ground.h"
#include "core/storage/storage_room.h"

struct active;

/* What is known about the questions that are open. */
struct open_questions {
	int64_t look_ms; /* mono: look at them; 0: at once */
	bool none;       /* nothing is open */
};

/* Folders under runs/ without a run in the store. */
struct unknown_runs {
	int64_t count;
	int64_t highest; /* 0: there is none */
};

struct run_room {
	struct ground *ground;
	const struct storage_room *storage;
	struct notify_room *notify;
	struct escalate_room *escalate;
	struct active **active;
	size_t len;
	size_t cap;
	struct attempt_id *forget; /* their output is in the transaction of this turn */
	size_t forget_len;
	size_t forget_cap;
	bool queue_waits; /* there may be a queued run */
	bool was_paused;  /* the kill switch, when last looked at */
	int64_t look_ms;  /* mono: one waits for the end of a time interval, look again; 0: none */
	struct open_questions questions;
	struct unknown_runs unknown;
};

#endif
