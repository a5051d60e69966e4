/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head - the head of an HTTP request, checked more strictly than libmicrohttpd 0.9.75 does.
 *
 * What two readers of one stream could understand differently (two lengths, a length and chunks,
 * odd characters in a name) is a fault; the connection must then be closed, since nobody knows
 * where the next request begins (RFC 9112, 6.3 and 11.2).
 */
#ifndef SYS_HEAD_H
#define SYS_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HEAD_FIELDS_MAX 64

/* The headers that are looked at; each may come once only. Keep sorted. */
enum head_field {
	HEAD_AUTHORIZATION,
	HEAD_CONTENT_ENCODING,
	HEAD_CONTENT_LENGTH,
	HEAD_CONTENT_TYPE,
	HEAD_EXPECT,
	HEAD_HOST,
	HEAD_IDEMPOTENCY_KEY,
	HEAD_ORIGIN,
	HEAD_SEC_FETCH_SITE,
	HEAD_TRANSFER_ENCODING,
	HEAD_FIELDS
};

/* Zeroed, then filled by head_add() for every header, then head_check(). */
struct head {
	const char *fields[HEAD_FIELDS]; /* values; NULL: not sent. Borrowed. */
	size_t count;                    /* of all headers */
	uint64_t length;                 /* Content-Length; 0 without one */
	struct err fault;                /* the first; code ERR_NONE: none */
};

/* One header. Borrows value. False when there is a fault and the rest need not be read. */
bool head_add(struct head *head, const char *name, size_t name_len, const char *value,
		size_t value_len);
/* All headers are there: do they, method and version make sense together? */
void head_check(struct head *head, const char *method, const char *version);

#endif
