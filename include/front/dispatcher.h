/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatcher - takes requests, checks them, asks whoever knows, and answers.
 *
 * It keeps nothing: what it has accepted is either in the core's store or answered with an error.
 * Without a core, all that needs one is answered 503 and the sender tries again.
 *
 * Limits: DISPATCHER_DELIVERIES_MAX deliveries at the core at once; an answer from the core within
 * PENDING_MAX_MS, else 503.
 */
#ifndef FRONT_DISPATCHER_H
#define FRONT_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/channel.h"
#include "sys/loop.h"
#include "wire/message.h"

#define DISPATCHER_DELIVERIES_MAX 1024

struct dispatcher;

/* Borrows loop and control (to the executor) until dispatcher_free(). Caller frees with
 * dispatcher_free(). */
struct dispatcher *dispatcher_new(struct loop *loop, struct channel *control);
/* NULL is a no-op. */
void dispatcher_free(struct dispatcher *dispatcher);

/* Copies what it needs: the external URL, and a digest of the operator's token. */
void dispatcher_setup(struct dispatcher *dispatcher, const struct msg_setup *msg);
/* Serve the listening socket fd. Takes fd. */
int dispatcher_listen(struct dispatcher *dispatcher, int fd, struct err *err);
/*
 * Who is asked from now on; NULL: there is none. Borrows core until the next call. What was asked
 * of the one before is answered 503: what it has done, nobody knows, and the sender tries again.
 */
void dispatcher_set_core(struct dispatcher *dispatcher, struct channel *core);

/* The core has answered. -1 with err: its message breaks the protocol. */
int dispatcher_answer(struct dispatcher *dispatcher, const struct msg_answer *msg, struct err *err);
/* The executor has read the configuration again. */
void dispatcher_reloaded(struct dispatcher *dispatcher, const struct msg_reloaded *msg);

/* Do what is due. Returns the milliseconds until the next; -1: nothing is. */
int64_t dispatcher_tick(struct dispatcher *dispatcher);
/* Accept no more connections. */
void dispatcher_stop(struct dispatcher *dispatcher);
/* Is all answered, to the last byte? */
bool dispatcher_is_idle(const struct dispatcher *dispatcher);

#endif
