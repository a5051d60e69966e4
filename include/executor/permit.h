/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permit - what the executor checks itself before it starts anything for the core.
 *
 * The core may be wrong or in somebody else's hands. It names a playbook, a step and the values of
 * params; what is executed, with which arguments and environment, comes from the executor's own
 * copy of the configuration, and every value has to pass the pattern that stands there. A step that
 * stands behind an approve step is not started unless the front's seal says that somebody with the
 * operator's token approved what this copy of the configuration does for this run.
 */
#ifndef EXECUTOR_PERMIT_H
#define EXECUTOR_PERMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strv.h"
#include "executor/config_versions.h"
#include "wire/message.h"

#define PERMIT_ATTEMPT_MAX 100000 /* each probe of a check is one */

/* What may be started. argv and env are its own; other text is borrowed from the configuration. */
struct permit {
	struct strv argv;
	struct strv env; /* without HOME, unless the step sets it */
	const char *cwd;
	const char *user;
	int64_t timeout_ms;
	struct step_limits limits;
	bool detach;
	bool new_privs;
	bool stdin_alert;
};

/*
 * Is this start allowed, and what does it start? On refusal err.code says how final it is:
 * ERR_NOT_FOUND the configuration is not (any more) known here, else never. Caller clears
 * ret_permit with permit_clear(), on failure too.
 */
int permit_start(const struct config_versions *versions, const struct msg_start *start,
		struct permit *ret_permit, struct err *err);
/*
 * The same for a background check that is a command: one with an interval, of the configuration
 * that is named.
 */
int permit_check(const struct config_versions *versions, const struct msg_probe_command *probe,
		struct permit *ret_permit, struct err *err);
void permit_clear(struct permit *permit);

#endif
