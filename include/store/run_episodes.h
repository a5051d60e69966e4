/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_episodes - which alerts a run is for: the one that asked for it, and those that want the same
 * done and came while it waited. Rows stay with the run.
 */
#ifndef STORE_RUN_EPISODES_H
#define STORE_RUN_EPISODES_H

#include <stdint.h>

#include "domain/run_wanted.h"
#include "sys/db.h"

typedef void (*run_episodes_fn)(int64_t id, void *arg);

/* The run is for this alert, too; no change when it is for it already. */
int run_episodes_add(struct db *db, int64_t run_id, int64_t episode_id, int64_t incident_id,
		struct err *err);

/* The facts of domain/run_wanted. Returns 1, 0 when there is no such run, or -1. */
int run_episodes_claim(struct db *db, int64_t run_id, struct run_claim *ret, struct err *err);

/* The queued and asking runs that are for an alert of the incident, oldest first. */
int run_episodes_waiting(
		struct db *db, int64_t incident_id, run_episodes_fn fn, void *arg, struct err *err);

/* The open incidents, beside the run's own, with an alert that it is for. */
int run_episodes_incidents(
		struct db *db, int64_t run_id, run_episodes_fn fn, void *arg, struct err *err);

#endif
