/*
 * notice - what people are told of incidents: the facts from the store, in the words of a template,
 * into the outbox.
 */
#ifndef CORE_COMPOSE_H
#define CORE_COMPOSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/notification_text.h"

struct core;

/* What is told, and of what. */
struct notice_order {
	enum template_kind template_kind;
	const char *key;          /* see struct notice of core/outbox.h */
	const int64_t *incidents; /* one at least; the first is what the letter is about */
	size_t incidents_len;
	const int64_t *affected; /* with those that their services are counted from; may be none */
	size_t affected_len;
	const char *reason; /* NULL: the incident's attention, or that none is known */
	int64_t now;
	int64_t next_update; /* 0: none is promised */
};

/* Tell receivers, a NULL-terminated list. */
int notice_tell(struct core *core, const struct notice_order *order, const char *const *receivers,
		struct err *err);

#endif
