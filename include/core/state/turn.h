/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn - nothing leaves the core before what it says is durable.
 *
 * All that the core writes in one turn of its loop shares one transaction, bears one time, and
 * every message that it sends is held back until that transaction is committed: the 200 of a
 * delivery, the request to start a step, the word go. When the commit fails they are dropped, since
 * nobody knows what is on the disk: the core ends, its front answers 503, and the next core looks
 * (docs/architecture.md).
 *
 *	turn_begin(turn);               before anything else; stamps the time, once a turn
 *	turn_write(turn, err);          before the first write; later calls cost nothing
 *	turn_send(turn, to, id, &msg);  any time
 *	turn_end(turn, err);            once a turn, at its end: commit, then let the messages go
 *
 * Below turn_begin() nobody reads a clock: the same events at the same times write the same rows.
 */
#ifndef CORE_TURN_H
#define CORE_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/state/ports.h"
#include "sys/channel.h"
#include "sys/db.h"
#include "wire/message.h"

struct held {
	struct channel *to; /* NULL: its channel is gone */
	uint16_t type;
	size_t offset; /* of its payload in payloads */
	size_t len;
};

struct turn {
	const struct ports *ports; /* borrowed */
	struct db *db;             /* borrowed */
	int64_t wall_ms;           /* now, as clock_wall_ms() */
	int64_t mono_ms;           /* now, as clock_mono_ms(): of deadlines */
	bool open;                 /* it has begun */
	struct held *held;
	size_t held_len;
	size_t held_cap;
	struct buf payloads;
};

void turn_clear(struct turn *turn);
/* Stamp the time, unless the turn has begun already. */
void turn_begin(struct turn *turn);
/* Stamp it again: nothing was written yet, and what was done before took its time. */
void turn_stamp(struct turn *turn);
/* Make sure that a transaction is open. */
int turn_write(struct turn *turn, struct err *err);
/* Hold msg, a struct of id's type, for the end of the turn. Copies it. A NULL channel drops it. */
void turn_send(struct turn *turn, struct channel *to, enum message_id id, const void *msg);
/* The channel is gone, and so is what was held for it. */
void turn_forget(struct turn *turn, const struct channel *channel);
/* Commit, then send. After -1 nothing was sent and the core must end. */
int turn_end(struct turn *turn, struct err *err);

#endif
