/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored - a store for tests, in the test's folder, and rows in it. All abort when that fails.
 */
#ifndef UNIT_STORED_H
#define UNIT_STORED_H

#include <stdint.h>

#include "base/err.h"
#include "domain/incident.h"
#include "sys/db.h"

/* A new one, with all migrations; the caller closes it with db_close(). */
struct db *stored_open(void);
/* The same, with delivery 1 in it. */
struct db *stored_with_delivery(void);

void stored_sql(struct db *db, const char *sql);
/* The one number that sql gives. */
int64_t stored_count(struct db *db, const char *sql);

/* Each returns its id. A firing incident of that group; */
int64_t stored_incident(struct db *db, uint8_t group);
/* an episode of that identity, "firing" or "resolved", of delivery 1. */
int64_t stored_episode(struct db *db, uint8_t identity, const char *status);
/* A queued run of playbook p and that target. Returns as runs_add(). */
int stored_run(struct db *db, int64_t incident, uint8_t target, const char *trigger,
		int64_t *ret_id, struct err *err);

/* Let event happen to the incident at now, with so many more firing alerts. */
void stored_move(struct db *db, int64_t id, enum incident_event event, int change, int64_t now);

/* A run of playbook p at times, of which 0 is none. */
struct stored_past {
	int64_t queued_at;
	int64_t started_at;
	int64_t finished_at;
	uint8_t status; /* enum run_status */
	const char *trigger;
	const char *value;
};

void stored_past_run(struct db *db, const struct stored_past *run);
/* It started at once, and ended soon after; status is a final one or "queued". */
void stored_ended(struct db *db, int64_t queued_at, const char *status, const char *value);

#endif
