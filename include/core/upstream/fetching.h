/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetching - alerts that Alertmanager cut from a delivery are fetched from it with a look, and
 * taken in as a delivery of their own. When that does not work, the incident says that they are
 * missing.
 */
#ifndef CORE_FETCHING_H
#define CORE_FETCHING_H

#include "base/err.h"
#include "base/mem.h"
#include "core/upstream/upstream_room.h"

#define FETCHING_PATIENCE_MS (INT64_C(2) * 60 * 1000)       /* until an incident says so */
#define FETCHING_GIVE_UP_MS  (INT64_C(24) * 60 * 60 * 1000) /* until nobody asks for them any more */

/*
 * The groups that the peer is asked for in its next look, ASK_CUTS_MAX at most, in arena; the
 * peer remembers them. -1: the store failed.
 */
int fetching_cuts(struct upstream_room *room, size_t peer, struct arena *arena, struct msg_ask *msg,
		struct err *err);
/* Alerts came, of a group that the peer was asked for. -1: the store failed. */
int fetching_take(struct upstream_room *room, const struct upstream_peer *peer,
		const struct msg_fetched *msg, struct err *err);
/* The look was answered, and nothing was left out. -1: the store failed. */
int fetching_done(struct upstream_room *room, struct upstream_peer *peer, struct err *err);
/* What waits for too long. *ret_any: something waits still. -1: the store failed. */
int fetching_overdue(struct upstream_room *room, bool *ret_any, struct err *err);

#endif
