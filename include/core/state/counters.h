/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters - what has happened since the process began, for /metrics.
 */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "domain/alert.h"
#include "domain/escalation.h"
#include "domain/plan.h"
#include "domain/run.h"
#include "store/notices.h"

/* Zeroed is empty. */
struct counters {
	uint64_t deliveries;
	uint64_t replays;
	uint64_t truncated_alerts;
	uint64_t rejected_deliveries;
	uint64_t alerts[ALERT_STATUSES];
	uint64_t decisions[DECISIONS];
	uint64_t commits;
	uint64_t pages[ESCALATION_LEVELS]; /* of each level */
	struct run_counter {
		char *playbook;
		uint64_t ended[RUN_STATUSES];
	} * runs;
	size_t runs_len;
	size_t runs_cap;
	struct notice_counter {
		char *receiver;
		uint64_t ended[NOTICE_STATUSES];
	} * notices;
	size_t notices_len;
	size_t notices_cap;
};

/* A run of the playbook ended. */
void counters_run(struct counters *counters, const char *playbook, enum run_status status);
/* A notification to the receiver was sent, or has failed. */
void counters_notice(struct counters *counters, const char *receiver, enum notice_status status);
void counters_clear(struct counters *counters);

#endif
