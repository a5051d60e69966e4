/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalation - who is paged for an incident, when, and why.
 *
 *	(opened) ─ hold ─▶ own level ─ respond_within ─▶ next level ─ respond_within ─▶ … the last
 *
 * Pure: the policy, the facts about an incident and the time go in; one action comes out. The
 * caller carries it out, takes it into the facts and asks again, until there is nothing to do.
 *
 *	the chain continues while the incident is firing, or is mitigated and still needs an
 *	operator. Acknowledged, mitigated or resolved, it stops. When a mitigated one fires
 *	again, the time begins anew.
 *	a remedy that failed ends the hold and pages one more level, at once.
 *	each level is paged once each time the incident is opened; a level is never lowered.
 *	updates go to all who were paged, as long as the incident is open; then comes the end.
 *	while it is held (its alerts are silenced, say) nobody is paged and nobody gets updates,
 *	but whoever was paged still hears of the end. After that its chain begins again.
 *
 * Levels are 1 to 4, for L1 to L4; 0 is none. All times are wall ms. A timer holds when it is due
 * and how long it was set for: when the clock was set back, it is due that much after now at the
 * latest.
 */
#ifndef DOMAIN_ESCALATION_H
#define DOMAIN_ESCALATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/incident.h"
#include "domain/matcher.h"

#define ESCALATION_LEVELS  4
#define ESCALATION_WHY_MAX 768

/* NULL-terminated: "L1" to "L4". */
extern const char *const escalation_level_names[];
/* 1 to 4; 0 for NULL and for what is no level. */
uint8_t escalation_level_parse(const char *name);
/* "L1" to "L4", NULL for 0. */
const char *escalation_level_name(uint8_t level);

struct escalation_level {
	uint8_t level;
	const char *const *receivers; /* names, NULL-terminated */
	int64_t respond_within_ms;    /* 0: at once */
	int64_t hold_ms;              /* of incidents that begin at this level */
};

/* Incidents that match, firing at the same time, raise each other. */
struct escalation_rule {
	uint8_t level;
	struct matcher *matchers; /* of the labels of the alert that opened the incident */
	size_t matchers_len;
	const char *distinct; /* the label whose values are counted; NULL: the incidents are */
	int64_t at_least;
};

struct escalation {
	int64_t hold_ms;                 /* of levels that say nothing else */
	int64_t update_every_ms;         /* 0: no updates */
	struct escalation_level *levels; /* ascending; none: nobody is paged */
	size_t levels_len;
	struct escalation_rule *rules;
	size_t rules_len;
};

/* The level of that number, else the next above it, else the last; NULL when there are none. */
const struct escalation_level *escalation_at(const struct escalation *policy, uint8_t level);
/* The first one above, or NULL. */
const struct escalation_level *escalation_above(const struct escalation *policy, uint8_t level);

/* due_at 0: it does not run. */
struct escalation_timer {
	int64_t due_at;
	int64_t wait_ms; /* what it was set to */
};

struct escalation_facts {
	uint8_t status; /* enum incident_status */
	bool acknowledged;
	bool held;
	uint8_t level;                 /* the incident's own, as it is now */
	uint8_t paged_level;           /* the highest paged since it was last opened; 0: none yet */
	const char *failed;            /* why it is to be raised at once; NULL */
	const char *needed;            /* why it needs an operator, as far as that is known; NULL */
	struct escalation_timer chain; /* the end of the hold, or of respond_within */
	struct escalation_timer update; /* the promised one */
};

enum escalation_action {
	ESCALATION_NOTHING, /* before the next timer is due */
	ESCALATION_STOP,    /* the chain's timer is off, and `failed` forgotten */
	ESCALATION_HOLD,    /* both timers are off, and `failed` forgotten */
	ESCALATION_SET,     /* both timers become those of the step */
	ESCALATION_PAGE,    /* page `level`; timers become those of the step; `failed`, see below */
	ESCALATION_UPDATE,  /* notify all who were paged how it stands; the same */
	ESCALATION_END, /* notify whoever knows of it, if anybody, that it is over; timers are off */
};

struct escalation_step {
	enum escalation_action action;
	const struct escalation_level *level; /* of PAGE */
	bool raises; /* PAGE: another level was paged before; `failed` is answered by it */
	char why[ESCALATION_WHY_MAX];
	struct escalation_timer chain;
	struct escalation_timer update;
};

/* What is to be done now. */
void escalation_next(const struct escalation *policy, const struct escalation_facts *facts,
		int64_t now, struct escalation_step *ret);

/* The timers after a level was paged, whoever asked for it. */
void escalation_paged(const struct escalation *policy, const struct escalation_level *level,
		const struct escalation_timer *update, int64_t now, struct escalation_step *ret);

/*
 * The level at which an incident is opened: the playbook's own, else the first that the policy has;
 * 0 when there is neither. playbook NULL: none matches.
 */
uint8_t escalation_opening_level(const struct escalation *policy, const struct playbook *playbook);
/* How long an incident of that level waits before anybody is paged. */
int64_t escalation_hold_ms(const struct escalation *policy, uint8_t level);
/*
 * The chain's timer when an incident of level `own` begins to fire (again), with paged_level from
 * before.
 */
struct escalation_timer escalation_begin(
		const struct escalation *policy, uint8_t own, uint8_t paged_level, int64_t now);

/* The update's timer when an incident is not held any more, with paged_level from before. */
struct escalation_timer escalation_begin_updates(
		const struct escalation *policy, uint8_t paged_level, int64_t now);

/* An open incident as rules see it. */
struct escalation_case {
	const struct labels *labels; /* of the alert that opened it */
	uint8_t paged_level;
	bool matches; /* set by escalation_correlate() */
};

/*
 * Do enough of the cases match the rule? Marks those that do. 1 or 0, and *ret_count is how many
 * different ones there are; a matcher that gave up is -1.
 */
int escalation_correlate(const struct escalation_rule *rule, struct escalation_case *cases,
		size_t len, int64_t *ret_count, struct err *err);

#endif
