#include "core/api/command/delivery_command.h"

#include "core/api/command.h"
#include "core/api/command/run_commands.h"
#include "core/core.h"
#include "core/intake/intake.h"

/* A delivery on its way to its answer. */
struct receiving {
	struct reply reply; /* first: order_once() gives it back */
	const struct msg_deliver *msg;
};

static int take(struct reply *reply, struct err *err)
{
	const struct msg_deliver *msg = ((struct receiving *)reply)->msg;

	return intake_deliver(reply->core, msg, &reply->content, err);
}

static int take_again(struct reply *reply, struct err *err)
{
	return manual_check(reply) < 0 ? 0 : take(reply, err);
}

/* As a query: what was asked, in words. */
static int take_order(struct receiving *receiving, struct err *err)
{
	const struct route_row *row = &routes[ROUTE_DELIVERY_REPLAY];
	const struct order order = { take_again, row->command, row->object };
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
	return order_once(&receiving->reply, &order, err);
}

int receive_delivery(struct core *core, const struct msg_deliver *msg, struct err *err)
{
	struct receiving receiving = { .reply = { .core = core }, .msg = msg };
	struct reply *reply = &receiving.reply;
	int rc;

	reply->w = jsonw_begin(&reply->content);
	rc = msg->replay_of ? take_order(&receiving, err) : take(reply, err);
	if (rc == 0) {
		const struct msg_answer answer = {
			.id = msg->id,
			.code = (uint8_t)reply->problem.code,
			.error = reply->problem.msg,
			.content_type = "",
			.content = { reply->content.data, (uint32_t)reply->content.len },
		};

		turn_send(&core->turn, core->front, MSG_ANSWER, &answer);
	}
	buf_clear(&reply->content);
	return rc;
}
