/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/known.h"

#include <string.h>

void known_clear(struct known *known)
{
	if (known->bytes.len > 0) {
		explicit_bzero(known->bytes.data, known->bytes.len);
	}
	buf_clear(&known->bytes);
	arena_free(known->arena);
	*known = (struct known){ 0 };
}

/* Encoded and decoded again they are a copy in one piece. */
void known_set(struct known *known, const struct msg_receivers *all)
{
	const struct wire_type *type = message_types[MSG_RECEIVERS];
	struct known next = { .arena = arena_new() };
	struct err err;

	wire_encode(type, all, &next.bytes);
	known_clear(known);
	*known = next;
	if (wire_decode(type, known->bytes.data, known->bytes.len, known->arena, &known->all,
			    &err) < 0) {
		known_clear(known);
	}
}
