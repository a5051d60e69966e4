/*
 * strays - what a step leaves behind: processes whose parent is gone.
 *
 * A shim is the subreaper of its step, so all that the step started becomes the shim's child sooner
 * or later. When the shim itself is killed, the executor is the next subreaper and gets them.
 */
#ifndef EXECUTOR_STRAYS_H
#define EXECUTOR_STRAYS_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on, descendants whose parent dies become children of this process. */
void strays_adopt(void);

/*
 * Kill our direct children and the groups that they lead, but for those that are spared (NULL:
 * none). Children of what dies become ours, so calling it after each SIGCHLD, until there are none,
 * reaches everything, however it hid itself. Returns how many were there, 1 when that cannot be
 * seen now; they are not reaped.
 */
size_t strays_kill(bool (*spared)(void *arg, pid_t pid), void *arg);

/* The same, and reap those that have ended. */
size_t strays_end(bool (*spared)(void *arg, pid_t pid), void *arg);

#define STRAYS_DETACHED_MAX 1024

/* Children that are not ours to end: what steps with `detach` left running on purpose. */
struct detached {
	pid_t pids[STRAYS_DETACHED_MAX];
	size_t len;
};

/* Take all present children that are not known for detached; if they cannot be seen now, those of
 * the last time stay. */
void detached_note(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg);
bool detached_has(const struct detached *detached, pid_t pid);

/* Reap children that have ended and are not known, and forget them. */
void detached_reap(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg);

/*
 * Send signo (0: none) to every process in the session that session, a child of ours that is not
 * reaped yet, leads. Returns how many there were.
 */
size_t strays_signal_session(pid_t session, int signo);

#endif
