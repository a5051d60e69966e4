/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_escalation - how far an incident is escalated, and when that goes on.
 */
#ifndef CORE_READ_ESCALATION_H
#define CORE_READ_ESCALATION_H

#include <stdint.h>

#include "base/err.h"
#include "core/api/reply.h"
#include "store/escalations.h"

/* What is known of one incident's chain. */
struct escalation_chain {
	uint8_t paged_level;
	int64_t next_at;
	int64_t update_at;
};

/* A row callback of store/escalations: arg is a struct escalation_chain. */
void read_escalation_chain(const struct escalation_row *row, void *arg);

/*
 * Members of an incident's answer: "escalations":[{"level":"L2","at":…,"by":"playbookd",
 * "reason":"…"}], "nextEscalationAt", "nextUpdateAt". -1: the store failed.
 */
int read_escalation(struct reply *reply, int64_t incident_id, struct err *err);

#endif
