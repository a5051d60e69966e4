/* SPDX-License-Identifier: Apache-2.0 */
/*
 * over - is what a run was for over? Asks the store for what domain/run_wanted wants to know.
 */
#ifndef CORE_OVER_H
#define CORE_OVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/run.h"
#include "sys/db.h"

struct over {
	bool is;                   /* it is: the run must not go on */
	bool started_once;         /* the run has left the queue */
	char why[RUN_REASON_MAX];  /* "incident 7 is resolved" */
	char done[RUN_REASON_MAX]; /* "; done before: look, drain"; "" when it has done nothing */
};

/* The run waits, or is about to. -1: the store failed. */
int over_look(struct db *db, int64_t run_id, struct over *ret, struct err *err);

#endif
