/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker - asks an Alertmanager what it lists, and reports what concerns the core.
 *
 *	GET URL/api/v2/status     since when does it run?
 *	GET URL/api/v2/alerts     which alerts are listed, and as what?
 *	GET URL/api/v2/silences   only when one that was asked about is silenced: by whom?
 *
 * Each look ends with asked(), one that cannot be made too, unless asker_cancel() came before. It
 * has answered only when all of that was read; a silence that cannot be read is one without a name.
 *
 * Limits: ASKER_BODY_MAX bytes of an answer, ASKER_LOOKS_MAX looks at a time.
 */
#ifndef EGRESS_ASKER_H
#define EGRESS_ASKER_H

#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"
#include "wire/message.h"

#define ASKER_BODY_MAX  ((size_t)32 * 1024 * 1024)
#define ASKER_LOOKS_MAX ALERTMANAGERS_MAX

struct asker;

/* Messages are valid during the call; asked() may be called from within asker_ask(). */
struct asker_ops {
	void (*listed)(void *arg, const struct msg_listed *msg);
	void (*fetched)(void *arg, const struct msg_fetched *msg);
	void (*asked)(void *arg, const struct msg_asked *msg);
};

/* Borrows loop and ops until asker_free(). ERR_IO. */
struct asker *asker_new(struct loop *loop, const struct asker_ops *ops, void *arg, struct err *err);
/* NULL is a no-op. */
void asker_free(struct asker *asker);

/* From now on these are the Alertmanagers. Copies them. */
void asker_alertmanagers(struct asker *asker, const struct msg_receivers *known);
/* Copies what it needs of msg. ERR_INPUT: nobody may ask so. */
int asker_ask(struct asker *asker, const struct msg_ask *msg, struct err *err);
/* Forget all looks. */
void asker_cancel(struct asker *asker);
/* The owner's tick calls it every turn. Returns in how many ms it wants to be called again, or -1.
 */
int64_t asker_tick(struct asker *asker);

#endif
