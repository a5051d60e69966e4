/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body_check - does the JSON body of an answer match what a check expects of it?
 *
 *	{ "status": "ok", "database": { "connected": true }, "queues": [{ "length": 0 }] }
 *
 *	status = ok    database.connected = true    queues.0.length = 0
 */
#ifndef EGRESS_BODY_CHECK_H
#define EGRESS_BODY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/check.h"

/*
 * Is body JSON, and has it all of the fields? If not, *ret_why says in words what is wrong;
 * caller frees it with free().
 */
bool body_check(const char *body, size_t body_len, const struct check_field *fields,
		size_t fields_len, char **ret_why);

#endif
