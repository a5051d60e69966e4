/*
 * reply - one answer in the making: what was asked, and what is said so far.
 */
#ifndef CORE_REPLY_H
#define CORE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "wire/message.h"

struct core;

struct reply {
	struct core *core;
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
/* How many rows a page of a list has: `limit`, else 50; 1 to 1000. */
int64_t reply_limit(const struct reply *reply);
/* Was it given, as true? */
bool reply_arg_true(const struct reply *reply, const char *name);

/* After a get by id that returned rc: 1 found, 0 not; the latter becomes the problem. Returns -1
 * when rc does, else 0. */
int reply_found(struct reply *reply, int rc, const char *noun, uint64_t id);

#endif
