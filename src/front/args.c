/* SPDX-License-Identifier: Apache-2.0 */
#include "front/args.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

#define NUMBER_DIGITS_MAX 18
#define SHOWN_MAX         64 /* of an unknown name, in a message */

/* One parameter on its way in. */
struct reading {
	const struct arg_rules *rules;
	struct arena *arena;
	struct args *args;
	size_t seen;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One %XX at text, of which left bytes are there. Returns the byte, or -1. */
static int decode_percent(const char *text, size_t left)
{
	int high = left > 2 ? hex_digit(text[1]) : -1;
	int low = left > 2 ? hex_digit(text[2]) : -1;

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* UTF-8 without control characters, but for those in allowed. */
static bool is_text(const char *text, size_t len, const char *allowed)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 || c == 0x7f) && (c == '\0' || !strchr(allowed, c))) {
			return false;
		}
	}
	return utf8_valid(text, len);
}

static bool is_plain_text(const char *text, size_t len)
{
	return is_text(text, len, "");
}

/* Percent-encoding and '+' undone, into the arena. NULL when it is broken or not plain text. */
static char *decode(struct arena *arena, const char *text, size_t len)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int c = text[i] == '+' ? ' ' : (unsigned char)text[i];

		if (c == '%') {
			c = decode_percent(text + i, len - i);
			i += 2;
		}
		if (c < 0) {
			return NULL;
		}
		out[n++] = (char)c;
	}
	return is_plain_text(out, n) ? out : NULL;
}

int args_unknown(const char *what, const char *name, const struct arg_rules *rules, struct err *err)
{
	char known[512] = "";
	size_t used = 0;

	if (rules->len == 0) {
		return err_set(err, ERR_INPUT, "unknown %s '%.*s'; this path has none", what,
				SHOWN_MAX, name);
	}
	for (size_t i = 0; i < rules->len && used < sizeof(known); i++) {
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
				rules->items[i].name);
	}
	return err_set(err, ERR_INPUT, "unknown %s '%.*s'; known are: %s", what, SHOWN_MAX, name,
			known);
}

static int wrong(const struct arg_rule *rule, const char *expected, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s: expected %s", rule->name, expected);
}

static bool number_between(const char *text, uint64_t min, uint64_t max)
{
	size_t len = strlen(text);

	if (len == 0 || len > NUMBER_DIGITS_MAX || strspn(text, "0123456789") != len) {
		return false;
	}

	uint64_t value = strtoull(text, NULL, 10);

	return value >= min && value <= max;
}

static int read_bool(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	(void)r;
	if (strcmp(*value, "true") != 0 && strcmp(*value, "false") != 0) {
		return wrong(rule, arg_kind_texts[ARG_BOOL], err);
	}
	return 0;
}

static int read_cursor(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	size_t len = strlen(*value);

	(void)r;
	if (len == 0 || len > ARG_CURSOR_MAX || strspn(*value, "0123456789:") != len) {
		return wrong(rule, arg_kind_texts[ARG_CURSOR], err);
	}
	return 0;
}

static int read_digest(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	uint8_t digest[DIGEST_SIZE];

	(void)r;
	return digest_parse(*value, digest) ? 0 : wrong(rule, arg_kind_texts[ARG_DIGEST], err);
}

static int read_duration(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	int64_t ms = 0;

	if (duration_parse(*value, &ms, err) < 0) {
		return err_wrap(err, "%s", rule->name);
	}
	if (ms <= 0 || ms > ARG_DURATION_MAX) {
		return wrong(rule, "more than 0 and at most 366d", err);
	}
	*value = arena_printf(r->arena, "%" PRId64, ms);
	return 0;
}

static int read_limit(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	(void)r;
	if (!number_between(*value, 1, ARG_LIMIT_MAX)) {
		return wrong(rule, arg_kind_texts[ARG_LIMIT], err);
	}
	return 0;
}

static int read_map(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	(void)r;
	(void)value;
	return wrong(rule, "an object", err);
}

static int read_number(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	(void)r;
	return number_between(*value, 0, UINT64_MAX) ? 0
						     : wrong(rule, arg_kind_texts[ARG_NUMBER], err);
}

static int read_prose(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	(void)r;
	if (strlen(*value) > ARG_PROSE_MAX) {
		return wrong(rule, "at most 8192 bytes", err);
	}
	if (!is_text(*value, strlen(*value), "\n\t")) {
		return wrong(rule, "UTF-8 without control characters but newline and tab", err);
	}
	return 0;
}

