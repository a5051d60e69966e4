/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalator - pages levels, one after the other, and sends them updates.
 *
 * The next step of an incident is decided by domain/escalation.h. This room keeps each incident's
 * chain in the store, where its timers are too, and does what is due at the end of a turn, in the
 * transaction of what caused it:
 *
 *	an incident fires          its chain begins, with the hold
 *	it needs an operator       the hold is over
 *	a run failed               one level more
 *	a timer is due             the next level; the promised update
 *	several fire together      the rules raise all that match, with one message for them
 *	it is held                 its timers are off, until it is not held any more
 *	it is over                 whoever was notified of it is notified of that
 *
 * A level is paged once each time that an incident is opened: the row in `raise` says so, whatever
 * happens between.
 */
#ifndef CORE_ESCALATOR_H
#define CORE_ESCALATOR_H

#include <stdint.h>

#include "base/err.h"
#include "core/escalate/escalate_room.h"
#include "core/state/deadline.h"

struct paging;
struct incident_facts;

/* All return -1 when the store failed. */

/* An incident that was not firing before fires. */
int escalator_fires(struct escalate_room *escalate, const struct incident_facts *incident,
		struct err *err);
/* It needs an operator; the incident says why. */
int escalator_needed(struct escalate_room *escalate, int64_t incident_id, struct err *err);
/* Its run did not help. */
int escalator_failed(struct escalate_room *escalate, int64_t incident_id, const char *why,
		struct err *err);
/* It was resolved or closed just now. */
int escalator_over(struct escalate_room *escalate, int64_t incident_id, struct err *err);
/* It is held: nobody is paged for it any more. */
int escalator_held(struct escalate_room *escalate, int64_t incident_id, struct err *err);
/* It is not held any more, and still fires: its chain begins again. */
int escalator_lifted(struct escalate_room *escalate, int64_t incident_id, struct err *err);
/*
 * Alerts joined an incident that is acknowledged: who knows of it hears that, and nothing else
 * changes. what makes the notification its own, why says which alerts. Nothing is said of one that
 * is over meanwhile, or acknowledged no more, which is paged for as always.
 */
int escalator_joined(struct escalate_room *escalate, int64_t incident_id, const char *what,
		const char *why, struct err *err);
/* The configuration is new. */
int escalator_config_new(struct escalate_room *escalate, struct err *err);

/* An operator pages a level. The chain goes on from there. */
int escalator_raise(struct escalate_room *escalate, int64_t incident_id,
		const struct paging *paging, struct err *err);

/* Do what is due. */
int escalator_tick(struct escalate_room *escalate, struct deadline *next, struct err *err);

#endif
