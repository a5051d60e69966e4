/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rejects - what a sender sent and playbookd could not take: it is kept, and an operator is paged.
 *
 *	a body that can never succeed   a row of rejected_body, and the own alert
 *	                                UndecodableDelivery, one for all of them; it ends when none
 *	                                has arrived for REJECTS_END_MS
 *	an alert that cannot be read    its decision, rejected_alert, and the own alert
 *	                                UnreadableAlert, one a receiver; an operator closes it
 */
#ifndef CORE_REJECTS_H
#define CORE_REJECTS_H

#include "base/err.h"
#include "core/intake/intake_room.h"
#include "core/state/deadline.h"
#include "wire/message.h"

#define REJECTS_END_MS (INT64_C(24) * 60 * 60 * 1000)

/* The front has refused a delivery. -1: the store failed. */
int rejects_keep(struct intake_room *room, const struct msg_rejected *msg, struct err *err);
/* The same, while nothing can be written: it is counted. */
void rejects_count(struct intake_room *room, const struct msg_rejected *msg);

/* The delivery was taken in, now: an operator has to know of its alerts that are broken. */
int rejects_alerts(struct intake_room *room, const struct msg_deliver *msg, struct err *err);

/* Have the senders of undecodable deliveries been mended? */
int rejects_tick(struct intake_room *room, struct deadline *next, struct err *err);

#endif
