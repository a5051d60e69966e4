/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/pause_commands.h"

#include "core/api/read/read_pause.h"

int pause_commands_begin(struct reply *reply, struct err *err)
{
	if (pause_begin(reply->ground, reply->query->principal, reply_arg(reply, "reason"),
			    reply_arg_int(reply, "for", 0), err) < 0) {
		return -1;
	}
	return read_pause(reply, err);
}

int pause_commands_end(struct reply *reply, struct err *err)
{
	struct ground *ground = reply->ground;
	int64_t after_delivery = ground->pause.after_delivery;
	bool on = ground->pause.guard.since != 0;

	if (on && pause_end(ground, ground->turn.wall_ms, reply->query->principal, err) < 0) {
		return -1;
	}
	return read_pause_all(reply, on, after_delivery, err);
}
