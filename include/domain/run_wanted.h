/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_wanted - does a run still have something to do, or is what it was for over?
 *
 *	made              the run                          its alerts ended   else
 *	by hand, replay   any                              goes on            goes on
 *	for an alert      has not begun                    canceled           goes on
 *	for an alert      has begun, waits for approval    canceled           goes on
 *	for an alert      has begun, any other             goes on            goes on
 *
 * Its alerts have ended when none of those that it is for fires in an incident that is firing or
 * mitigated; so they have when an operator resolved or closed the incident. A mitigated incident is
 * not over: its alert fires, and a verified run of one target says nothing of another.
 *
 * A run that has begun is not broken off between its steps. But no operator is asked for something
 * that is over: the question is withdrawn, as if it had been rejected, and the reason names the
 * steps that were done before.
 *
 * Pure: the caller gathers the facts, and cancels.
 */
#ifndef DOMAIN_RUN_WANTED_H
#define DOMAIN_RUN_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/incident.h"
#include "domain/run.h"

struct run_claim {
	bool by_hand;            /* an operator asked for it, or replayed it */
	bool started_once;       /* it has left the queue before */
	bool fires;              /* an alert that it is for fires, and its incident is open */
	uint8_t status;          /* enum run_status, not a final one */
	uint8_t incident_status; /* enum incident_status; of incident_id */
	int64_t incident_id;     /* 0: none */
};

/*
 * Does it go on? When not, reason, which has RUN_REASON_MAX bytes, says why: "incident 7 is
 * resolved", or "its alert has ended" while the incident is open.
 */
bool run_wanted(const struct run_claim *claim, char *reason);

#endif
