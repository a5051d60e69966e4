/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detached - children that are not ours to end: what steps with `detach` left running on purpose.
 */
#ifndef EXECUTOR_DETACHED_H
#define EXECUTOR_DETACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DETACHED_MAX 1024

/* Zeroed is empty. */
struct detached {
	pid_t pids[DETACHED_MAX];
	size_t len;
};

/* Take all present children that are not known for detached; if they cannot be seen now, those of
 * the last time stay. */
void detached_note(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg);
bool detached_has(const struct detached *detached, pid_t pid);

/* Reap children that have ended and are not known, and forget them. */
void detached_reap(struct detached *detached, bool (*known)(void *arg, pid_t pid), void *arg);

#endif
