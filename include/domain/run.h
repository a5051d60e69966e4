/*
 * run - one execution of a playbook: its states, and what to do next.
 *
 *	queued ──▶ running ──▶ verifying ──▶ succeeded
 *	  │  ▲        │  ▲         │
 *	  │  │        │  └─────────┤  verify failed: rescue steps
 *	  │  │        ▼            ▼
 *	  │  │     failed · timed_out · interrupted · canceled
 *	  ▼  │
 *	awaiting_approval ──▶ rejected
 *
 * Exit status 0 is not success: a run with a verify phase succeeds when that says so. A run that
 * failed runs its rescue steps (as running, with `outcome` set) before it ends.
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
/* Does the diagram have this arrow? */
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
};

enum run_action {
	RUN_DO_STEP,   /* start attempt cursor.attempt of step cursor.step */
	RUN_DO_PAUSE,  /* nothing until cursor.due_ms, then RUN_EV_DUE */
	RUN_DO_FINISH, /* cursor.status is final */
};

#define RUN_REASON_MAX 384

struct run_cursor {
	uint8_t status;           /* enum run_status */
	uint8_t outcome;          /* enum run_status that will be final, once it is certain to fail;
				     RUN_QUEUED while it is not */
	uint32_t step;            /* index in the playbook */
	uint32_t attempt;         /* from 1; names the attempt, never used twice */
	uint32_t tries;           /* attempts of this step that ran */
	int64_t due_ms;           /* end of the pause, in the clock of `now_ms` */
	int64_t probe_until_ms;   /* check: no first pass after this */
	int64_t passing_since_ms; /* check: first pass of the present row of passes; 0: none */
	char reason[RUN_REASON_MAX]; /* why the status is what it is; "" at first */
};

/*
 * Take in event and say what to do now. detail says in a few words how the attempt ended ("exit
 * status 1", "status 502, expected 200"); it becomes part of reason. now_ms may be any clock that
 * is not set back, the same at every call.
 */
enum run_action run_next(const struct playbook *playbook, struct run_cursor *cursor,
		enum run_event event, const char *detail, int64_t now_ms);

#endif
