/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim - one process for each step attempt, which outlives every role.
 *
 * Life of a shim, forked from the executor (not executed anew):
 *   1. it lets go of all that is the executor's: session, descriptors, signals;
 *   2. it writes one byte to the handshake and waits for one. End of file instead (the executor or
 *      the core died) means that the step must not run: result=not_started;
 *   3. it starts the step (no process or descriptor for it: not_started, too) and drains its output
 *      into the ring file, never making it wait;
 *   4. the step has ended when its process has. What it left behind gets SHIM_DRAIN_MS to close
 *      the output, then all of it is killed; of a step with detach, what is then still in the
 *      step's session is killed, and the rest goes on, with nobody to read its output. At the
 *      deadline: TERM to the group, SHIM_GRACE_MS later KILL to everything. A byte in the FIFO
 *      `cancel` does the same at any time before the step's process has ended;
 *   5. it writes the status file durably and exits, which frees the lock.
 *
 * wire/attempt.h describes the files. Times are CLOCK_BOOTTIME.
 *
 * A background check is run by such a shim too (executor/commands). Then output and status are
 * memory that the executor holds, nothing is written to the disk, and `cancel` is a socket to the
 * executor: when that ends, so does the check.
 *
 * What a step starts with, and nothing else (T30 to T33 of the threats):
 *
 *	argv, environment    those given; HOME of its user unless it is given
 *	descriptors          0: /dev/null or the alert's file; 1 and 2: one pipe; no others
 *	signals              all default, none blocked
 *	session              its own, without a terminal; it leads it and its process group
 *	folder, umask        the step's cwd, or /; 022
 *	nice, OOM score      0 and 0, as far as the daemon may set them
 *	user                 all ids and groups of that user; else the daemon's own
 *	new privileges       none (no_new_privs), unless the step says so
 *	core dumps           none
 *	limits               see limits.h; in a cgroup of its own where the daemon may make one
 *	death                SIGKILL when the shim dies (not after executing a setuid program)
 */
#ifndef EXECUTOR_SHIM_H
#define EXECUTOR_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strv.h"
#include "domain/playbook.h"
#include "sys/cgroup.h"

#define SHIM_DRAIN_MS 2000
#define SHIM_GRACE_MS 5000
#define SHIM_KILL_MS  5000 /* what cannot be killed by then is left (uninterruptible sleep) */

#define SHIM_STATUS_TMP "status.tmp"

/* The descriptors that a shim lives with, by their number in it. */
enum shim_fd {
	SHIM_STDIN,    /* what the step reads */
	SHIM_NULL_OUT, /* /dev/null: a shim says nothing */
	SHIM_NULL_ERR,
	SHIM_DIR,       /* the attempt's folder */
	SHIM_LOCK,      /* holds the lock */
	SHIM_OUTPUT,    /* the ring file, for writing */
	SHIM_STATUS,    /* SHIM_STATUS_TMP, with room allocated */
	SHIM_CANCEL,    /* the FIFO, read and write end, so that it never ends; non-blocking. The
			   end of a socket is as good as a byte */
	SHIM_HANDSHAKE, /* stream socket to the executor */
	SHIM_FDS
};

struct shim {
	int fds[SHIM_FDS]; /* as numbered in the caller */
	const struct strv *argv;
	const struct strv *env; /* all but HOME, when that is not set by the step */
	const char *cwd;
	const char *user; /* NULL: the daemon's own */
	const char *home; /* of the daemon's own user */
	int64_t timeout_ms;
	struct step_limits limits;
	bool detach;
	bool new_privs;
	bool forget; /* a check: the status goes to SHIM_STATUS alone, there is no folder */
	const struct cgroups *cgroups;
	const char *cgroup; /* the name of the attempt's */
};

/* Be the shim: called in the child of a fork. Ends the process. */
__attribute__((noreturn)) void shim_run(const struct shim *shim);

#endif
