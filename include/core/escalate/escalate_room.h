/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalate_room - the room that answers: who is paged, when, why? Below it it may use only the
 * notify room and the ground.
 */
#ifndef CORE_ESCALATE_ROOM_H
#define CORE_ESCALATE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/notify/notify_room.h"
#include "core/state/ground.h"

struct escalate_room {
	struct ground *ground;
	struct notify_room *notify;
	bool look;       /* something was written that may be due */
	bool correlate;  /* a level was paged, or an incident fires again: the rules may hold now */
	int64_t seen;    /* wall: when it was last looked at; 0: never yet */
	int64_t next_at; /* wall: when the next is due; 0: nothing is */
};

#endif
