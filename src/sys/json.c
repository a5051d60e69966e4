/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/jsonw.h"
#include "base/mem.h"

#define BLOCK_FIRST ((size_t)64 * 1024)
#define BLOCK_MAX   ((size_t)1024 * 1024)
#define TOKENS_FREE 20000
#define READ_FLAGS  (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL)

struct block {
	struct block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

struct json_reader {
	struct block *blocks; /* the newest first; the last one is kept from text to text */
};

/*
 * jansson's allocation hooks carry no argument, so the reader that is at work stands here. Its
 * memory only grows while it parses and is given up at once: no malloc and free per value.
 */
static struct json_reader *at_work;

static struct block *block_new(struct json_reader *reader, size_t size)
{
	struct block *block = xmalloc(sizeof(*block) + size);

	block->used = 0;
	block->size = size;
	block->next = reader->blocks;
	reader->blocks = block;
	return block;
}

static void *reader_alloc(size_t size)
{
	const size_t align = alignof(max_align_t);
	struct block *block = at_work->blocks;

	size = (size + align - 1) / align * align;
	if (block->size - block->used < size) {
		size_t room = block->size < BLOCK_MAX ? block->size * 2 : BLOCK_MAX;

		block = block_new(at_work, size > room ? size : room);
	}

	void *p = block->data + block->used;

	block->used += size;
	return p;
}

static void reader_free(void *p)
{
	(void)p;
}

/* Forget all but the first block. */
static void reader_reset(struct json_reader *reader)
{
	while (reader->blocks->next) {
		struct block *next = reader->blocks->next;

		free(reader->blocks);
		reader->blocks = next;
	}
	reader->blocks->used = 0;
}

/* Once a process: the hooks, and a seed against keys chosen to collide. */
static void library_setup(void)
{
	static bool done;
	size_t seed = 0;

	if (done) {
		return;
	}
	done = true;
	while (seed == 0) {
		if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
			abort();
		}
	}
	json_set_alloc_funcs(reader_alloc, reader_free);
	json_object_seed(seed);
}

struct json_reader *json_reader_new(void)
{
	struct json_reader *reader = xcalloc(1, sizeof(*reader));

	library_setup();
	block_new(reader, BLOCK_FIRST);
	return reader;
}

void json_reader_free(struct json_reader *reader)
{
	if (!reader) {
		return;
	}
	reader_reset(reader);
	free(reader->blocks);
	free(reader);
}

size_t json_tokens_max(size_t len)
{
	return len / 8 + TOKENS_FREE;
}

struct scan {
	const char *text;
	size_t len;
	size_t at;
	size_t tokens;
	size_t brackets;
	unsigned depth;
	bool in_object[JSON_DEPTH_MAX + 1]; /* by depth */
	bool key_next;                      /* the next string is a key */
	bool nul_in_key;
};

