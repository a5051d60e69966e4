/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify_room - the room that answers: how are receivers notified? It stands on the ground alone.
 */
#ifndef CORE_NOTIFY_ROOM_H
#define CORE_NOTIFY_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/notify/in_flight.h"
#include "core/state/ground.h"

struct notify_room {
	struct ground *ground;
	struct in_flight in_flight;
	bool look;       /* something may be due */
	int64_t look_ms; /* mono: something will be; 0: nothing */
};

#endif
