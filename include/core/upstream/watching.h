/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watching - the alerts that Alertmanager is asked about, and what is known of them: read from the
 * store again for each look, with what was said of them before.
 */
#ifndef CORE_WATCHING_H
#define CORE_WATCHING_H

#include "base/err.h"
#include "core/upstream/upstream_room.h"

void watching_clear(struct upstream_room *room);
/* Another configuration: nothing that was said counts any more. -1: the store failed. */
int watching_configure(struct upstream_room *room, struct err *err);
/* As the store has them now. -1: the store failed. */
int watching_refresh(struct upstream_room *room, struct err *err);
/* The one of that identity, or NULL. */
struct upstream_watch *watching_find(
		const struct upstream_room *room, const uint8_t identity[DIGEST_SIZE]);
/* Is the peer the one that delivers under that URL? */
bool watching_is_sender(const struct upstream_peer *peer, const char *external_url);
/* The peer lists what is delivered by the sender of watch: remember that. -1: the store failed. */
int watching_learn(struct upstream_room *room, const struct upstream_watch *watch, size_t peer,
		struct err *err);

#endif
