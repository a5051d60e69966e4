/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/delivery_command.h"

#include "core/api/command.h"
#include "core/api/command/run_commands.h"
#include "core/intake/intake.h"
#include "core/intake/rejects.h"

/* A delivery on its way to its answer. */
struct receiving {
	struct reply reply; /* first: command_once() gives it back */
	const struct msg_deliver *msg;
};

static int take(struct reply *reply, struct err *err)
{
	const struct msg_deliver *msg = ((struct receiving *)reply)->msg;

	if (intake_deliver(reply->api->intake, msg, &reply->content, err) < 0) {
		return -1;
	}
	return rejects_alerts(reply->api->intake, msg, err);
}

static int take_again(struct reply *reply, struct err *err)
{
	return run_commands_check(reply) < 0 ? 0 : take(reply, err);
}

/* As a query: what was asked, in words. */
static int take_command(struct receiving *receiving, struct err *err)
{
	const struct route_row *row = &routes[ROUTE_DELIVERY_REPLAY];
	const struct command command = { take_again, row->command, row->object };
	const struct msg_deliver *msg = receiving->msg;
	struct label args[] = {
		{ "dry_run", msg->dry_run ? "true" : "false" },
		{ "force", msg->override_guards ? "true" : "false" },
		{ "reason", msg->reason ? msg->reason : "" },
	};
	const struct msg_query query = { .ids = { msg->replay_of },
		.principal = msg->principal,
		.key = msg->key,
		.args = { args, sizeof(args) / sizeof(args[0]) } };

	receiving->reply.query = &query;
	return command_once(&receiving->reply, &command, err);
}

int delivery_command(const struct api_room *api, const struct msg_deliver *msg, struct err *err)
{
	struct receiving receiving = {
		.reply = { .api = api, .ground = api->ground, .content_type = "" }, .msg = msg
	};
	struct reply *reply = &receiving.reply;
	int rc;

	reply->w = jsonw_begin(&reply->content);
	rc = msg->replay_of ? take_command(&receiving, err) : take(reply, err);
	if (rc == 0) {
		reply_send(reply, msg->id);
	}
	buf_clear(&reply->content);
	return rc;
}

void delivery_command_refuse(
		const struct api_room *api, const struct msg_deliver *msg, const struct err *why)
{
	struct reply reply = {
		.api = api, .ground = api->ground, .content_type = "", .problem = *why
	};

	reply_send(&reply, msg->id);
}
