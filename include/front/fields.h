/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields - the body of a command, one JSON object, decoded and checked by the rules of its route.
 *
 *	{"params":{"service":"argus"},"force":true,"reason":"Eve is on it"}
 *
 * becomes the arguments force, params.service and reason. A field that is null counts as not given,
 * no body at all as {}.
 */
#ifndef FRONT_FIELDS_H
#define FRONT_FIELDS_H

#include <stddef.h>

#include "base/err.h"
#include "front/args.h"
#include "sys/json.h"

#define FIELDS_BODY_MAX (64 * 1024)

/*
 * Add the fields of body to args. Their texts are valid until the next json_read() with reader.
 * ERR_INPUT names the field: "unknown field 'reson'; known are: for, reason", "reason: missing,
 * expected string", "params.service: expected string". ERR_LIMIT for a body that is too long.
 */
int fields_read(struct json_reader *reader, const char *body, size_t len,
		const struct arg_rules *rules, struct arena *arena, struct args *args,
		struct err *err);

#endif
