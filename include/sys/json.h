/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - read JSON text, bounded before it is parsed, and take values out by tables of fields.
 *
 * A reader keeps its memory from text to text. What it gives out is borrowed: trees and strings are
 * valid until the next json_read() with the same reader, or json_reader_free().
 *
 *	static const struct json_field fields[] = {
 *		{ "receiver", KIND_TEXT, true, offsetof(struct body, receiver) },
 *		{ "alerts", KIND_LIST, false, offsetof(struct body, alerts) },
 *	};
 *	struct json *root = json_read(reader, text, len, err);
 *	if (!root || json_fields(root, fields, 2, &body, err) < 0) …
 *
 * Limits, checked by one pass over the text before anything is built: JSON_DEPTH_MAX open brackets,
 * JSON_BRACKETS_MAX objects and lists, numbers of JSON_NUMBER_MAX characters, and as many values
 * and keys as json_tokens_max() allows a text of its length. So a bomb costs one scan.
 *
 * Errors: ERR_INPUT, "line 1 column 17: …" for text that is not JSON, "labels: expected object"
 * for a field. The outermost value must be an object or a list. An object with the same key twice
 * is refused. A string value may contain U+0000 (see json_text()); in a key, where the parser
 * refuses it, it reads as JSON_NUL_MARK, so that one bad key does not make the rest unreadable.
 */
#ifndef SYS_JSON_H
#define SYS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

#define JSON_DEPTH_MAX    16
#define JSON_BRACKETS_MAX 50000
#define JSON_NUMBER_MAX   64
/* U+FDD0, a noncharacter, in place of U+0000 in a key. */
#define JSON_NUL_MARK "\xef\xb7\x90"

struct json_reader;
struct json; /* a value in a tree */

/* Caller frees with json_reader_free(). */
struct json_reader *json_reader_new(void);
/* NULL is a no-op. */
void json_reader_free(struct json_reader *reader);
CLEANUP_DEFINE(struct json_reader *, cleanup_json_reader, json_reader_free);
#define auto_json_reader CLEANUP(cleanup_json_reader)

/* Parse len bytes of text. Copies what it needs of text. Returns the root, or NULL with err. */
struct json *json_read(struct json_reader *reader, const char *text, size_t len, struct err *err);

/* Is text one JSON value of any kind, within the limits? */
bool json_valid(const char *text, size_t len);

/*
 * Walk the items of a text that is one list, without reading it whole: each is then read, and
 * bounded, by json_read().  size_t at = 0; while ((rc = json_split(text, len, &at, &item,
 * &item_len, err)) == 1) …  Returns 1 with an item, which is not empty and may be no JSON, 0 behind
 * the last one, or -1 with ERR_INPUT when the text is no list, or cut short.
 */
int json_split(const char *text, size_t len, size_t *at, const char **ret_item, size_t *ret_len,
		struct err *err);

/* Values and keys that a text of len bytes may have. */
size_t json_tokens_max(size_t len);

enum json_kind {
	KIND_OBJECT, /* struct json * */
	KIND_LIST,   /* struct json * */
	KIND_TEXT,   /* const char *, without U+0000 */
	KIND_COUNT,  /* uint64_t; a whole number, not negative */
	KIND_BOOL,   /* of a value, never of a field, as are those below */
	KIND_NULL,
	KIND_OTHER, /* any other number */
	KINDS
};

/* One member of an object and where it goes. */
struct json_field {
	const char *name;
	uint8_t kind;  /* enum json_kind */
	bool optional; /* may be absent or null */
	size_t offset; /* in the struct that is filled */
};

/*
 * Fill the struct at ret from object's members; others are ignored. Fields that are absent or wrong
 * stay as they were, all the good ones are set even on failure, which tells the first mistake:
 * "labels: expected object", "alerts: missing, expected array".
 */
int json_fields(struct json *object, const struct json_field *fields, size_t len, void *ret,
		struct err *err);

/* Member key of an object, or NULL. */
struct json *json_get(struct json *object, const char *key);
/*
 * Is value a scalar that is written as text: a string of these characters, a number equal to it,
 * true, false or null?
 */
bool json_is(struct json *value, const char *text);
/*
 * Append value as JSON without blanks. One that is longer than max bytes is cut short somewhere
 * behind them: more than max are written then, and not much more. A number is written so that it
 * reads as the same.
 */
void json_write(struct json *value, size_t max, struct buf *out);
/* Append value as a message shows it: a scalar's text, "a list", "an object". */
void json_show(struct json *value, struct buf *out);

enum json_kind json_kind(struct json *value);
/* The text of a string, or NULL when value is no string. It may contain NUL: see ret_len. */
const char *json_text(struct json *value, size_t *ret_len);
/* Is value `true`? */
bool json_yes(struct json *value);
/* Members of an object or items of a list; else 0. */
size_t json_len(struct json *value);
/* Item i of a list, i < json_len(). */
struct json *json_item(struct json *list, size_t i);

/* Walk an object's members, in no order that matters:  void *at = NULL;
 * while ((at = json_next(object, at, &key, &value))) …  Keys never contain NUL. */
void *json_next(struct json *object, void *at, const char **ret_key, struct json **ret_value);

#endif