/* Where the scan stands: lines and columns count from 1. */
static int scan_fail(const struct scan *scan, const char *what, struct err *err)
{
	size_t line = 1;
	size_t begin = 0;

	for (size_t i = 0; i < scan->at; i++) {
		if (scan->text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	}
	return err_set(err, ERR_INPUT, "line %zu column %zu: %s", line, scan->at - begin + 1, what);
}

/* The first c from at on, or the end. */
static size_t scan_for(const struct scan *scan, size_t at, size_t end, char c)
{
	const char *found = at < end ? memchr(scan->text + at, c, end - at) : NULL;

	return found ? (size_t)(found - scan->text) : end;
}

/* at is behind the opening quote; leaves it behind the closing one. */
static void scan_string(struct scan *scan)
{
	const char *text = scan->text;
	size_t quote = scan_for(scan, scan->at, scan->len, '"');
	size_t at = scan_for(scan, scan->at, quote, '\\');

	while (at < quote) {
		if (scan->key_next && scan->len - at >= 6 && !memcmp(text + at, "\\u0000", 6)) {
			scan->nul_in_key = true;
		}
		at += 2;
		if (at > quote) {
			quote = scan_for(scan, at, scan->len, '"');
		}
		at = scan_for(scan, at, quote, '\\');
	}
	scan->at = quote + 1;
	scan->key_next = false;
}

static int scan_open(struct scan *scan, bool object, struct err *err)
{
	if (scan->depth == JSON_DEPTH_MAX) {
		return scan_fail(scan, "nested deeper than 16", err);
	}
	if (++scan->brackets > JSON_BRACKETS_MAX) {
		return scan_fail(scan, "too many objects and lists", err);
	}
	scan->in_object[++scan->depth] = object;
	scan->key_next = object;
	scan->at++;
	return 0;
}

static int scan_scalar(struct scan *scan, struct err *err)
{
	size_t left = scan->len - scan->at;
	size_t len = 1;

	while (len < left && !strchr(",:[]{}\" \t\r\n", scan->text[scan->at + len])) {
		if (++len > JSON_NUMBER_MAX) {
			return scan_fail(scan, "a number or word of more than 64 characters", err);
		}
	}
	scan->at += len;
	return 0;
}

/* One token, or one separator. */
static int scan_next(struct scan *scan, struct err *err)
{
	switch (scan->text[scan->at]) {
	case ' ':
	case '\t':
	case '\r':
	case '\n':
	case ':':
		scan->at++;
		return 0;
	case ',':
		scan->key_next = scan->in_object[scan->depth];
		scan->at++;
		return 0;
	case '}':
	case ']':
		scan->depth -= scan->depth > 0;
		scan->key_next = false;
		scan->at++;
		return 0;
	}
	if (++scan->tokens > json_tokens_max(scan->len)) {
		return scan_fail(scan, "too many values for a text of this length", err);
	}
	switch (scan->text[scan->at]) {
	case '"':
		scan->at++;
		scan_string(scan);
		return 0;
	case '{':
		return scan_open(scan, true, err);
	case '[':
		return scan_open(scan, false, err);
	}
	return scan_scalar(scan, err);
}

static int scan(struct scan *scan, struct err *err)
{
	while (scan->at < scan->len) {
		if (scan_next(scan, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A copy of the text with the marks in place of U+0000 in keys (both are 6 bytes as escapes). */
static char *mark_nuls(const char *text, size_t len)
{
	struct scan s = { .text = text, .len = len };
	char *copy = xmalloc(len + 1);
	struct err ignored;

	memcpy(copy, text, len);
	copy[len] = '\0';
	while (s.at < len) {
		size_t begin = s.at;
		bool key = s.key_next;

		if (scan_next(&s, &ignored) < 0) {
			break;
		}
		for (size_t i = begin + 1; key && i + 6 < s.at && i + 6 < len; i++) {
			if (!memcmp(copy + i, "\\u0000", 6)) {
				memcpy(copy + i, "\\ufdd0", 6);
			}
			i += copy[i] == '\\';
		}
	}
	return copy;
}

static json_t *load(struct json_reader *reader, const char *text, size_t len, size_t flags,
		json_error_t *ret_error)
{
	at_work = reader;

	json_t *root = json_loadb(text, len, READ_FLAGS | flags, ret_error);

	at_work = NULL;
	return root;
}

static struct json *read_any(struct json_reader *reader, const char *text, size_t len, size_t flags,
		struct err *err)
{
	struct scan s = { .text = text, .len = len };
	auto_free char *marked = NULL;
	json_error_t error;

	reader_reset(reader);
	if (scan(&s, err) < 0) {
		return NULL;
	}
	if (s.nul_in_key) {
		marked = mark_nuls(text, len);
	}

	json_t *root = load(reader, marked ? marked : text, len, flags, &error);

	if (!root) {
		err_set(err, ERR_INPUT, "line %d column %d: %s", error.line, error.column,
				error.text);
	}
	return (struct json *)root;
}

struct json *json_read(struct json_reader *reader, const char *text, size_t len, struct err *err)
{
	return read_any(reader, text, len, 0, err);
}

static size_t skip_space(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] && strchr(" \t\r\n", text[at])) {
		at++;
	}
	return at;
}

/* Where the value that begins at `at` ends: before the comma or bracket that follows it. */
static size_t skip_value(const char *text, size_t len, size_t at)
{
	struct scan s = { .text = text, .len = len, .at = at };
	size_t depth = 0;

	while (s.at < len) {
		char c = text[s.at];

		if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
			return s.at;
		}
		s.at++;
		if (c == '"') {
			scan_string(&s);
		} else if (c == '[' || c == '{') {
			depth++;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return len;
}

int json_split(const char *text, size_t len, size_t *at, const char **ret_item, size_t *ret_len,
		struct err *err)
{
	bool first = *at == 0;
	size_t begin = skip_space(text, len, *at);

	if (begin == len || text[begin] != (first ? '[' : ',')) {
		if (!first && begin < len && text[begin] == ']' &&
				skip_space(text, len, begin + 1) == len) {
			*at = begin;
			return 0;
		}
		return err_set(err, ERR_INPUT, "expected a list, whole");
	}
	begin = skip_space(text, len, begin + 1);
	if (first && begin < len && text[begin] == ']' && skip_space(text, len, begin + 1) == len) {
		*at = begin;
		return 0;
	}

	size_t end = skip_value(text, len, begin);

	if (end >= len || end == begin) {
		return err_set(err, ERR_INPUT, "expected a list, whole");
	}
	*ret_item = text + begin;
	*ret_len = end - begin;
	*at = end;
	return 1;
}

bool json_valid(const char *text, size_t len)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	struct err err;

	return read_any(reader, text, len, JSON_DECODE_ANY, &err) != NULL;
}

enum json_kind json_kind(struct json *value)
{
	json_t *j = (json_t *)value;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return KIND_OBJECT;
	case JSON_ARRAY:
		return KIND_LIST;
	case JSON_STRING:
		return KIND_TEXT;
	case JSON_INTEGER:
		return json_integer_value(j) >= 0 ? KIND_COUNT : KIND_OTHER;
	case JSON_TRUE:
	case JSON_FALSE:
		return KIND_BOOL;
	case JSON_NULL:
		return KIND_NULL;
	case JSON_REAL:
		return KIND_OTHER;
	}
	return KIND_OTHER;
}

const char *json_text(struct json *value, size_t *ret_len)
{
	const json_t *j = (json_t *)value;
	const char *text = json_string_value(j);

	if (text) {
		*ret_len = json_string_length(j);
	}
	return text;
}

bool json_yes(struct json *value)
{
	return json_is_true((json_t *)value);
}

size_t json_len(struct json *value)
{
	const json_t *j = (json_t *)value;

	return json_is_object(j) ? json_object_size(j) : json_array_size(j);
}

struct json *json_item(struct json *list, size_t i)
{
	return (struct json *)json_array_get((json_t *)list, i);
}

struct json *json_get(struct json *object, const char *key)
{
	return (struct json *)json_object_get((json_t *)object, key);
}

/* "12.50" equals 12.5, but a number is not equal to text with anything beside it. */
static bool is_number(const json_t *value, const char *text)
{
	char *end = NULL;

	if (!*text || strspn(text, "+-.0123456789eE") != strlen(text)) {
		return false;
	}
	if (json_is_integer(value) && !strpbrk(text, ".eE")) {
		errno = 0;
		return strtoll(text, &end, 10) == json_integer_value(value) && *end == '\0' &&
		       errno == 0;
	}

	double number = strtod(text, &end);

	return *end == '\0' && !(number < json_number_value(value)) &&
	       !(number > json_number_value(value));
}

bool json_is(struct json *value, const char *text)
{
	json_t *j = (json_t *)value;

	switch (json_typeof(j)) {
	case JSON_STRING:
		return json_string_length(j) == strlen(text) &&
		       memcmp(json_string_value(j), text, strlen(text)) == 0;
	case JSON_INTEGER:
	case JSON_REAL:
		return is_number(j, text);
	case JSON_TRUE:
		return strcmp(text, "true") == 0;
	case JSON_FALSE:
		return strcmp(text, "false") == 0;
	case JSON_NULL:
		return strcmp(text, "null") == 0;
	case JSON_OBJECT:
	case JSON_ARRAY:
		return false;
	}
	return false;
}

void json_show(struct json *value, struct buf *out)
{
	const json_t *j = (json_t *)value;

	switch (json_typeof(j)) {
	case JSON_STRING:
		buf_addf(out, "'%s'", json_string_value(j));
		break;
	case JSON_INTEGER:
		buf_addf(out, "%lld", json_integer_value(j));
		break;
	case JSON_REAL:
		buf_addf(out, "%g", json_real_value(j));
		break;
	case JSON_TRUE:
		buf_adds(out, "true");
		break;
	case JSON_FALSE:
		buf_adds(out, "false");
		break;
	case JSON_NULL:
		buf_adds(out, "null");
		break;
	case JSON_OBJECT:
		buf_adds(out, "an object");
		break;
	case JSON_ARRAY:
		buf_adds(out, "a list");
		break;
	}
}

/* The shorter of the two that says the same. */
static void write_real(struct jsonw *w, const char *key, double number)
{
	char text[JSON_NUMBER_MAX];
	double again;

	snprintf(text, sizeof(text), "%.15g", number);
	again = strtod(text, NULL);
	if (again < number || again > number) {
		snprintf(text, sizeof(text), "%.17g", number);
	}
	jsonw_raw(w, key, text);
}

static void write_text(struct jsonw *w, const char *key, const json_t *value, size_t end)
{
	size_t len = json_string_length(value);
	size_t room = end - w->out->len;

	jsonw_strn(w, key, json_string_value(value), len < room ? len : room);
}

/* What is open when it becomes too long is closed: the text ends a little later. */
static void write_value(struct jsonw *w, const char *key, json_t *value, size_t end)
{
	const char *name;
	json_t *member;
	size_t i;

	if (w->out->len > end) {
		return;
	}
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		jsonw_object(w, key);
		json_object_foreach(value, name, member)
		{
			write_value(w, name, member, end);
		}
		jsonw_close(w);
		break;
	case JSON_ARRAY:
		jsonw_array(w, key);
		json_array_foreach(value, i, member)
		{
			write_value(w, NULL, member, end);
		}
		jsonw_close(w);
		break;
	case JSON_STRING:
		write_text(w, key, value, end);
		break;
	case JSON_INTEGER:
		jsonw_int(w, key, json_integer_value(value));
		break;
	case JSON_REAL:
		write_real(w, key, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		jsonw_bool(w, key, json_is_true(value));
		break;
	case JSON_NULL:
		jsonw_null(w, key);
		break;
	}
}

void json_write(struct json *value, size_t max, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);

	write_value(&w, NULL, (json_t *)value, out->len + max);
	jsonw_end(&w);
}

void *json_next(struct json *object, void *at, const char **ret_key, struct json **ret_value)
{
	json_t *j = (json_t *)object;
	void *next = at ? json_object_iter_next(j, at) : json_object_iter(j);

	if (next) {
		*ret_key = json_object_iter_key(next);
		*ret_value = (struct json *)json_object_iter_value(next);
	}
	return next;
}

static const char *const kind_words[KINDS] = {
	[KIND_OBJECT] = "object",
	[KIND_LIST] = "array",
	[KIND_TEXT] = "string",
	[KIND_COUNT] = "whole number",
	[KIND_BOOL] = "true or false",
	[KIND_NULL] = "null",
	[KIND_OTHER] = "value",
};

/* Put the value of field, which is of its kind, where it goes. */
static int field_set(const struct json_field *field, json_t *value, void *ret, struct err *err)
{
	unsigned char *to = (unsigned char *)ret + field->offset;
	const char *text = json_string_value(value);
	uint64_t count = (uint64_t)json_integer_value(value);

	if (text && memchr(text, '\0', json_string_length(value))) {
		return err_set(err, ERR_INPUT, "%s: contains U+0000", field->name);
	}
	switch ((enum json_kind)field->kind) {
	case KIND_TEXT:
		memcpy(to, &text, sizeof(text));
		return 0;
	case KIND_COUNT:
		memcpy(to, &count, sizeof(count));
		return 0;
	case KIND_OBJECT:
	case KIND_LIST:
		memcpy(to, &value, sizeof(value));
		return 0;
	case KIND_BOOL:
	case KIND_NULL:
	case KIND_OTHER:
	case KINDS:
		break;
	}
	abort();
}

static int field_read(json_t *object, const struct json_field *field, void *ret, struct err *err)
{
	json_t *value = json_object_get(object, field->name);

	if (!value || (field->optional && json_is_null(value))) {
		if (field->optional) {
			return 0;
		}
		return err_set(err, ERR_INPUT, "%s: missing, expected %s", field->name,
				kind_words[field->kind]);
	}
	if (json_kind((struct json *)value) != (enum json_kind)field->kind) {
		return err_set(err, ERR_INPUT, "%s: expected %s", field->name,
				kind_words[field->kind]);
	}
	return field_set(field, value, ret, err);
}

int json_fields(struct json *object, const struct json_field *fields, size_t len, void *ret,
		struct err *err)
{
	struct err ignored;
	int result = 0;

	for (size_t i = 0; i < len; i++) {
		if (field_read((json_t *)object, &fields[i], ret, result ? &ignored : err) < 0) {
			result = -1;
		}
	}
	return result;
}
