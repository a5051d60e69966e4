/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prober - probes the checks that have an interval, again and again, and remembers their state.
 *
 * URLs and ports are asked of egress, programs of the executor; one look at a time for each check,
 * PROBER_EGRESS_MAX and PROBER_COMMANDS_MAX in all, so that steps that look find room. The first
 * looks are spread over PROBER_SPREAD_MS (or the interval, when that is shorter), and stay spread.
 * Due times are of the clock that is never set: what was missed is not made up for.
 *
 * What is written down: another status, PROBER_CHANGE_MS after it was seen at the latest, so that
 * many that change together share a transaction; everything else (when it was last looked at)
 * every PROBER_SAVE_MS. So a look does not cost a write. While there is no room on the disk nothing
 * is written, and all is known still.
 *
 * Neither the kill switch nor a dry run stops it: it only looks.
 */
#ifndef CORE_PROBER_H
#define CORE_PROBER_H

#include "base/err.h"
#include "core/checks/checks_room.h"
#include "core/state/deadline.h"
#include "store/checks.h"
#include "wire/message.h"

#define PROBER_EGRESS_MAX   128
#define PROBER_COMMANDS_MAX 8
#define PROBER_SPREAD_MS    10000
#define PROBER_GRAIN_MS     20 /* what is due within is asked for together */
#define PROBER_CHANGE_MS    250
#define PROBER_SAVE_MS      60000
#define PROBER_MARGIN_MS    5000 /* who was asked is given up this long after the check's timeout */
/* The same for a program, which is ended first. */
#define PROBER_COMMAND_MARGIN_MS 20000

void prober_clear(struct checks_room *checks);

/*
 * Another configuration is in force, the one before is still there. What was known of a check stays
 * as long as it means the same; the rows of others go. The first time it is read from the store.
 */
int prober_configure(struct checks_room *checks, struct err *err);

/* Do what is due. -1: the store failed. */
int prober_tick(struct checks_room *checks, struct deadline *next, struct err *err);

/* An answer of egress or the executor; of a look that nobody waits for (any more) it is dropped. */
void prober_probed(struct checks_room *checks, const struct msg_probed *msg);
/* Egress is new: what the old one was asked is asked again. */
void prober_egress_new(struct checks_room *checks);

/* The watch of the check of that name, or NULL. */
const struct watch *prober_find(const struct checks_room *checks, const char *name);

/* The change that gave watch its status. Text is borrowed. */
struct check_change prober_change(const struct watch *watch);

#endif
