/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ignore - alerts that are recorded and cause nothing: no incident, no page, no run.
 *
 * Pure. A rule names them by matchers, all of which must match; the first rule that does counts.
 */
#ifndef DOMAIN_IGNORE_H
#define DOMAIN_IGNORE_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/label.h"
#include "domain/matcher.h"

struct ignore_rule {
	struct matcher *matchers;
	size_t matchers_len;
	const char *reason; /* why, in the operator's words; NULL: not said */
};

struct ignore {
	struct ignore_rule *rules;
	size_t len;
};

/* What always fires by design, in kube-prometheus: Watchdog and InfoInhibitor. Lives in arena. */
struct ignore ignore_default(struct arena *arena);

/*
 * 0, and *ret_rule is the first rule that the labels match, or NULL; -1 with ERR_LIMIT when a
 * regular expression gave up before any rule matched.
 */
int ignore_find(const struct ignore *ignore, const struct labels *labels,
		const struct ignore_rule **ret_rule, struct err *err);

/* "the configuration ignores alertname=Watchdog: REASON"; reason gets size bytes. */
void ignore_say(const struct ignore_rule *rule, char *reason, size_t size);

#endif
