/* SPDX-License-Identifier: Apache-2.0 */
#include "front/fields.h"

#include <string.h>

#define SHOWN_MAX 64 /* of a name, in a message */

static int add_text(const struct arg_rule *rule, struct json *value, struct arena *arena,
		struct args *args, struct err *err)
{
	size_t len = 0;
	const char *text = json_text(value, &len);

	if (!text || strlen(text) != len) {
		return err_set(err, ERR_INPUT, "%s: expected string", rule->name);
	}
	return args_add(rule, text, arena, args, err);
}

static int add_bool(const struct arg_rule *rule, struct json *value, struct arena *arena,
		struct args *args, struct err *err)
{
	if (json_kind(value) != KIND_BOOL) {
		return err_set(err, ERR_INPUT, "%s: expected true or false", rule->name);
	}
	return args_add(rule, json_yes(value) ? "true" : "false", arena, args, err);
}

static int add_map(const struct arg_rule *rule, struct json *value, struct arena *arena,
		struct args *args, struct err *err)
{
	void *at = NULL;
	const char *key;
	struct json *item;

	if (json_kind(value) != KIND_OBJECT) {
		return err_set(err, ERR_INPUT, "%s: expected object", rule->name);
	}
	while ((at = json_next(value, at, &key, &item))) {
		const struct arg_rule one = {
			.name = arena_printf(arena, "%s.%.*s", rule->name, SHOWN_MAX, key),
			.kind = ARG_TEXT,
		};

		if (strlen(key) > SHOWN_MAX) {
			return err_set(err, ERR_INPUT, "%s: a name is too long", one.name);
		}
		if (add_text(&one, item, arena, args, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int add_field(const struct arg_rule *rule, struct json *value, struct arena *arena,
		struct args *args, struct err *err)
{
	switch ((enum arg_kind)rule->kind) {
	case ARG_BOOL:
		return add_bool(rule, value, arena, args, err);
	case ARG_MAP:
		return add_map(rule, value, arena, args, err);
	case ARG_CURSOR:
	case ARG_DIGEST:
	case ARG_DURATION:
	case ARG_LIMIT:
	case ARG_MATCHER:
	case ARG_NUMBER:
	case ARG_PROSE:
	case ARG_TEXT:
	case ARG_TIME:
	case ARG_WORD:
	case ARG_KINDS:
		break;
	}
	return add_text(rule, value, arena, args, err);
}

static int add_all(struct json *root, const struct arg_rules *rules, struct arena *arena,
		struct args *args, struct err *err)
{
	void *at = NULL;
	const char *name;
	struct json *value;

	while ((at = json_next(root, at, &name, &value))) {
		const struct arg_rule *rule = arg_rules_find(rules, name);

		if (!rule) {
			return args_unknown("field", name, rules, err);
		}
		if (json_kind(value) != KIND_NULL && add_field(rule, value, arena, args, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int check_required(const struct arg_rules *rules, const struct args *args, struct err *err)
{
	for (size_t i = 0; i < rules->len; i++) {
		const struct arg_rule *rule = &rules->items[i];

		if (rule->required && !*labels_value(&args->values, rule->name)) {
			return err_set(err, ERR_INPUT, "%s: missing or empty, expected %s",
					rule->name,
					rule->kind == ARG_BOOL ? "true or false" : "string");
		}
	}
	return 0;
}

int fields_read(struct json_reader *reader, const char *body, size_t len,
		const struct arg_rules *rules, struct arena *arena, struct args *args,
		struct err *err)
{
	struct json *root;

	if (len > FIELDS_BODY_MAX) {
		return err_set(err, ERR_LIMIT, "the body is longer than %d bytes", FIELDS_BODY_MAX);
	}
	if (len > 0) {
		root = json_read(reader, body, len, err);
		if (!root) {
			return -1;
		}
		if (json_kind(root) != KIND_OBJECT) {
			return err_set(err, ERR_INPUT, "expected object");
		}
		if (add_all(root, rules, arena, args, err) < 0) {
			return -1;
		}
	}
	labels_sort(&args->values);
	return check_required(rules, args, err);
}
