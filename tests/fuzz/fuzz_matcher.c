/* SPDX-License-Identifier: Apache-2.0 */
/* Parse any text as a matcher; what parses must match without a crash. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "domain/matcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct label items[] = {
		{ "alertname", "ServiceCompletelyDown" },
		{ "service", "argus" },
		{ "größe", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" },
	};
	const struct labels labels = { items, sizeof(items) / sizeof(*items) };
	char *text = xstrndup((const char *)data, size);
	struct arena *arena = arena_new();
	struct matcher matcher = { 0 };
	struct err err;
	bool match;

	if (matcher_parse(text, arena, &matcher, &err) == 0) {
		if (!*matcher.name || !utf8_valid(matcher.value, strlen(matcher.value))) {
			abort();
		}
		(void)matcher_match(&matcher, &labels, &match, &err);
		matcher_clear(&matcher);
	}
	arena_free(arena);
	free(text);
	return 0;
}
