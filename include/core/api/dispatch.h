/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch - queries of the front find their handler by the table of routes (wire/routes.h): what
 * reads stands in read/, what changes something in command/.
 */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include <stdbool.h>

#include "base/err.h"
#include "core/api/api_room.h"
#include "wire/message.h"

/* Is there a handler for that route? */
bool dispatch_answers(enum route route);

/* Answer query: the answer is held for the end of the turn. Returns -1 when the store failed. */
int dispatch_query(const struct api_room *api, const struct msg_query *query, struct err *err);

#endif
