/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/run_wanted.h"

#include <inttypes.h>
#include <stdio.h>

/* Nothing of it is done now, or will be without something that is still to come. */
static bool waits(const struct run_claim *claim)
{
	return !claim->started_once || claim->status == RUN_AWAITING_APPROVAL;
}

bool run_wanted(const struct run_claim *claim, char *reason)
{
	bool over = claim->incident_status == INCIDENT_RESOLVED ||
		    claim->incident_status == INCIDENT_CLOSED;

	if (claim->by_hand || claim->fires || !waits(claim)) {
		return true;
	}
	if (claim->incident_id && over) {
		snprintf(reason, RUN_REASON_MAX, "incident %" PRId64 " is %s", claim->incident_id,
				incident_status_names[claim->incident_status]);
	} else {
		snprintf(reason, RUN_REASON_MAX, "its alert has ended");
	}
	return false;
}
