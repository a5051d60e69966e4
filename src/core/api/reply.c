/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *reply_arg(const struct reply *reply, const char *name)
{
	return labels_get(&reply->query->args, name);
}

int64_t reply_arg_int(const struct reply *reply, const char *name, int64_t otherwise)
{
	const char *text = reply_arg(reply, name);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

bool reply_arg_true(const struct reply *reply, const char *name)
{
	return !strcmp(labels_value(&reply->query->args, name), "true");
}

int reply_found(struct reply *reply, int rc, const char *noun, uint64_t id)
{
	if (rc == 0) {
		err_set(&reply->problem, ERR_NOT_FOUND, "there is no %s %" PRIu64, noun, id);
	}
	return rc < 0 ? -1 : 0;
}

void reply_send(struct reply *reply, uint64_t id)
{
	const struct msg_answer answer = {
		.id = id,
		.code = (uint8_t)reply->problem.code,
		.error = reply->problem.msg,
		.content_type = reply->content_type,
		.content = { reply->content.data, (uint32_t)reply->content.len },
	};

	turn_send(&reply->ground->turn, reply->ground->links.front, MSG_ANSWER, &answer);
}
