/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalations - the chain of each incident: who was paged, and what is due next.
 */
#ifndef STORE_ESCALATIONS_H
#define STORE_ESCALATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/escalation.h"
#include "sys/db.h"

struct escalation_row {
	int64_t incident_id;
	int64_t times_opened;
	uint8_t paged_level; /* 0: nobody yet */
	const char *failed;  /* NULL: nothing, or somebody was paged for it */
	struct escalation_timer chain;
	struct escalation_timer update;
	int64_t updates;
	int64_t ended_at; /* 0: not yet */

	/* Of the incident; read only. */
	uint8_t status; /* enum incident_status */
	uint8_t level;
	bool acknowledged;
	bool held;             /* nobody is paged for it */
	const char *attention; /* NULL: none */
	const char *labels;    /* JSON, of the alert that opened it */
};

typedef void (*escalation_fn)(const struct escalation_row *row, void *arg);

/* Write row, over the one that is there. */
int escalations_put(struct db *db, const struct escalation_row *row, struct err *err);
/* Call fn for the chain of the incident since it was last opened. Returns 1, 0 when there is none,
 * or -1. */
int escalations_get(
		struct db *db, int64_t incident_id, escalation_fn fn, void *arg, struct err *err);

/* Something failed, which nobody was paged for yet; the first of several is kept. */
int escalations_failed(struct db *db, int64_t incident_id, const char *why, struct err *err);
/* Its chain is due now, if it has one that has not ended. */
int escalations_touch(struct db *db, int64_t incident_id, int64_t now, struct err *err);
/* Firing incidents without a chain get one that is due after the hold of their level. */
int escalations_adopt(struct db *db, int64_t now, const int64_t holds_ms[ESCALATION_LEVELS + 1],
		struct err *err);

/* Those with something due at now, the first due first. */
int escalations_due(struct db *db, int64_t now, int64_t limit, escalation_fn fn, void *arg,
		struct err *err);
/* When the next after now is due; 0: never. */
int escalations_next(struct db *db, int64_t now, int64_t *ret_at, struct err *err);
/* The newest firing incidents for which somebody was paged, without those that are held. */
int escalations_firing(struct db *db, int64_t limit, escalation_fn fn, void *arg, struct err *err);

#endif
