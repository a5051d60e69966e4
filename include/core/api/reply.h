/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - one answer in the making: the query, and the content so far.
 */
#ifndef CORE_REPLY_H
#define CORE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "core/api/api_room.h"
#include "wire/message.h"

struct reply {
	const struct api_room *api;
	struct ground *ground; /* of api */
	const struct msg_query *query;
	struct buf content;
	struct jsonw w;           /* writes content */
	const char *content_type; /* "": content is JSON data */
	struct err problem;       /* code ERR_NONE: there is none; else it is the answer */
};

/* The argument of that name, or NULL. */
const char *reply_arg(const struct reply *reply, const char *name);
/* The same as a number. */
int64_t reply_arg_int(const struct reply *reply, const char *name, int64_t otherwise);
/* Was it given, as true? */
bool reply_arg_true(const struct reply *reply, const char *name);

/* After a get by id that returned rc: 1 found, 0 not; the latter becomes the problem. Returns -1
 * when rc does, else 0. */
int reply_found(struct reply *reply, int rc, const char *noun, uint64_t id);

/* Answer the front's message of that id, at the end of the turn. */
void reply_send(struct reply *reply, uint64_t id);

#endif
