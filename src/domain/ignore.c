/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/ignore.h"

#include <stdio.h>

#include "base/buf.h"

struct ignore ignore_default(struct arena *arena)
{
	static const char *const names[] = { "Watchdog", "InfoInhibitor" };
	struct ignore ignore = { .len = sizeof(names) / sizeof(names[0]) };

	ignore.rules = arena_calloc(arena, ignore.len, sizeof(*ignore.rules));
	for (size_t i = 0; i < ignore.len; i++) {
		struct matcher *matcher = arena_calloc(arena, 1, sizeof(*matcher));

		*matcher = (struct matcher){ "alertname", names[i], MATCHER_EQUAL, NULL };
		ignore.rules[i] = (struct ignore_rule){ matcher, 1, "it always fires" };
	}
	return ignore;
}

int ignore_find(const struct ignore *ignore, const struct labels *labels,
		const struct ignore_rule **ret_rule, struct err *err)
{
	*ret_rule = NULL;
	for (size_t i = 0; i < ignore->len; i++) {
		const struct ignore_rule *rule = &ignore->rules[i];
		bool match = false;

		if (matchers_match(rule->matchers, rule->matchers_len, labels, &match, err) < 0) {
			return -1;
		}
		if (match) {
			*ret_rule = rule;
			return 0;
		}
	}
	return 0;
}

void ignore_say(const struct ignore_rule *rule, char *reason, size_t size)
{
	auto_buf struct buf out = { 0 };

	buf_adds(&out, "the configuration ignores ");
	for (size_t i = 0; i < rule->matchers_len; i++) {
		const struct matcher *matcher = &rule->matchers[i];

		buf_addf(&out, "%s%.64s%s%.128s", i ? ", " : "", matcher->name,
				matcher_op_names[matcher->op], matcher->value);
	}
	if (rule->reason) {
		buf_addf(&out, ": %s", rule->reason);
	}
	snprintf(reason, size, "%s", buf_text(&out));
}
