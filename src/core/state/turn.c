/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/turn.h"

#include <stdlib.h>

#include "base/mem.h"

/* Memory that a large answer needed is given back after the turn. */
#define PAYLOADS_KEEP (1024 * 1024)

void turn_clear(struct turn *turn)
{
	free(turn->held);
	buf_clear(&turn->payloads);
	*turn = (struct turn){ 0 };
}

void turn_stamp(struct turn *turn)
{
	turn->wall_ms = turn->ports->wall_ms();
	turn->mono_ms = turn->ports->mono_ms();
}

void turn_begin(struct turn *turn)
{
	if (!turn->open) {
		turn->open = true;
		turn_stamp(turn);
	}
}

int turn_write(struct turn *turn, struct err *err)
{
	return db_in_transaction(turn->db) ? 0 : db_begin(turn->db, err);
}

void turn_send(struct turn *turn, struct channel *to, enum message_id id, const void *msg)
{
	void *items = turn->held;

	if (!to) {
		return;
	}

	struct held *held = mem_push(&items, turn->held_len, &turn->held_cap, sizeof(*held));

	turn->held = items;
	turn->held_len++;
	held->to = to;
	held->type = (uint16_t)id;
	held->offset = turn->payloads.len;
	wire_encode(message_types[id], msg, &turn->payloads);
	held->len = turn->payloads.len - held->offset;
}

void turn_forget(struct turn *turn, const struct channel *channel)
{
	for (size_t i = 0; i < turn->held_len; i++) {
		if (turn->held[i].to == channel) {
			turn->held[i].to = NULL;
		}
	}
}

static void drop_held(struct turn *turn)
{
	turn->held_len = 0;
	if (turn->payloads.cap > PAYLOADS_KEEP) {
		buf_clear(&turn->payloads);
	}
	buf_reset(&turn->payloads);
}

int turn_end(struct turn *turn, struct err *err)
{
	turn->open = false;
	if (db_in_transaction(turn->db) && db_commit(turn->db, err) < 0) {
		drop_held(turn);
		return -1;
	}
	for (size_t i = 0; i < turn->held_len; i++) {
		const struct held *held = &turn->held[i];

		if (held->to) {
			turn->ports->send(held->to, held->type, turn->payloads.data + held->offset,
					held->len, -1);
		}
	}
	for (size_t i = 0; i < turn->held_len; i++) {
		turn->ports->flush(turn->held[i].to);
	}
	drop_held(turn);
	return 0;
}
