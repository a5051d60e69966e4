/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident - what the log is about, and the only way its status changes.
 *
 *	             ┌───────────── FIRE ──────────────┐
 *	             ▼                                 │
 *	(new) ──▶ firing ──── RESOLVE ───────────▶ resolved ──▶ closed
 *	           │  ▲                                ▲  CLOSE
 *	  MITIGATE │  │ FIRE                           │
 *	           ▼  │                                │
 *	        mitigated ───── RESOLVE ───────────────┘
 *
 * firing and mitigated are open: an alert of the group joins. mitigated means that a playbook's
 * verify passed while the alert was still firing. An operator may also close an open incident, or
 * resolve it while alerts of it fire: those start nothing any more, and one that begins to fire
 * opens it again, as always.
 * Acknowledgement and level are facts about an incident, not states.
 */
#ifndef DOMAIN_INCIDENT_H
#define DOMAIN_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "domain/alert.h"
#include "domain/playbook.h"

enum incident_status {
	INCIDENT_FIRING,
	INCIDENT_MITIGATED,
	INCIDENT_RESOLVED,
	INCIDENT_CLOSED,
	INCIDENT_STATUSES
};

enum incident_event {
	INCIDENT_FIRE,     /* an alert of it fires (again) */
	INCIDENT_MITIGATE, /* a run's verify passed */
	INCIDENT_RESOLVE,  /* its last firing alert is resolved, or an operator resolves it */
	INCIDENT_CLOSE,    /* an operator is done with it */
	INCIDENT_EVENTS
};

/* "firing", "mitigated", "resolved", "closed". */
extern const char *const incident_status_names[INCIDENT_STATUSES];

/* Is it a major one, as an operator stated? */
enum incident_judgement {
	INCIDENT_UNJUDGED, /* not stated: its level decides */
	INCIDENT_MINOR,
	INCIDENT_MAJOR
};

/*
 * Is severity `now` worse than `before`? Both are values of the label severity: critical is worse
 * than error, error than warning, warning than info, info than none and "". Words that are in no
 * such order are neither worse nor better than any other.
 */
bool incident_severity_worse(const char *now, const char *before);

#define INCIDENT_MAJOR_LEVEL 3 /* L3 and above are major, unless an operator says otherwise */

/* level: 1 to 4, 0 for none. */
bool incident_is_major(enum incident_judgement said, uint8_t level);

/* The status of that name, or -1. */
int incident_status_parse(const char *name);

/* The status after event, which is the same when event changes nothing; -1 when it may not happen.
 */
int incident_move(enum incident_status status, enum incident_event event);

/*
 * Which incident an alert belongs to: SHA-256 over the playbook's name ("" for none) and the values
 * of its group_by labels; a playbook that says nothing has group_by, the one for all.
 */
void incident_group(const struct playbook *playbook, const char *const *group_by,
		const struct labels *labels, uint8_t ret_hash[DIGEST_SIZE]);

/* The same, but grouped by all of its labels. */
void incident_group_of_all(const struct playbook *playbook, const struct labels *labels,
		uint8_t ret_hash[DIGEST_SIZE]);

/*
 * Append the title: the playbook's, with ${param}, ${labels.NAME} and ${annotations.NAME} put in as
 * the alert has them, or, without one, "ALERTNAME on INSTANCE", with what its labels say about the
 * target before: "ALERTNAME mountpoint=/ on INSTANCE" (details.h; group_by as above); of an alert
 * without a name "alert without a name" instead of that. Never fails: what is absent is "". Control
 * characters become spaces.
 */
void incident_title(const struct playbook *playbook, const char *const *group_by,
		const struct alert *alert, struct buf *out);

#endif
