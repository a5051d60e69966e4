/*
 * api - answers to reads and orders: rows of the store become JSON.
 */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/message.h"

struct core;

/* Is there a handler for that route? */
bool dispatch_answers(enum route route);

/* Answer query: the answer is held for the end of the turn. Returns -1 when the store failed. */
int api_query(struct core *core, const struct msg_query *query, struct err *err);

#endif
