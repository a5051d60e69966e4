/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention - an incident needs an operator: the incident, its timeline and the log state why, and
 * the escalator acts on it.
 */
#ifndef CORE_ATTENTION_H
#define CORE_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/escalate/escalate_room.h"

struct attention {
	int64_t incident_id;
	int64_t run_id; /* because of which run; 0: none */
	const char *why;
	bool failed; /* what was done did not help: one level more is paged, now */
};

/*
 * The incident says why it needs an operator, who was paged for another incident: this pages nobody
 * before its own time. -1: the store failed.
 */
int attention_note(
		struct escalate_room *escalate, const struct attention *attention, struct err *err);
/* Ends the hold: a level is paged now. -1: the store failed. */
int attention_raise(
		struct escalate_room *escalate, const struct attention *attention, struct err *err);
/* The same, not because of a run. */
int attention_state(struct escalate_room *escalate, int64_t incident_id, const char *why,
		struct err *err);

#endif
