/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands - background checks that are programs: each run once, for the core's PROBE_COMMAND.
 *
 * The rules are those of a step: what is run comes from the executor's own configuration, without a
 * shell, in a session and (where there are cgroups) a group of its own, with bounded output, until
 * its deadline; then all that it started is killed. But nothing of it is kept: no folder, no
 * output, and it ends with the executor. The core gets its result as PROBED.
 */
#ifndef EXECUTOR_COMMANDS_H
#define EXECUTOR_COMMANDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "executor/attempts.h"
#include "executor/permit.h"
#include "executor/step_cgroups.h"
#include "wire/message.h"

#define COMMANDS_MAX 16 /* at a time */

struct commands;

/* Ends what an earlier executor left. Borrows cgroups until commands_free(). */
struct commands *commands_new(struct step_cgroups *cgroups, attempts_send_fn send, void *arg);
/* NULL is a no-op. What runs is ended, by its shim. */
void commands_free(struct commands *commands);

/* PROBED follows, always. */
void commands_start(struct commands *commands, const struct config_versions *versions,
		const struct msg_probe_command *probe);
/* The core is gone, or all ends: nobody waits for what runs. */
void commands_drop(struct commands *commands);
/* After SIGCHLD: report what has ended. As attempts_reap(). */
bool commands_reap(struct commands *commands);
/* Is pid one of the shims? */
bool commands_have(const struct commands *commands, pid_t pid);

#endif
