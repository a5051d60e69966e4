/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pause_commands - an operator switches the kill switch on and off. Both answer as GET does; the
 * end of a pause with the lists of the pause that it ends.
 */
#ifndef CORE_PAUSE_COMMANDS_H
#define CORE_PAUSE_COMMANDS_H

#include "base/err.h"
#include "core/api/reply.h"

/* POST /api/v1/pause: sent again while it is on, it stays on with the new reason and time. */
int pause_commands_begin(struct reply *reply, struct err *err);
/* DELETE /api/v1/pause */
int pause_commands_end(struct reply *reply, struct err *err);

#endif
