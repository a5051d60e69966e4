/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose - the words of a notification: facts about incidents from the store, filled into a
 * template, and from there into the outbox.
 */
#ifndef CORE_COMPOSE_H
#define CORE_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/notify/notify_room.h"
#include "domain/notification_text.h"

/* What a notification says, and about which incidents. */
struct composition {
	enum template_kind template_kind;
	const char *key;          /* see struct notice of core/notify/outbox.h */
	const int64_t *incidents; /* one at least; the first is what it is about */
	size_t incidents_len;
	const int64_t *affected; /* with those that their services are counted from; may be none */
	size_t affected_len;
	const char *reason; /* NULL: the incident's attention, or that none is known */
	bool is_news;       /* the text says the reason, whatever the template has */
	int64_t now;
	int64_t next_update; /* 0: none is promised */
};

/* Notify receivers, a NULL-terminated list. -1: the store failed. */
int compose_notify(struct notify_room *notify, const struct composition *what,
		const char *const *receivers, struct err *err);

#endif
