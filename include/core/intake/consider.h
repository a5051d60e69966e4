/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consider - decides about one alert: which playbooks match it, whether each may run, and why.
 *
 * The part of intake between an alert that has found its episode and incident, and its decisions.
 */
#ifndef CORE_CONSIDER_H
#define CORE_CONSIDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/intake/intake_room.h"
#include "domain/alert.h"
#include "domain/plan.h"

struct verdict {
	enum decision decision;
	const char *reason;
	const char *playbook; /* NULL: none */
	int64_t incident_id;  /* 0: none */
	int64_t run_id;       /* 0: none */
};

/* The playbooks that want this alert, in order. */
struct consider_matches {
	const struct playbook **items;
	size_t len;
	struct err error; /* code is not ERR_NONE: a matcher gave up, so nothing is known */
};

/* The items live in the intake's arena. */
struct consider_matches consider_match(struct intake *in, const struct alert *alert);

/*
 * Ask each playbook of matches, in order, add the runs that may be, state where an operator is
 * needed, and record a decision for each; one decision, too, when there is none. An incident that
 * is mitigated fires again, unless the run that helped it was for this alert, too. Returns -1 when
 * the store failed.
 */
int consider_all(struct intake *in, struct subject *subject, const struct consider_matches *matches,
		struct err *err);

/* Write the decision down, count it and add it to the answer. -1: the store failed. */
int consider_record(struct intake *in, const struct subject *subject, const struct verdict *verdict,
		struct err *err);

/* It needs an operator, unless this is a dry run. -1: the store failed. */
int consider_attention(struct intake *in, int64_t incident_id, const char *why, struct err *err);

#endif
