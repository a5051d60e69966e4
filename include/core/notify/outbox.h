/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbox - notifies receivers: it writes a notification with its cause, and sends it after that, at
 * least once.
 *
 *	outbox_add()        a row for each endpoint, in the transaction of what causes it
 *	outbox_tick()       what is due goes to egress: MSG_NOTIFY, after the commit
 *	outbox_notified()   egress says how it went: sent, again later, or failed
 *
 * One of each endpoint is in flight at a time, and IN_FLIGHT_MAX of all together, so that an
 * endpoint which hangs holds up nobody but itself. They are sent in the order in which they were
 * written; one that failed is tried again after 1 s, 2 s, 4 s … OUTBOX_PAUSE_MAX_MS, and those
 * behind it do not wait for that, but only for the backoff of the endpoint
 * (core/notify/in_flight.h): thousands that wait for a dead one cost a try every few seconds. After
 * OUTBOX_GIVE_UP_MS it has failed, with the reason of its last attempt. An attempt is counted and
 * the next one put off before it begins: a notification that brings egress down does not do so
 * again and again.
 *
 * What waits for an endpoint that is not in the configuration any more has failed.
 */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include <stdint.h>

#include "base/err.h"
#include "core/notify/notify_room.h"
#include "core/state/deadline.h"
#include "wire/message.h"

#define OUTBOX_PAUSE_MAX_MS (INT64_C(5) * 60 * 1000)
#define OUTBOX_GIVE_UP_MS   (INT64_C(24) * 3600 * 1000)
#define OUTBOX_SUBJECT_MAX  512         /* bytes; what is longer is cut */
#define OUTBOX_TEXT_MAX     (32 * 1024) /* bytes; what is longer is cut */
#define OUTBOX_INCIDENT_MAX (64 * 1024) /* bytes of JSON; what is longer goes without labels */

struct notice {
	int64_t incident_id;  /* 0: none */
	const char *key;      /* each endpoint gets one notification of a key */
	const char *receiver; /* of the configuration */
	const char *kind;     /* initial, escalation, update, resolved, ticket, step */
	const char *subject;  /* one line: the mail's subject, Slack's first line */
	const char *text;     /* plain text, may have many lines; "" is fine */
};

void outbox_clear(struct notify_room *notify);

/*
 * Write a row for each endpoint of the receiver, unless it has that already. The notification
 * has the incident as the transaction has it now. An endpoint with send_resolved: false gets none
 * of kind "resolved". Unknown receiver: a row that has failed, with the reason. -1: the store
 * failed.
 */
int outbox_add(struct notify_room *notify, const struct notice *notice, struct err *err);

/* Send what is due. -1: the store failed. */
int outbox_tick(struct notify_room *notify, struct deadline *next, struct err *err);
/* What egress says. -1: the store failed. */
int outbox_notified(struct notify_room *notify, const struct msg_notified *msg, struct err *err);
/* Egress is new: what the old one was asked is sent again, after the pause of its attempt. */
void outbox_egress_new(struct notify_room *notify);
/* The configuration is new: what waits for an endpoint that is gone has failed. */
int outbox_config_new(struct notify_room *notify, struct err *err);

#endif
