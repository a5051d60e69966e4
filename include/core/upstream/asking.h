/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asking - asks each Alertmanager about once its ask_every, as long as an incident is open, and
 * takes in what it answers. It also looks for alerts of which nothing is received any more.
 */
#ifndef CORE_ASKING_H
#define CORE_ASKING_H

#include "base/err.h"
#include "core/state/deadline.h"
#include "core/upstream/upstream_room.h"

#define ASKING_MARGIN_MS 5000  /* egress is given up this long after all its requests timed out */
#define ASKING_STALE_MS  60000 /* how often what is stale is looked for */

/* All return -1 when the store failed. */

int asking_tick(struct upstream_room *room, struct deadline *next, struct err *err);

/* Answers of egress; of a look that nobody waits for (any more) they are dropped. */
void asking_listed(struct upstream_room *room, const struct msg_listed *msg);
int asking_fetched(struct upstream_room *room, const struct msg_fetched *msg, struct err *err);
int asking_asked(struct upstream_room *room, const struct msg_asked *msg, struct err *err);

/* Egress is new: what the old one was asked is asked again. */
void asking_egress_new(struct upstream_room *room);

#endif
