/*
 * runner - queued runs become steps, steps become results (C2 to C5).
 *
 * What to do next is decided by domain/run.h. The runner keeps the list of what goes on, takes runs
 * from the queue when there is room and their lock is free, and writes down where each stands;
 * core/launch starts attempts, core/outcome hears how they went:
 *
 *	a program   MSG_START → MSG_STARTED → (commit) → MSG_GO → MSG_ENDED → the folder
 *	a URL       MSG_PROBE → MSG_PROBED
 *	a wait      until a time
 */
#ifndef CORE_RUNNER_H
#define CORE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/run/active.h"
#include "domain/run.h"
#include "store/runs.h"
#include "wire/message.h"

struct core;

struct runner {
	struct active **active;
	size_t len;
	size_t cap;
	uint64_t probes;           /* the last probe's id */
	struct attempt_id *forget; /* their output is in the transaction of this turn */
	size_t forget_len;
	size_t forget_cap;
	bool queue_waits; /* there may be a queued run */
	int64_t look_ms;  /* mono: one waits for the end of a time interval, look again; 0: none */
};

void runner_clear(struct core *core);

/* Do what is due and start queued runs while there is room. Returns ms until the next is due, or
 * -1 for none; -2 with err when the store failed. */
int64_t runner_tick(struct core *core, struct err *err);

/* Take up row as a new active run that follows generation (NULL: its configuration is gone). */
struct active *runner_add(struct core *core, const struct run_row *row,
		struct generation *generation, struct err *err);

/*
 * The run is not wanted any more (active->cancel says why): it ends now when nothing of it runs,
 * else with the attempt in hand, which the executor is told to end. Neither the steps that are left
 * nor the rescue steps are run.
 */
int runner_cancel(struct core *core, struct active *active, struct err *err);

/* The run waited for a person, or was approved, and is not wanted: it ends as rejected. */
int runner_reject(struct core *core, struct active *active, const char *reason, struct err *err);

/* The active run of that id, or NULL. */
struct active *runner_find(const struct core *core, int64_t run_id);

/* Take in an event of the attempt in hand, write it down and do what follows. */
int runner_event(struct core *core, struct active *active, enum run_event event, const char *detail,
		struct err *err);

#endif
