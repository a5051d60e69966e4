/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluation - one pass of the escalator over what is due: the policy, the time, and the incidents
 * that fire together, which are read once.
 */
#ifndef CORE_EVALUATION_H
#define CORE_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/escalate/escalate_room.h"
#include "domain/escalation.h"
#include "store/escalations.h"

#define EVALUATION_FIRING_MAX 1000 /* incidents that rules look at: the newest */

/* An incident that fires, and for which a level was paged. */
struct firing {
	struct escalation_row *row;
	struct labels labels; /* of the alert that opened it */
};

/* What a rule says about them. */
struct verdict_of_rule {
	bool holds;
	int64_t count; /* of different ones */
	bool *matches; /* of each that fires */
};

struct evaluation {
	struct escalate_room *escalate;
	struct arena *arena; /* of all that is read */
	const struct escalation *policy;
	int64_t now;
	bool known;            /* firing was read, and every rule asked */
	struct firing *firing; /* the oldest first */
	size_t len;
	struct verdict_of_rule *verdicts; /* of each rule of the policy, in order */
};

/* Borrows arena. */
struct evaluation evaluation_begin(struct escalate_room *escalate, struct arena *arena);

/* A copy of row in the evaluation's arena. */
struct escalation_row *evaluation_copy(
		struct evaluation *evaluation, const struct escalation_row *row);
/* The chain of an incident, NULL when it has none. */
int evaluation_row(struct evaluation *evaluation, int64_t incident_id, struct escalation_row **ret,
		struct err *err);

/* Read what fires and ask every rule, unless that was done already. */
int evaluation_firing(struct evaluation *evaluation, struct err *err);

/*
 * The incidents that fire together with this one by the highest rule that holds for it, itself
 * among them; none when no rule does. They live in the evaluation's arena.
 */
int evaluation_group(struct evaluation *evaluation, int64_t incident_id, const int64_t **ret_ids,
		size_t *ret_len, struct err *err);

#endif
