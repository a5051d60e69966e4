/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/run_wanted.h"

#include <stdio.h>

#include "test.h"

/* "goes on", or why it does not. */
static const char *look(const struct run_claim *claim)
{
	static char reason[RUN_REASON_MAX];

	snprintf(reason, sizeof(reason), "no reason");
	return run_wanted(claim, reason) ? "goes on" : reason;
}

struct row {
	bool started_once;
	uint8_t status;
	const char *by_hand; /* as made by an operator, … */
	const char *fires;   /* … for an alert that fires, … */
	const char *over;    /* … for one that has ended */
};

TEST(only_what_waits_for_something_that_is_over_is_canceled)
{
	static const struct row rows[] = {
		{ false, RUN_QUEUED, "goes on", "goes on", "incident 7 is resolved" },
		{ false, RUN_AWAITING_APPROVAL, "goes on", "goes on", "incident 7 is resolved" },
		{ true, RUN_AWAITING_APPROVAL, "goes on", "goes on", "incident 7 is resolved" },
		{ true, RUN_QUEUED, "goes on", "goes on", "goes on" },
		{ true, RUN_RUNNING, "goes on", "goes on", "goes on" },
		{ true, RUN_VERIFYING, "goes on", "goes on", "goes on" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run_claim claim = { .started_once = rows[i].started_once,
			.status = rows[i].status,
			.incident_status = INCIDENT_RESOLVED,
			.incident_id = 7 };

		ck_str(look(&claim), rows[i].over);
		claim.fires = true;
		ck_str(look(&claim), rows[i].fires);
		claim.fires = false;
		claim.by_hand = true;
		ck_str(look(&claim), rows[i].by_hand);
	}
}

/* A mitigated incident is open: its alert fires, or another one of it does. */
TEST(the_reason_names_the_incident_when_that_is_over)
{
	static const char *const want[INCIDENT_STATUSES] = {
		[INCIDENT_FIRING] = "its alert has ended",
		[INCIDENT_MITIGATED] = "its alert has ended",
		[INCIDENT_RESOLVED] = "incident 7 is resolved",
		[INCIDENT_CLOSED] = "incident 7 is closed",
	};

	for (uint8_t status = 0; status < INCIDENT_STATUSES; status++) {
		const struct run_claim claim = {
			.status = RUN_QUEUED, .incident_status = status, .incident_id = 7
		};

		ck_str(look(&claim), want[status]);
	}
	ck_str(look(&(struct run_claim){ .incident_status = INCIDENT_CLOSED }),
			"its alert has ended");
}
