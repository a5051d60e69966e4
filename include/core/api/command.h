/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command - carries out each request that changes something: writes down who did what
 * (core/state/audit_chain.h), and does it once for its Idempotency-Key. Repeated by the same
 * principal, it is answered as it was the first time, and nothing is done.
 *
 * A command that was refused is not kept: repeated, it is tried again. A dry run only asks: it is
 * not written down, and neither keeps nor uses up a key.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include "base/err.h"
#include "core/api/reply.h"

struct command {
	/* Returns -1 only when the store failed; a problem in the reply: it was refused, and
	 * nothing was changed. */
	int (*fn)(struct reply *reply, struct err *err);
	const char *word;   /* the command, among all */
	const char *object; /* what its id is of: run, incident … */
};

/* Do it, unless that was done already. Returns -1 when the store failed. */
int command_once(struct reply *reply, const struct command *command, struct err *err);

#endif
