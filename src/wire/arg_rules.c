/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/arg_rules.h"

#include <string.h>

const char *const arg_kind_texts[ARG_KINDS] = {
	[ARG_BOOL] = "true or false",
	[ARG_CURSOR] = "the nextCursor of an answer",
	[ARG_DIGEST] = "64 hex digits, in lower case",
	[ARG_DURATION] = "a duration as 1h30m, more than 0 and at most 366d",
	[ARG_LIMIT] = "a number from 1 to 1000",
	[ARG_MAP] = "an object of strings",
	[ARG_MATCHER] = "a label matcher as service=\"web\"; may be given up to 16 times",
	[ARG_NUMBER] = "a number",
	[ARG_PROSE] = "a string of at most 8192 bytes, which may have newlines and tabs",
	[ARG_TEXT] = "a string of at most 256 bytes, without control characters",
	[ARG_TIME] = "a time as 2026-11-22T22:40:42Z",
	[ARG_WORD] = "one of",
};

const struct arg_rule *arg_rules_find(const struct arg_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->len; i++) {
		if (!strcmp(rules->items[i].name, name)) {
			return &rules->items[i];
		}
	}
	return NULL;
}
