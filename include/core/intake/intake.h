/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake - a delivery becomes decisions, incidents and queued runs (C1).
 */
#ifndef CORE_INTAKE_H
#define CORE_INTAKE_H

#include "base/buf.h"
#include "base/err.h"
#include "core/intake/intake_room.h"
#include "core/state/deadline.h"
#include "wire/message.h"

/*
 * Decide about every alert of the delivery, those that fire first, write all of it, and append
 * the answer
 *
 *	{"deliveryId":7,"alerts":3,"note":null,"decisions":[{"fingerprint":"…","alertname":"…",
 *	 "decision":"queued","reason":"…","playbook":"…","incidentId":4,"runId":9}]}
 *
 * A dry run decides the same and leaves nothing behind (deliveryId null).
 * Returns -1 when the store failed.
 */
int intake_deliver(struct intake_room *room, const struct msg_deliver *msg, struct buf *out,
		struct err *err);

/* Late alerts that are due fire (see late.h). -1: the store failed. */
int intake_tick(struct intake_room *room, struct deadline *next, struct err *err);

/*
 * The same for what playbookd itself raises: nobody is answered, and an incident is opened whatever
 * `unmatched` says. The transaction of the turn is open.
 */
int intake_raise(struct intake_room *room, const struct msg_deliver *msg,
		const struct intake_own *own, struct err *err);

#endif
