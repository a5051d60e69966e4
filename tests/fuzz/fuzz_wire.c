/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as any message: the first byte picks the type, the rest is the payload. What is
 * accepted must encode to the very same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(max_align_t) unsigned char msg[1024];
	struct err err;

	if (size < 1) {
		return 0;
	}

	const struct wire_type *type = message_types[1 + data[0] % (MSG_IDS - 1)];
	struct arena *arena = arena_new();

	if (type->size > sizeof(msg)) {
		abort();
	}
	if (wire_decode(type, data + 1, size - 1, arena, msg, &err) == 0) {
		struct buf again = { 0 };

		wire_encode(type, msg, &again);
		if (again.len != size - 1 || memcmp(again.data, data + 1, size - 1) != 0) {
			abort();
		}
		buf_clear(&again);
	}
	arena_free(arena);
	return 0;
}
