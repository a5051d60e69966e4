/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *type;
	int http;
	int exit;
} rows[] = {
#define X(code, type, http, exit) [code] = { type, http, exit },
	ERR_CODES(X)
#undef X
};

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char context[ERR_MSG_MAX];
	size_t room = sizeof(err->msg);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context) - 2, fmt, ap);
	va_end(ap);

	size_t head = strlen(context) + 2;
	size_t tail = strlen(err->msg);

	if (tail > room - 1 - head) {
		tail = room - 1 - head;
	}
	memmove(err->msg + head, err->msg, tail);
	memcpy(err->msg, context, head - 2);
	memcpy(err->msg + head - 2, ": ", 2);
	err->msg[head + tail] = '\0';
	return -1;
}

const char *err_type(enum err_code code)
{
	return rows[code].type;
}

int err_http_status(enum err_code code)
{
	return rows[code].http;
}

int err_exit_status(enum err_code code)
{
	return rows[code].exit;
}
