/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline - the moment at which a room has to be asked again, by the clock that is never set.
 *
 * Each room's tick pulls the one deadline of the turn in to what it is waiting for itself; the loop
 * sleeps until then. Times are of turn.mono_ms.
 */
#ifndef CORE_DEADLINE_H
#define CORE_DEADLINE_H

#include <stdint.h>

struct deadline {
	int64_t mono_ms; /* DEADLINE_NEVER: nothing is waited for */
};

#define DEADLINE_NEVER INT64_MAX

/* Not later than at mono_ms. */
void deadline_by(struct deadline *deadline, int64_t mono_ms);
/* Milliseconds from now (mono) until then, never less than 0; -1 for never. */
int64_t deadline_wait(const struct deadline *deadline, int64_t now);

#endif
