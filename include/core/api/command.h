/*
 * order - the one way of all that people order: it is written down who ordered what (core/audit.h),
 * and it is carried out once for its Idempotency-Key. Said again by the same principal, it is
 * answered as it was the first time, and nothing is done.
 *
 * An order that was refused is not kept: said again, it is tried again.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include "base/err.h"
#include "core/api/reply.h"

struct order {
	/* Returns -1 only when the store failed; a problem in the reply: it was refused, and
	 * nothing was changed. */
	int (*fn)(struct reply *reply, struct err *err);
	const char *word;  /* for what is ordered, among all orders */
	const char *about; /* what its id is of: run, incident … */
};

/* Carry it out, unless that was done already. Returns -1 when the store failed. */
int order_once(struct reply *reply, const struct order *order, struct err *err);

#endif
