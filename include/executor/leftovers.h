/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftovers - what a step leaves behind: processes whose parent is gone.
 *
 * A shim is the subreaper of its step, so all that the step started becomes the shim's child sooner
 * or later. When the shim itself is killed, the executor is the next subreaper and gets them.
 */
#ifndef EXECUTOR_LEFTOVERS_H
#define EXECUTOR_LEFTOVERS_H

#include <stdbool.h>
#include <sys/types.h>

#define LEFTOVERS_MAX 2048 /* children that are seen at a time */

/* From now on, descendants whose parent dies become children of this process. */
void leftovers_adopt(void);

/* Our children; pids has LEFTOVERS_MAX, and those beyond are found when these are gone. Returns how
 * many there are, or -1: they cannot be seen now, for want of a descriptor. */
ssize_t leftovers_list(pid_t *pids);

/*
 * Kill our direct children and the groups that they lead, but for those that are spared (NULL:
 * none). Children of what dies become ours, so calling it after each SIGCHLD, until there are none,
 * reaches everything, however it hid itself. Returns how many were there, 1 when they cannot be
 * seen now; they are not reaped.
 */
size_t leftovers_kill(bool (*spared)(void *arg, pid_t pid), void *arg);

/* The same, and reap those that have ended. */
size_t leftovers_end(bool (*spared)(void *arg, pid_t pid), void *arg);

/*
 * Send signo (0: none) to every process in the session that session, a child of ours that is not
 * reaped yet, leads. Returns how many there were.
 */
size_t leftovers_signal_session(pid_t session, int signo);

#endif
