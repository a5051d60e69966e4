/*
 * desk - takes requests, checks them, asks whoever knows, and answers.
 *
 * It keeps nothing: what it has accepted is either in the core's store or answered with an error.
 * Without a core, all that needs one is answered 503 and the sender tries again.
 *
 * Limits: DESK_DELIVERIES_MAX deliveries at the core at once; an answer from the core within
 * PENDING_MAX_MS, else 503.
 */
#ifndef FRONT_DESK_H
#define FRONT_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/channel.h"
#include "sys/loop.h"
#include "wire/message.h"

#define DESK_DELIVERIES_MAX 1024

struct desk;

/* Borrows loop and control (to the executor) until desk_free(). Caller frees with desk_free(). */
struct desk *desk_new(struct loop *loop, struct channel *control);
/* NULL is a no-op. */
void desk_free(struct desk *desk);

/* Copies what it needs: the external URL, and a digest of the operator's token. */
void desk_setup(struct desk *desk, const struct msg_setup *msg);
/* Serve the listening socket fd. Takes fd. */
int desk_listen(struct desk *desk, int fd, struct err *err);
/*
 * Who is asked from now on; NULL: there is none. Borrows core until the next call. What was asked
 * of the one before is answered 503: what it has done, nobody knows, and the sender tries again.
 */
void desk_set_core(struct desk *desk, struct channel *core);

/* The core has answered. -1 with err: its message breaks the protocol. */
int desk_answer(struct desk *desk, const struct msg_answer *msg, struct err *err);
/* The executor has read the configuration again. */
void desk_reloaded(struct desk *desk, const struct msg_reloaded *msg);

/* Do what is due. Returns the milliseconds until the next; -1: nothing is. */
int64_t desk_tick(struct desk *desk);
/* Accept no more connections. */
void desk_stop(struct desk *desk);
/* Is all answered, to the last byte? */
bool desk_is_idle(const struct desk *desk);

#endif
