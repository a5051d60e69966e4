/*
 * round - one look of the escalator at what is due: the policy, the time, and the incidents that
 * fire together, which are read once.
 */
#ifndef CORE_EVALUATION_H
#define CORE_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/escalation.h"
#include "store/escalations.h"

#define ROUND_FIRING_MAX 1000 /* incidents that rules look at: the newest */

struct core;

/* An incident that fires, and that somebody was called for. */
struct firing {
	struct escalation_row *row;
	struct labels labels; /* of the alert that opened it */
};

/* What a rule says of them. */
struct verdict_of_rule {
	bool holds;
	int64_t count; /* of different ones */
	bool *matches; /* of each that fires */
};

struct round {
	struct core *core;
	struct arena *arena; /* of all that is read */
	const struct escalation *policy;
	int64_t now;
	bool known;            /* firing was read, and every rule asked */
	struct firing *firing; /* the oldest first */
	size_t len;
	struct verdict_of_rule *verdicts; /* of each rule of the policy, in order */
};

/* Borrows arena. */
struct round round_begin(struct core *core, struct arena *arena);

/* A copy of row in the round's arena. */
struct escalation_row *round_copy(struct round *round, const struct escalation_row *row);
/* The chain of an incident, NULL when it has none. */
int round_row(struct round *round, int64_t incident_id, struct escalation_row **ret,
		struct err *err);

/* Read what fires and ask every rule, unless that was done already. */
int round_firing(struct round *round, struct err *err);

/*
 * The incidents that fire together with this one by the highest rule that holds for it, itself
 * among them; none when no rule does. They live in the round's arena.
 */
int round_group(struct round *round, int64_t incident_id, const int64_t **ret_ids, size_t *ret_len,
		struct err *err);

#endif
