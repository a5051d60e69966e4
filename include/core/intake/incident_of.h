/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident_of - the incident of an alert: opened, joined, opened again, and resolved when its last
 * alert ends.
 */
#ifndef CORE_INCIDENT_OF_H
#define CORE_INCIDENT_OF_H

#include <stdint.h>

#include "base/err.h"
#include "core/intake/intake_room.h"
#include "domain/playbook.h"

/*
 * The new episode of subject joins the incident of its group, which is opened (again) if need be;
 * one that is mitigated stays so. playbook is the first that matches, or NULL. Sets
 * subject->incident. -1: the store failed.
 */
int incident_of_join(struct intake *in, struct subject *subject, const struct playbook *playbook,
		struct err *err);
/* The mitigated incident of subject fires again: its repair was not for this alert. */
int incident_of_fire_again(struct intake *in, struct subject *subject, struct err *err);

/* An alert of the incident ended. -1: the store failed. */
int incident_of_end(struct intake *in, const struct subject *subject, int64_t incident_id,
		struct err *err);

/*
 * An alert of the incident ended at ended_at (wall), and that was never delivered. Whoever was
 * notified is so by escalator_over(), once it is known whether the incident is opened again.
 */
int incident_of_end_untold(struct intake *in, const struct subject *subject, int64_t incident_id,
		int64_t ended_at, struct err *err);

/* An alert of it fires on with other annotations: if it opened the incident, that has them too. */
int incident_of_repeat(struct intake *in, const struct subject *subject, int64_t incident_id,
		struct err *err);

#endif
