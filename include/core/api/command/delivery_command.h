/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery_command - answers a delivery, once all that the answer says is committed.
 *
 * One that an operator sends again is a command like any other (core/api/command.h): written down,
 * and done once for its Idempotency-Key.
 */
#ifndef CORE_DELIVERY_COMMAND_H
#define CORE_DELIVERY_COMMAND_H

#include "base/err.h"
#include "core/api/reply.h"

/* Take the delivery in. Returns -1 when the store failed. */
int delivery_command(const struct api_room *api, const struct msg_deliver *msg, struct err *err);
/* Refuse it: the sender tries again. */
void delivery_command_refuse(
		const struct api_room *api, const struct msg_deliver *msg, const struct err *why);

#endif
