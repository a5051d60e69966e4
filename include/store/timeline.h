/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timeline - what happened to an incident, in order: written in the transaction of what it tells
 * of.
 */
#ifndef STORE_TIMELINE_H
#define STORE_TIMELINE_H

#include <stdint.h>

#include "sys/db.h"

enum timeline_kind {
	TIMELINE_OPENED,
	TIMELINE_REOPENED,
	TIMELINE_JOINED, /* another alert fires */
	TIMELINE_LEFT,   /* one of its alerts does not any more */
	TIMELINE_QUEUED, /* a run */
	TIMELINE_ASKED,  /* a run waits for approval */
	TIMELINE_APPROVED,
	TIMELINE_ENDED, /* a run, with its result */
	TIMELINE_MITIGATED,
	TIMELINE_FIRED, /* it was mitigated, and is not any more */
	TIMELINE_RESOLVED,
	TIMELINE_ATTENTION, /* it needs an operator, and did not before */
	TIMELINE_ACKNOWLEDGED,
	TIMELINE_NOTE,
	TIMELINE_PAGED,    /* a level */
	TIMELINE_NOTIFIED, /* a receiver was, or could not be */
	TIMELINE_FOLLOW_UP,
	TIMELINE_CHECKED, /* an item of the checklist is done, or is not after all */
	TIMELINE_CHANGED, /* a field, from what to what */
	TIMELINE_CLOSED,
	TIMELINE_HELD,   /* nobody is paged for it, and why */
	TIMELINE_LIFTED, /* it is not held any more */
	TIMELINE_KINDS
};

/* "opened", "reopened", … "follow_up", … */
extern const char *const timeline_kind_names[TIMELINE_KINDS];

/* Entries after which alerts that join or leave are only counted: by the incident's alerts. */
#define TIMELINE_ALERTS_MAX 500

struct timeline_row {
	int64_t incident_id;
	int64_t id; /* from 1, within the incident; not used by timeline_add() */
	int64_t at;
	uint8_t kind;    /* enum timeline_kind; not set in rows that are read */
	const char *who; /* NULL: playbookd itself */
	const char *text;
	int64_t run_id;        /* 0: none */
	const char *kind_name; /* in rows that are read */
};

typedef void (*timeline_fn)(const struct timeline_row *row, void *arg);

/* Add row at the end. TIMELINE_ATTENTION is added only when it needed no operator before. */
int timeline_add(struct db *db, const struct timeline_row *row, struct err *err);

/* The same for a note, and which id it got. */
int timeline_add_note(
		struct db *db, const struct timeline_row *row, int64_t *ret_id, struct err *err);

struct timeline_query {
	int64_t incident_id;
	int64_t after; /* id; 0: from the oldest */
	int64_t limit;
};

/* The oldest first. */
int timeline_list(struct db *db, const struct timeline_query *query, timeline_fn fn, void *arg,
		struct err *err);

#endif
