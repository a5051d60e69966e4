/*
 * order - an order is carried out once for its Idempotency-Key: said again by the same principal,
 * it is answered as it was the first time, and nothing is done.
 *
 * An order that was refused is not kept: said again, it is tried again.
 */
#ifndef CORE_ORDER_H
#define CORE_ORDER_H

#include "base/err.h"
#include "core/reply.h"

/* Carry out fn, unless it was done already. word names what is asked, among all orders. Returns -1
 * when the store failed. */
int order_once(struct reply *reply, const char *word,
		int (*fn)(struct reply *reply, struct err *err), struct err *err);

#endif
