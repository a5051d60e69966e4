/*
 * receive - the answer to a delivery, held until all that it says is committed.
 *
 * One that a person sends again is an order like any other (core/order.h): written down, and
 * carried out once for its Idempotency-Key.
 */
#ifndef CORE_DELIVERY_COMMAND_H
#define CORE_DELIVERY_COMMAND_H

#include "base/err.h"
#include "wire/message.h"

struct core;

/* Returns -1 when the store failed. */
int receive_delivery(struct core *core, const struct msg_deliver *msg, struct err *err);

#endif
