/*
 * escalator - people are called, level after level, and told how it goes on.
 *
 * What to do is decided by domain/escalation.h. This room keeps each incident's chain in the store,
 * where its timers are too, and does what is due at the end of a turn, in the transaction of what
 * caused it:
 *
 *	an incident fires          its chain begins, with the hold
 *	a person is needed         the hold is over
 *	a remedy failed            one level more
 *	a timer is due             the next level; the promised update
 *	several fire together      the rules raise all that match, with one message for them
 *	it is over                 whoever was told of it is told so
 *
 * A level is called once in each generation of an incident: the row in `raise` says so, whatever
 * happens between.
 */
#ifndef CORE_ESCALATOR_H
#define CORE_ESCALATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct call;
struct core;
struct incident_facts;

struct escalator {
	bool look;       /* something was written that may be due */
	bool correlate;  /* somebody was called, or fires again: the rules may hold now */
	int64_t seen;    /* wall: when it was last looked at; 0: never yet */
	int64_t next_at; /* wall: when the next is due; 0: nothing is */
};

/* An incident that was not firing before fires, in that generation. */
int escalator_fires(struct core *core, const struct incident_facts *incident, struct err *err);
/* A person is needed; why stands on the incident. */
int escalator_needed(struct core *core, int64_t incident_id, struct err *err);
/* What was done for it did not help. */
int escalator_failed(struct core *core, int64_t incident_id, const char *why, struct err *err);
/* It was resolved or closed just now. */
int escalator_over(struct core *core, int64_t incident_id, struct err *err);
/* The configuration is new. */
int escalator_config_new(struct core *core, struct err *err);

/* A person wants it. Its chain goes on from there. */
int escalator_raise(
		struct core *core, int64_t incident_id, const struct call *call, struct err *err);

/* Do what is due. Returns ms until the next is, -1 for none, -2 with err: the store failed. */
int64_t escalator_tick(struct core *core, struct err *err);

#endif
