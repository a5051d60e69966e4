/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows - rows of the store as nouns of wire/view: which member of a row each column is.
 *
 * Times are RFC 3339 UTC with milliseconds or null, ids numbers.
 */
#ifndef CORE_ROWS_H
#define CORE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/jsonw.h"
#include "store/approvals.h"
#include "store/audits.h"
#include "store/checklists.h"
#include "store/checks.h"
#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/follow_ups.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/paged_levels.h"
#include "store/rejected_bodies.h"
#include "store/runs.h"
#include "store/steps.h"
#include "store/timeline.h"
#include "wire/view.h"

/* The members only; the caller opens and closes the object and may add to it. */
void rows_delivery(struct jsonw *w, const struct delivery_row *row);
void rows_rejected_delivery(struct jsonw *w, const struct rejected_body_row *row);
void rows_incident(struct jsonw *w, const struct incident_row *row);
void rows_question(struct jsonw *w, const struct approval_row *row);
void rows_run(struct jsonw *w, const struct run_row *row);

/* Whole objects. */
void rows_alert(struct jsonw *w, const struct episode_row *row);
void rows_alert_decision(struct jsonw *w, const struct decision_row *row);
void rows_approval(struct jsonw *w, const struct approval_row *row);
void rows_check_change(struct jsonw *w, const struct check_change *row);
void rows_command(struct jsonw *w, const struct audit_row *row);
void rows_decision(struct jsonw *w, const struct decision_row *row);
void rows_escalation(struct jsonw *w, const struct paged_level_row *row);
void rows_follow_up(struct jsonw *w, const struct follow_up_row *row);
void rows_notification(struct jsonw *w, const struct notice_row *row);
void rows_run_in_short(struct jsonw *w, const struct run_row *row);
void rows_step(struct jsonw *w, const struct step_row *row);
void rows_timeline_entry(struct jsonw *w, const struct timeline_row *row);
void rows_waiting_run(struct jsonw *w, const struct run_row *row);

/* All items, as member `checklist`: rows by item; at 0: not done. */
void rows_checklist(struct jsonw *w, const struct checklist_row rows[CHECKLIST_ITEMS]);

/* How a member of a row becomes a value. */
enum row_kind {
	ROW_BOOL,           /* bool */
	ROW_BOOL_OF,        /* what value() says of the row: 0 or 1 */
	ROW_DIGEST,         /* uint8_t[DIGEST_SIZE] */
	ROW_DIGEST_AT,      /* const uint8_t *, of DIGEST_SIZE bytes */
	ROW_INT,            /* int64_t */
	ROW_INT_ABOVE_ZERO, /* int64_t; 0: null */
	ROW_INT_FROM_ZERO,  /* int64_t; negative: null */
	ROW_JSON,           /* const char *, JSON already */
	ROW_TAIL,           /* const char *, with its length at len_offset; NULL: "" */
	ROW_TEXT,           /* const char * */
	ROW_TIME,           /* int64_t; 0: null */
	ROW_TIME_OF,        /* what value() says of the row; 0: null */
	ROW_U32,            /* uint32_t */
	ROW_WORD,           /* uint8_t: which of the column's words */
	ROW_KINDS
};

struct row_member {
	const char *column; /* of the noun */
	uint8_t kind;       /* enum row_kind */
	uint16_t offset;
	uint16_t len_offset;
	int64_t (*value)(const void *row);
};

/* A noun's own columns, in order; not those of its base. */
struct row_binding {
	const struct row_member *members;
	size_t len;
};

/* By enum noun; without members: rows are not what that noun is made of. */
extern const struct row_binding rows_bindings[NOUNS];

#endif
