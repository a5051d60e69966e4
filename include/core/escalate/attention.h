/*
 * attention - an incident needs a person: said on the incident, in its timeline and in the log, and
 * to the escalator.
 */
#ifndef CORE_ATTENTION_H
#define CORE_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct core;

struct attention {
	int64_t incident_id;
	int64_t run_id; /* because of which run; 0: none */
	const char *why;
	bool failed; /* what was done did not help: one level more is called, now */
};

/* Ends the hold: somebody is called now. */
int attention_say(struct core *core, const struct attention *attention, struct err *err);
/* The same, when no run was made. */
int attention_call(struct core *core, int64_t incident_id, const char *why, struct err *err);

#endif
