/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the answer of a server that a check looks at: the first line is the path and the
 * value that are expected, the rest the body. The second look has the same answer as the first.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "egress/body_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end ? (size_t)(end - data) : 0;
	char *path = xstrndup((const char *)data, len);
	char *equals = strchr(path, '=');
	struct check_field field = { path, equals ? equals + 1 : "ok" };
	const char *body = end ? (const char *)end + 1 : (const char *)data;
	size_t body_len = end ? size - len - 1 : size;
	bool said[2];

	if (equals) {
		*equals = '\0';
	}
	for (int i = 0; i < 2; i++) {
		char *why = NULL;

		said[i] = body_check(body, body_len, &field, *field.path != '\0', &why);
		if (said[i] == (why != NULL)) {
			abort();
		}
		free(why);
	}
	if (said[0] != said[1]) {
		abort();
	}
	free(path);
	return 0;
}
