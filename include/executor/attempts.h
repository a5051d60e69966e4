/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempts - the step attempts that this executor has started, from START to ENDED.
 *
 *	START ──▶ folder, lock, shim ──▶ STARTED ──▶ GO ──▶ … ──▶ ENDED
 *	  └─────▶ REFUSED: nothing was started, and no folder is left (unless it was there before)
 *
 * The folder's mkdir is what makes an attempt happen at most once, whatever the core says. All
 * files are opened here, before the fork, so that a full disk refuses the attempt instead of losing
 * it.
 */
#ifndef EXECUTOR_ATTEMPTS_H
#define EXECUTOR_ATTEMPTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "executor/permit.h"
#include "executor/step_cgroups.h"
#include "sys/loop.h"
#include "wire/message.h"

#define ATTEMPTS_MAX 64 /* shims at a time */

struct attempts;

/* Called with the message for the core. */
typedef void (*attempts_send_fn)(void *arg, enum message_id id, const void *msg);

/* Makes "runs" below storage_fd. Borrows loop and storage_fd until attempts_free(). */
struct attempts *attempts_new(struct loop *loop, int storage_fd, attempts_send_fn send, void *arg,
		struct err *err);
/* NULL is a no-op. Shims that wait for GO end; those that work go on without us. */
void attempts_free(struct attempts *attempts);

void attempts_start(struct attempts *attempts, const struct config_versions *versions,
		const struct msg_start *start);
void attempts_go(struct attempts *attempts, const struct attempt_id *id);
/*
 * End it, also one of an earlier executor. Without GO it never runs. ENDED follows; of a shim that
 * is not our child the folder alone says when.
 */
void attempts_cancel(struct attempts *attempts, const struct attempt_id *id);
/* The core is gone: what has no GO will never get one. */
void attempts_core_gone(struct attempts *attempts);
/* Refuse every START from now on, for later. */
void attempts_stop(struct attempts *attempts);
/* After SIGCHLD: report the shims that have ended, and end what a killed one left in its cgroup.
 * Was one of them killed that had no cgroup, so that what it watched may live on? */
bool attempts_reap(struct attempts *attempts);
/* Is pid one of the shims? */
bool attempts_have(const struct attempts *attempts, pid_t pid);
/* The cgroups of steps, which background checks share. Borrowed. */
struct step_cgroups *attempts_cgroups(struct attempts *attempts);
size_t attempts_count(const struct attempts *attempts);

#endif
