/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanted - nothing starts for what is over: runs that wait for something end when the alerts that
 * they are for have ended (domain/run_wanted decides).
 *
 * Whoever ends an alert, or an incident, calls wanted_after_end(). The queue asks once more before
 * a run leaves it, so that no order of events can start what is over.
 */
#ifndef CORE_WANTED_H
#define CORE_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/run/active.h"

/* Both return -1 when the store failed. */

/*
 * An alert of the incident has ended, or the incident was resolved or closed, and the store says
 * so: cancel the runs that wait for what is over. An open question is withdrawn.
 */
int wanted_after_end(struct run_room *run, int64_t incident_id, struct err *err);

/* Is a run that waits still wanted? When not, it ends, active is gone, and *ret_over is true. */
int wanted_at_start(struct run_room *run, struct active *active, bool *ret_over, struct err *err);

#endif
