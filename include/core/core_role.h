/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_role - the core as a role: its links to the other roles, what it makes of each of their
 * messages, and its process.
 */
#ifndef CORE_CORE_ROLE_H
#define CORE_CORE_ROLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/core.h"
#include "wire/message.h"

/*
 * Run the role on the control channel control_fd until the parent is gone. Returns the process's
 * exit status. Descriptor 4 holds the lock of the storage directory and stays open.
 */
int core_role_main(int control_fd);

/*
 * A message of another role; begins the turn. -1: err says what is wrong with it. (When the store
 * failed that is not the sender's fault: core->failure says so.)
 */
int core_role_frame(struct core *core, enum role from, uint16_t type, const unsigned char *payload,
		size_t len, int fd, struct err *err);

#endif