static int read_text(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	(void)r;
	if (strlen(*value) > ARG_TEXT_MAX) {
		return wrong(rule, "at most 256 bytes", err);
	}
	if (!is_plain_text(*value, strlen(*value))) {
		return wrong(rule, "UTF-8 without control characters", err);
	}
	return 0;
}

static int read_time(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	int64_t ms;

	if (clock_parse(*value, &ms, err) < 0) {
		return err_wrap(err, "%s", rule->name);
	}
	*value = arena_printf(r->arena, "%" PRId64, ms);
	return 0;
}

static int read_word(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	char words[512] = "";
	size_t used = 0;

	(void)r;
	for (size_t i = 0; i < rule->words_len; i++) {
		if (!strcmp(*value, rule->words[i])) {
			return 0;
		}
	}
	for (size_t i = 0; i < rule->words_len && used < sizeof(words); i++) {
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s", i ? ", " : "",
				rule->words[i]);
	}
	return err_set(err, ERR_INPUT, "%s: expected one of %s", rule->name, words);
}

static int read_matcher(
		struct reading *r, const struct arg_rule *rule, const char **value, struct err *err)
{
	struct args *args = r->args;

	if (!args->filters) {
		args->filters = arena_calloc(r->arena, ARGS_FILTERS_MAX, sizeof(*args->filters));
	}
	if (args->filters_len == ARGS_FILTERS_MAX) {
		return wrong(rule, "at most 16 of them", err);
	}
	if (matcher_parse(*value, r->arena, &args->filters[args->filters_len], err) < 0) {
		return err_wrap(err, "%s", rule->name);
	}
	args->filters_len++;
	return 0;
}

/* Each checks the value, and may put another in its place. */
static int (*const readers[ARG_KINDS])(struct reading *r, const struct arg_rule *rule,
		const char **value, struct err *err) = {
	[ARG_BOOL] = read_bool,
	[ARG_CURSOR] = read_cursor,
	[ARG_DIGEST] = read_digest,
	[ARG_DURATION] = read_duration,
	[ARG_LIMIT] = read_limit,
	[ARG_MAP] = read_map,
	[ARG_MATCHER] = read_matcher,
	[ARG_NUMBER] = read_number,
	[ARG_PROSE] = read_prose,
	[ARG_TEXT] = read_text,
	[ARG_TIME] = read_time,
	[ARG_WORD] = read_word,
};

int args_add(const struct arg_rule *rule, const char *value, struct arena *arena, struct args *args,
		struct err *err)
{
	struct reading r = { .arena = arena, .args = args };
	struct labels *values = &args->values;

	if (readers[rule->kind](&r, rule, &value, err) < 0) {
		return -1;
	}
	if (rule->kind == ARG_MATCHER) {
		return 0;
	}
	for (size_t i = 0; i < values->len; i++) {
		if (!strcmp(values->items[i].name, rule->name)) {
			return err_set(err, ERR_INPUT, "%s: given twice", rule->name);
		}
	}
	if (values->len == ARGS_MAX) {
		return err_set(err, ERR_INPUT, "more than %d parameters", ARGS_MAX);
	}
	if (!values->items) {
		values->items = arena_calloc(arena, ARGS_MAX, sizeof(*values->items));
	}
	values->items[values->len++] = (struct label){ rule->name, value };
	return 0;
}

/* One name=value of len bytes. */
static int read_one(struct reading *r, const char *text, size_t len, struct err *err)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	const char *name = decode(r->arena, text, name_len);
	const char *value = equals ? decode(r->arena, equals + 1, len - name_len - 1) : "";

	if (!name || !value) {
		return err_set(err, ERR_INPUT,
				"the query is not well-formed: expected name=value, percent-encoded UTF-8 without control characters");
	}
	if (++r->seen > ARGS_MAX) {
		return err_set(err, ERR_INPUT, "more than %d parameters", ARGS_MAX);
	}

	const struct arg_rule *rule = arg_rules_find(r->rules, name);

	return rule ? args_add(rule, value, r->arena, r->args, err)
		    : args_unknown("parameter", name, r->rules, err);
}

int args_read(const char *query, const struct arg_rules *rules, struct arena *arena,
		struct args *ret, struct err *err)
{
	struct reading r = { rules, arena, ret, 0 };

	*ret = (struct args){ 0 };
	if (!*query) {
		return 0;
	}
	while (*query) {
		size_t part = strcspn(query, "&");

		if (part > 0 && read_one(&r, query, part, err) < 0) {
			return -1;
		}
		query += part + (query[part] == '&');
	}
	labels_sort(&ret->values);
	return 0;
}

void args_clear(struct args *args)
{
	for (size_t i = 0; i < args->filters_len; i++) {
		matcher_clear(&args->filters[i]);
	}
	args->filters_len = 0;
}
