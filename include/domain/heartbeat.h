/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeat - an alert that must come: whoever sends it lives, and when it does not come, nobody
 * would hear of anything else either.
 *
 * Pure. All times here are those of the clock that is never set, and of one process: a start, or
 * another definition, begins to wait anew, so that neither a restart nor a clock that is set says
 * that a heartbeat is missing.
 *
 *	         since + every           a beat
 *	waiting ───────────────▶ missing ───────▶ waiting      each beat begins `every` anew
 */
#ifndef DOMAIN_HEARTBEAT_H
#define DOMAIN_HEARTBEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/matcher.h"

struct heartbeat {
	const char *name;
	struct matcher *matchers; /* of the alert, all of them */
	size_t matchers_len;
	int64_t every_ms;  /* within which it must come */
	const char *level; /* at which its incident opens; NULL: the policy's first */
};

/* Do both wait for the same? Name and level do not count. */
bool heartbeat_same(const struct heartbeat *a, const struct heartbeat *b);

struct heartbeat_facts {
	int64_t since;   /* when it began to be waited for */
	int64_t beat_at; /* the last beat since then; before since: none */
	bool missing;    /* that was stated, and it has not come since */
	bool beaten;     /* it came, since it was last looked at */
};

enum heartbeat_change {
	HEARTBEAT_NOTHING,
	HEARTBEAT_MISSING, /* it is to be stated now that it is missing */
	HEARTBEAT_BACK     /* it was missing, and has come */
};

/*
 * What is to be done at now. *ret_due is when it has to be looked at again; it is now or later, and
 * INT64_MAX when only a beat changes anything.
 */
enum heartbeat_change heartbeat_next(const struct heartbeat *heartbeat,
		const struct heartbeat_facts *facts, int64_t now, int64_t *ret_due);

#endif
