/* SPDX-License-Identifier: Apache-2.0 */
/*
 * approvals - the questions of runs, and their answers. Rows stay with the run: they are the record
 * of who approved it, when and why.
 */
#ifndef STORE_APPROVALS_H
#define STORE_APPROVALS_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/approval.h"
#include "sys/db.h"
#include "sys/digest.h"

enum approval_decision {
	APPROVAL_PENDING,
	APPROVAL_APPROVED,
	APPROVAL_REJECTED,
	APPROVAL_EXPIRED,  /* nobody answered in time */
	APPROVAL_VOID,     /* a reload changed what would be done */
	APPROVAL_CANCELED, /* the run is not wanted any more */
	APPROVAL_DECISIONS
};

/* "pending", "approved", … */
extern const char *const approval_decision_names[APPROVAL_DECISIONS];

struct approval_row {
	struct approval_binding binding; /* with the run's id */
	uint8_t digest[DIGEST_SIZE];
	const char *name;    /* of the step */
	const char *message; /* NULL: none */
	int64_t asked_at;
	const char *not_by; /* NULL: anybody may approve */
	uint8_t decision;   /* enum approval_decision */
	int64_t decided_at; /* 0: not yet */
	const char *decided_by;
	const char *reason;
	bool sealed; /* by the front */
	uint8_t seal[DIGEST_SIZE];
};

typedef void (*approval_fn)(const struct approval_row *row, void *arg);

/* A question is asked: binding to not_by of row. */
int approvals_add(struct db *db, const struct approval_row *row, struct err *err);

/* An answer: whose, when. */
struct approval_answer {
	int64_t run_id;
	uint8_t decision;      /* enum approval_decision, not PENDING */
	const uint8_t *digest; /* of the question that it answers; NULL: whatever is open */
	const char *by;        /* NULL: nobody */
	const char *reason;    /* NULL: not given */
	int64_t now;
	const uint8_t *seal; /* NULL: none */
};

/*
 * Compare and set, in one statement: say it to the open question of the run. APPROVED counts only
 * before its expiry, when digest is the row's, and when by may say so. *ret_taken is false when
 * nothing was changed.
 */
int approvals_decide(struct db *db, const struct approval_answer *answer, bool *ret_taken,
		struct err *err);

/* The open question is bound anew: configuration, expiry, asked_at and digest of row. ERR_BUG when
 * it is not open any more. */
int approvals_rebind(struct db *db, const struct approval_row *row, struct err *err);

/* Call fn for the last question of the run. Returns 1, 0 when there was none, or -1. */
int approvals_last(struct db *db, int64_t run_id, approval_fn fn, void *arg, struct err *err);
/* Call fn for the last that was approved, of a step before `step`. Returns 1, 0 or -1. */
int approvals_behind(struct db *db, int64_t run_id, int64_t step, approval_fn fn, void *arg,
		struct err *err);
/* All of one run, in order. */
int approvals_of(struct db *db, int64_t run_id, approval_fn fn, void *arg, struct err *err);
/* All that are open, oldest run first. */
int approvals_pending(struct db *db, approval_fn fn, void *arg, struct err *err);
int approvals_pending_count(struct db *db, int64_t *ret_count, struct err *err);

#endif
