#include "core/api/reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     1000

const char *reply_arg(const struct reply *reply, const char *name)
{
	return labels_get(&reply->query->args, name);
}

int64_t reply_arg_int(const struct reply *reply, const char *name, int64_t otherwise)
{
	const char *text = reply_arg(reply, name);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

int64_t reply_limit(const struct reply *reply)
{
	int64_t limit = reply_arg_int(reply, "limit", LIMIT_DEFAULT);

	return limit < 1 ? 1 : limit > LIMIT_MAX ? LIMIT_MAX : limit;
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
