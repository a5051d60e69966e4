/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles - the role processes: started, watched, connected to each other, started again.
 *
 * A role that ends or breaks the protocol is started again: at once when it had lived for
 * ROLES_STEADY_MS, else after a pause that doubles from ROLES_PAUSE_MIN_MS to ROLES_PAUSE_MAX_MS.
 * The others go on; those that talk to it get a new MSG_PEER, which replaces the old channel.
 *
 * Each is this same program, executed anew as "playbookd --role=NAME": descriptor 3 is its control
 * channel, 2 the log, 4 the store's lock (core only); the environment is empty. It dies with the
 * executor.
 */
#ifndef EXECUTOR_ROLES_H
#define EXECUTOR_ROLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"
#include "wire/message.h"

#define ROLES_CONTROL_FD   3
#define ROLES_STEADY_MS    2000
#define ROLES_PAUSE_MIN_MS 50
#define ROLES_PAUSE_MAX_MS 30000
#define ROLES_STOP_MS      5000 /* after that, what still lives is killed */
#define ROLES_DRAIN_MS     2000 /* of which the front may take this to answer what it has */

struct roles;

struct roles_options {
	const char *program; /* what is executed */
	const char *log_level;
	const char *log_format;
	int lock_fd;
};

struct roles_ops {
	/* It was started: send what it needs first. Its peers follow. */
	void (*started)(void *arg, enum role role);
	/* A frame from it, as in channel_ops. */
	int (*frame)(void *arg, enum role role, uint16_t type, const unsigned char *payload,
			size_t len, int fd, struct err *err);
	/* Something in roles_report() changed; for a role that is gone, its channel is too. */
	void (*changed)(void *arg, enum role role);
};

/* Borrows everything until roles_free(). Starts nothing yet: that is roles_tick()'s. */
struct roles *roles_new(struct loop *loop, const struct roles_options *options,
		const struct roles_ops *ops, void *arg);
/* NULL is a no-op. Kills what still lives. */
void roles_free(struct roles *roles);

/* Do what is due; ms until something else is, or -1. */
int64_t roles_tick(struct roles *roles);
/* After SIGCHLD. */
void roles_reap(struct roles *roles);
/* Dropped when the role is down. */
void roles_send(struct roles *roles, enum role role, enum message_id id, const void *msg, int fd);
/* End the front, then the others; nothing is started again. */
void roles_stop(struct roles *roles);
bool roles_stopped(const struct roles *roles);
/* A role ended with ROLE_EXIT_HOPELESS: starting it again is of no use. */
bool roles_hopeless(const struct roles *roles);
/* Fill rows (ROLES - 1 of them) with the state of each role but the executor. */
void roles_report(const struct roles *roles, struct role_state *ret_rows);

#endif
