/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the status file of an attempt. What is accepted must be what we would write.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/attempt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct attempt_status status;
	struct err err;

	if (attempt_status_parse((const char *)data, size, &status, &err) == 0) {
		struct buf again = { 0 };

		attempt_status_format(&status, &again);
		if (again.len != size || memcmp(again.data, data, size) != 0) {
			abort();
		}
		buf_clear(&again);
	}
	return 0;
}
