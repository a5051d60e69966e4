/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonw - write JSON text straight into a buffer, with stored JSON spliced in.
 *
 * Answers are mostly text that is JSON already (labels, annotations); building a tree of it again
 * costs ten times as much. Commas are put in by the writer; the caller balances the brackets
 * (asserted by jsonw_end). Strings must be UTF-8; bytes that are not are replaced by U+FFFD.
 *
 *	struct jsonw w = jsonw_begin(&buf);
 *	jsonw_object(&w, NULL);
 *	jsonw_int(&w, "id", 4);
 *	jsonw_raw(&w, "labels", stored_json);
 *	jsonw_close(&w);
 *	jsonw_end(&w);
 *
 * In every call key is the member's name, or NULL inside an array and for the outermost value.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define JSONW_DEPTH_MAX 16

struct jsonw {
	struct buf *out;
	unsigned depth;
	bool comma;                    /* the next value needs one before it */
	char closers[JSONW_DEPTH_MAX]; /* '}' or ']' of each open bracket */
};

/* Borrows out until jsonw_end(). */
struct jsonw jsonw_begin(struct buf *out);
/* Asserts that every bracket is closed. */
void jsonw_end(const struct jsonw *w);

void jsonw_object(struct jsonw *w, const char *key);
void jsonw_array(struct jsonw *w, const char *key);
/* Closes the innermost object or array. */
void jsonw_close(struct jsonw *w);

/* NULL gives null. */
void jsonw_str(struct jsonw *w, const char *key, const char *text);
void jsonw_strn(struct jsonw *w, const char *key, const char *text, size_t len);
void jsonw_int(struct jsonw *w, const char *key, int64_t value);
/* A number that names something; 0 gives null. */
void jsonw_id(struct jsonw *w, const char *key, int64_t id);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_null(struct jsonw *w, const char *key);
/* Milliseconds since the epoch as RFC 3339 text; 0 gives null. */
void jsonw_time(struct jsonw *w, const char *key, int64_t ms);
/* Text that is JSON already, unchanged; NULL gives null. */
void jsonw_raw(struct jsonw *w, const char *key, const char *json);

#endif
