/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner - an event of a run, and what follows from it (C2 to C5).
 *
 * domain/run.h decides the next action; start begins attempts, question asks for approval, result
 * ends runs. An event is a loop, not a recursion: what is over as soon as it started is the next
 * event.
 *
 *	a program   MSG_START → MSG_STARTED → (commit) → MSG_GO → MSG_ENDED → the folder
 *	a URL       MSG_PROBE → MSG_PROBED
 *	a wait      until a time
 */
#ifndef CORE_RUNNER_H
#define CORE_RUNNER_H

#include "base/err.h"
#include "core/run/active.h"
#include "core/run/over.h"
#include "domain/run.h"

/* All return -1 when the store failed. active may be gone afterwards. */

/* Take in an event of the attempt in hand, write it down and do what follows. */
int runner_event(struct run_room *run, struct active *active, enum run_event event,
		const char *detail, struct err *err);

/*
 * The run is not wanted any more (active->cancel says why): it ends now when nothing of it runs,
 * else with the attempt in hand, which the executor has to end. Neither the steps that are left nor
 * the rescue steps are run.
 */
int runner_cancel(struct run_room *run, struct active *active, struct err *err);

/*
 * The run waits, and what it was for is over: it ends as canceled, and its question, if it has one,
 * with it. A run that comes to an approve step then ends so by itself, and nobody is asked.
 */
int runner_over(struct run_room *run, struct active *active, const struct over *over,
		struct err *err);

/* The run waited for approval, or was approved, and is not wanted: it ends as rejected. */
int runner_reject(struct run_room *run, struct active *active, const char *reason, struct err *err);

#endif
