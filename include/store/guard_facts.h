/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guards - what the store remembers for the guards of domain/guards.h, asked of the runs
 * themselves: there is no second book that could differ from them.
 */
#ifndef STORE_GUARD_FACTS_H
#define STORE_GUARD_FACTS_H

#include <stdint.h>

#include "domain/guards.h"
#include "sys/db.h"

/*
 * The clock was set back behind runs that are there: what they did after now, they did now. Asked
 * before the others, so that a guard holds for its own time from then on, and not until the clock
 * is again where it was. Needs a transaction.
 */
int guard_facts_set_back(struct db *db, int64_t now, struct err *err);

/*
 * The next three count runs that started at or after since, and those that are yet to start: they
 * will, after now. So however long some wait, no window has more starts than were let through.
 * Those that were canceled or rejected before they started, and those that only look again, count
 * nowhere.
 */

/* How many runs of the playbook count, at most `runs`; ret_oldest_at is when the runs-th latest
 * started (0 when there are fewer, or it has not started). */
int guard_facts_limit(struct db *db, const char *playbook, int64_t since, int64_t runs,
		int64_t *ret_count, int64_t *ret_oldest_at, struct err *err);

/* The runs of the playbook that ended without helping since the last one that helped, counting at
 * most `failures`; the latest of them; and one that is not over. */
int guard_facts_breaker(struct db *db, const char *playbook, int64_t failures,
		int64_t *ret_failures, struct guard_run *ret_last, struct guard_run *ret_trial,
		struct err *err);

/* How many other values of the distinct param have a run of the playbook that counts. */
int guard_facts_targets(struct db *db, const char *playbook, const char *value, int64_t since,
		int64_t *ret_others, struct err *err);

/* How many runs of all playbooks count, at most at_most. */
int guard_facts_starts(
		struct db *db, int64_t since, int64_t at_most, int64_t *ret_count, struct err *err);

/* More targets of the playbook broke than it is for: one outage, to which this incident stands. */
struct guard_outage {
	const char *playbook;
	int64_t incident_id;
	int64_t now;
};

/* The open incident that was noted for outage's playbook within per_ms before outage's now; 0:
 * none. */
int guard_facts_outage(struct db *db, const struct guard_outage *outage, int64_t per_ms,
		int64_t *ret_incident, struct err *err);
/* Only the last outage of a playbook is kept. */
int guard_facts_note_outage(struct db *db, const struct guard_outage *outage, struct err *err);

#endif
