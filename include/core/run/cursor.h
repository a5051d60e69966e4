/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor - where a run stands, and how its steps have ended, by the rows that the store has of
 * them.
 */
#ifndef CORE_CURSOR_H
#define CORE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/run/active.h"

/* The last attempt that was written down, and how the steps before it ended. */
struct last_attempt {
	struct active *active;
	bool any;
	int64_t step;
	int64_t attempt;
	int64_t started_at;
	int64_t finished_at;
	uint32_t tries;         /* attempts of that step that ran */
	uint32_t interruptions; /* attempts of that step of which nobody knows */
	uint8_t status;         /* enum step_status */
};

/* Set active's cursor, and tell what the last attempt was. *last is zeroed. -1: the store failed.
 */
int cursor_read(struct run_room *run, struct active *active, struct last_attempt *last,
		struct err *err);
/* The same, when that does not matter. */
int cursor_restore(struct run_room *run, struct active *active, struct err *err);

#endif
