/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver - send a notice to an endpoint once, and report how it went.
 *
 *	                    sent        later                       never
 *	webhook             2xx         408, 429, 5xx               any other status
 *	email               taken       4xx, 53x                    any other 5xx to the mail
 *	both                            no connection, no TLS, no login, no answer in time
 *
 * (Alertmanager's webhooks give up at once on all but 5xx, its Slack also retries 429.)
 *
 * Every notice is reported exactly once through done(), one that cannot be sent too, unless
 * deliver_cancel() came before. At most DELIVER_MAX are in flight at a time; one more: later.
 * Reasons have nothing of a URL but its host, and nothing that the endpoint answered but numbers.
 */
#ifndef EGRESS_DELIVER_H
#define EGRESS_DELIVER_H

#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"
#include "wire/message.h"

#define DELIVER_MAX 64

struct deliver;

/* result is valid during the call; may be called from within deliver_start(). */
typedef void (*deliver_done_fn)(void *arg, const struct msg_notified *result);

/* Borrows loop until deliver_free(). ERR_IO. */
struct deliver *deliver_new(struct loop *loop, deliver_done_fn done, void *arg, struct err *err);
/* NULL is a no-op. */
void deliver_free(struct deliver *deliver);

/* From now on these are the receivers. Copies them. */
void deliver_receivers(struct deliver *deliver, const struct msg_receivers *receivers);
/* Copies what it needs of notice. */
void deliver_start(struct deliver *deliver, const struct msg_notify *notice);
/* Forget all that are on their way. */
void deliver_cancel(struct deliver *deliver);
/* The owner's tick calls it every turn. Returns in how many ms it wants to be called again, or -1.
 */
int64_t deliver_tick(struct deliver *deliver);

#endif
