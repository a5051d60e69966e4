/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view - the one table of how each noun looks in an answer: its columns, in order. The core writes
 * rows of the store by it (core/view/rows.h), docs/api.md is printed from it.
 *
 * Names are camelCase. A noun that says more of the same thing has the other as its base: its own
 * columns follow those of the base.
 */
#ifndef WIRE_VIEW_H
#define WIRE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum noun {
	NOUN_NONE,
	NOUN_ALERT,
	NOUN_ALERT_DECISION,
	NOUN_ALERT_REPORT,
	NOUN_ALERTMANAGER,
	NOUN_APPROVAL,
	NOUN_AUDIT_HEAD,
	NOUN_CHECK,
	NOUN_CHECK_CHANGE,
	NOUN_CHECK_IN_FULL,
	NOUN_CHECKLIST_ITEM,
	NOUN_COMMAND,
	NOUN_CONFIGURATION,
	NOUN_DECISION,
	NOUN_DELIVERY,
	NOUN_DELIVERY_IN_FULL,
	NOUN_ESCALATION,
	NOUN_ESCALATIONS,
	NOUN_FOLLOW_UP,
	NOUN_HEARTBEAT,
	NOUN_INCIDENT,
	NOUN_INCIDENT_IN_FULL,
	NOUN_MATCHER,
	NOUN_NOTIFICATION,
	NOUN_OPEN_QUESTION,
	NOUN_PARAM,
	NOUN_PAUSE,
	NOUN_PAUSE_IN_FULL,
	NOUN_PLAYBOOK,
	NOUN_PLAYBOOK_STEP,
	NOUN_QUESTION,
	NOUN_RECEIPT,
	NOUN_REJECTED_DELIVERY,
	NOUN_REJECTED_DELIVERY_IN_FULL,
	NOUN_REPLAY,
	NOUN_REQUESTED_RUN,
	NOUN_ROLE,
	NOUN_RUN,
	NOUN_RUN_IN_FULL,
	NOUN_RUN_IN_SHORT,
	NOUN_RUN_WITH_PARAMS,
	NOUN_STATUS,
	NOUN_STEP,
	NOUN_STEP_AHEAD,
	NOUN_TIMELINE_ENTRY,
	NOUN_WAITING_RUN,
	NOUNS
};

enum view_type {
	VIEW_BOOL,
	VIEW_DIGEST, /* a string: 64 hex digits */
	VIEW_ID,     /* a number that names something */
	VIEW_INT,
	VIEW_LABELS, /* an object of strings */
	VIEW_LIST,   /* an array of a noun */
	VIEW_ONE,    /* a noun */
	VIEW_TEXT,
	VIEW_TEXTS, /* an array of strings */
	VIEW_TIME,  /* a string: RFC 3339 in UTC, with milliseconds */
	VIEW_WORD,  /* a string: one of words */
	VIEW_TYPES
};

struct view_column {
	const char *name;
	uint8_t type; /* enum view_type */
	bool nullable;
	uint8_t noun;             /* enum noun; VIEW_LIST, VIEW_ONE */
	const char *const *words; /* VIEW_WORD */
	size_t words_len;
};

struct view_noun {
	const char *name; /* as a reader knows it */
	uint8_t base;     /* enum noun */
	const struct view_column *columns;
	size_t len;
};

/* By enum noun. NOUN_NONE has no columns. */
extern const struct view_noun view_nouns[NOUNS];

#endif
