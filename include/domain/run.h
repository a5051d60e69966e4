/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run - one execution of a playbook: its states, and what to do next.
 *
 *	             ┌─────────── approved ───────────┐
 *	             ▼                                │
 *	(new) ──▶ queued ──▶ running ─── ASK ──▶ awaiting_approval ◀── (new)
 *	             │        │ │ ▲                   │
 *	             │        │ ▼ │ rescue            ▼
 *	             │        │ verifying          rejected
 *	             │        │ │ │                   ▲
 *	             │        │ │ └──▶ succeeded      │
 *	             │        ▼ ▼                     │
 *	             │   failed · timed_out ·         │
 *	             │   interrupted · canceled       │
 *	             └─── approved, but void now ─────┘
 *
 * What waits may be canceled, too, and what is queued may end as interrupted. A run whose first
 * step is an approve step is awaiting_approval from the beginning. One that was approved goes
 * through the queue and on behind the approve step: while it waits it holds no place among those
 * that go on. It leaves the queue for what comes next, which may be verifying, or succeeded when
 * nothing is left; so does one that only verifies again.
 *
 * Exit status 0 is not success: a run with a verify phase succeeds when that says so. A run that
 * failed runs its rescue steps (as running, with `pending_status` set) before it ends. One whose
 * precheck says no ends as canceled.
 *
 * run_next() is the whole behaviour: (playbook, cursor, event, now) → action. It knows no clock, no
 * process and no table; whoever drives it stores the cursor and does the action.
 */
#ifndef DOMAIN_RUN_H
#define DOMAIN_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/playbook.h"

enum run_status {
	RUN_QUEUED,
	RUN_AWAITING_APPROVAL,
	RUN_RUNNING,
	RUN_VERIFYING,
	RUN_SUCCEEDED,
	RUN_FAILED,
	RUN_TIMED_OUT,
	RUN_CANCELED,
	RUN_INTERRUPTED,
	RUN_REJECTED,
	RUN_STATUSES
};

/* "queued", "awaiting_approval", … */
extern const char *const run_status_names[RUN_STATUSES];

/* The status of that name, or -1. */
int run_status_parse(const char *name);
/* No event changes a final status. */
bool run_status_final(enum run_status status);
/* Does the diagram have this arrow, or its text? The store writes no other. */
bool run_status_can(enum run_status from, enum run_status to);

/* What happened to the attempt that the cursor points at. */
enum run_event {
	RUN_EV_BEGIN,       /* the run leaves the queue */
	RUN_EV_OK,          /* exit 0, the check passed, the wait is over */
	RUN_EV_FAILED,      /* any other exit, a signal, no such program, the check did not pass */
	RUN_EV_TIMED_OUT,   /* ended by the deadline */
	RUN_EV_NOT_STARTED, /* certainly never ran */
	RUN_EV_INTERRUPTED, /* started, and nobody knows how it ended */
	RUN_EV_DUE,         /* the pause before this attempt is over */
	RUN_EV_SKIPPED,     /* not started: its `when` does not hold */
	RUN_EV_LOOK,        /* the run leaves the queue only to verify again */
	RUN_EV_DECLINED,    /* the precheck says that the run is not wanted now */
	RUN_EV_ASK,         /* an approve step, and its `when` holds: the run waits */
	RUN_EV_APPROVED,    /* an operator approved it, and it leaves the queue again */
};

enum run_action {
	RUN_DO_STEP,   /* start attempt cursor.attempt of step cursor.step */
	RUN_DO_PAUSE,  /* nothing until cursor.due_ms, then RUN_EV_DUE */
	RUN_DO_WAIT,   /* nothing, until the question is answered */
	RUN_DO_FINISH, /* cursor.status is final */
};

#define RUN_REASON_MAX        384
#define RUN_RETRY_PAUSE_MAX   (INT64_C(3600) * 1000) /* ms, however often the pause has grown */
#define RUN_INTERRUPTIONS_MAX 3 /* attempts of a step after which on_interrupt: retry gives up */
#define RUN_STEPS_MAX         (PHASES * PHASE_STEPS_MAX)

/* How a step ended, for the `when` of later ones. */
enum step_result {
	STEP_RESULT_NONE, /* the run did not come to it (yet) */
	STEP_RESULT_SUCCEEDED,
	STEP_RESULT_FAILED,
	STEP_RESULT_TIMED_OUT,
	STEP_RESULT_INTERRUPTED,
	STEP_RESULT_SKIPPED,
	STEP_RESULTS
};

/* "", "succeeded", … */
extern const char *const step_result_names[STEP_RESULTS];

struct run_cursor {
	uint8_t status;         /* enum run_status */
	uint8_t pending_status; /* enum run_status that will be final, once it is certain to fail;
				   RUN_QUEUED while it is not */
	uint32_t step;          /* index in the playbook */
	uint32_t attempt;       /* from 1; names the attempt, never used twice */
	uint32_t tries;         /* attempts of this step that ran */
	uint32_t interruptions; /* attempts of this step of which nobody knows how they ended */
	const struct labels *params; /* of the run; NULL: none that reasons need */
	int64_t due_ms;              /* end of the pause, in the clock of `now_ms` */
	int64_t probe_until_ms;      /* check: no first pass after this */
	int64_t passing_since_ms;    /* check: first pass of the present row of passes; 0: none */
	char reason[RUN_REASON_MAX]; /* why the status is what it is; "" at first */
	uint8_t results[RUN_STEPS_MAX]; /* enum step_result of each step that the run has left */
};

/*
 * Take in event and say what to do now. detail says in a few words how the attempt ended ("exit
 * status 1", "status 502, expected 200"); it becomes part of reason. now_ms may be any clock that
 * is not set back, the same at every call.
 */
enum run_action run_next(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_event event, const char *detail, int64_t now_ms);

/*
 * Does the `when` of the step that the cursor points at hold? If not, reason, which has
 * RUN_REASON_MAX bytes, says why: 'when service="argus": it is "hermes"'. To be asked before each
 * first attempt; the answer no is RUN_EV_SKIPPED. -1 when a regex gave up.
 */
int run_when(const struct playbook *playbook, const struct run_cursor *cursor,
		const struct labels *params, bool *ret_holds, char *reason, struct err *err);

/* Does a run with these params begin by waiting for an approval? */
bool run_begins_with_approval(const struct playbook *playbook, const struct labels *params);

/* How long to wait with the attempt that follows `tries` of them. */
int64_t run_retry_pause(const struct step *step, uint32_t tries);

#endif
