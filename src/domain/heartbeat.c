/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/heartbeat.h"

#include <string.h>

static bool is_same_matcher(const struct matcher *a, const struct matcher *b)
{
	return a->op == b->op && !strcmp(a->name, b->name) && !strcmp(a->value, b->value);
}

bool heartbeat_same(const struct heartbeat *a, const struct heartbeat *b)
{
	if (a->every_ms != b->every_ms || a->matchers_len != b->matchers_len) {
		return false;
	}
	for (size_t i = 0; i < a->matchers_len; i++) {
		if (!is_same_matcher(&a->matchers[i], &b->matchers[i])) {
			return false;
		}
	}
	return true;
}

enum heartbeat_change heartbeat_next(const struct heartbeat *heartbeat,
		const struct heartbeat_facts *facts, int64_t now, int64_t *ret_due)
{
	int64_t from = facts->beat_at > facts->since ? facts->beat_at : facts->since;
	bool back = facts->missing && facts->beaten;

	*ret_due = INT64_MAX;
	if (facts->missing && !back) {
		return HEARTBEAT_NOTHING;
	}
	if (!back && now - from >= heartbeat->every_ms) {
		return HEARTBEAT_MISSING;
	}
	*ret_due = from + heartbeat->every_ms;
	return back ? HEARTBEAT_BACK : HEARTBEAT_NOTHING;
}
