/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_alert - alerts that playbookd itself raises, about what its senders do or fail to do.
 *
 * They go the way of a delivered alert: a delivery of principal "playbookd", an episode, an
 * incident of their own group, decisions, pages by the policy. Playbooks match them, and
 * `unmatched: ignore` does not concern them.
 *
 *	const struct label labels[] = { { "heartbeat", "watchdog" }, { NULL, NULL } };
 *	const struct own_alert missing = { .alertname = "HeartbeatMissing", .labels = labels,
 *		.summary = "heartbeat watchdog: nothing came for 6m" };
 *	own_alert_fires(room, &missing, err);   as often as it is found to be so
 *	own_alert_ends(room, &missing, err);    it is over
 */
#ifndef CORE_OWN_ALERT_H
#define CORE_OWN_ALERT_H

#include <stdbool.h>

#include "base/err.h"
#include "core/intake/intake_room.h"
#include "domain/label.h"

#define OWN_ALERT_PRINCIPAL  "playbookd"
#define OWN_ALERT_LABELS_MAX 8

/* alertname and labels say which alert it is; the rest may change from call to call. */
struct own_alert {
	const char *alertname;
	const struct label
			*labels; /* further ones, none empty; ends with a NULL name; NULL: none */
	const char *summary;     /* one sentence: why an operator is needed */
	const char *level;       /* "L1" to "L4", when no playbook matches; NULL: the policy's
				       first */
	/*
	 * What it says is not a state that lasts but something that happened: when an operator has
	 * resolved or closed its incident, the next time is a new outage. (A state stays what the
	 * operator has seen, until own_alert_ends().)
	 */
	bool happens;
};

/*
 * It fires. Nothing changes while it fires already; else it is written in the transaction of the
 * turn, which is opened when it is not. Borrows own during the call. -1: the store failed.
 */
int own_alert_fires(struct intake_room *room, const struct own_alert *own, struct err *err);

/* It is over. Nothing changes when it does not fire. The rest as above. */
int own_alert_ends(struct intake_room *room, const struct own_alert *own, struct err *err);

#endif
