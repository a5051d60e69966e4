/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args - the query parameters of a request, decoded and checked by the rules of its route; the
 * fields of its body (front/fields.h) join them.
 */
#ifndef FRONT_ARGS_H
#define FRONT_ARGS_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/label.h"
#include "domain/matcher.h"
#include "wire/arg_rules.h"

#define ARGS_MAX         32 /* parameters in one query */
#define ARGS_FILTERS_MAX 16

/* Lives in the arena it was read into, but for the filters' patterns. Zeroed is empty. */
struct args {
	struct labels values; /* by name, each once */
	struct matcher *filters;
	size_t filters_len;
};

/*
 * Read query (raw, without the '?'). ERR_INPUT names the parameter: "limit: expected a number from
 * 1 to 1000", "unknown parameter 'limt'; known are: cursor, limit". Caller clears with
 * args_clear(), after failure too.
 */
int args_read(const char *query, const struct arg_rules *rules, struct arena *arena,
		struct args *ret, struct err *err);
/*
 * Check value by rule and add it, under the rule's name. Borrows both until args is used. The
 * caller sorts the values at the end.
 */
int args_add(const struct arg_rule *rule, const char *value, struct arena *arena, struct args *args,
		struct err *err);
/* Append "unknown WHAT 'name'; known are: …" for a name that no rule has. Returns -1. */
int args_unknown(
		const char *what, const char *name, const struct arg_rules *rules, struct err *err);
/* Frees the filters' patterns. */
void args_clear(struct args *args);

#endif
