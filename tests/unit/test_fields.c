/* SPDX-License-Identifier: Apache-2.0 */
#include "front/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "test.h"

static const struct arg_rule items[] = {
	{ "dry_run", ARG_BOOL, NULL, 0 },
	{ "for", ARG_DURATION, NULL, 0 },
	{ "params", ARG_MAP, NULL, 0 },
	{ "reason", ARG_TEXT, NULL, 0, .required = true },
};
static const struct arg_rules rules = { items, 4 };

static struct json_reader *reader;
static struct arena *arena;

static int read_fields(const char *body, struct args *ret, struct err *err)
{
	if (!reader) {
		reader = json_reader_new();
		arena = arena_new();
	}
	*ret = (struct args){ 0 };
	return fields_read(reader, body, strlen(body), &rules, arena, ret, err);
}

static void clear(void)
{
	json_reader_free(reader);
	arena_free(arena);
}

TEST(good_fields_become_arguments_sorted_by_name)
{
	struct args args;
	struct err err = { 0 };

	must_ok(read_fields("{\"reason\":\"Gr\\u00fc\u00dfe\",\"for\":\"1h30m\",\"dry_run\":true,"
			    "\"params\":{\"zone\":\"b\",\"service\":\"argus\"}}",
				&args, &err),
			err);
	ck_int(args.values.len, 5);
	ck_str(args.values.items[0].name, "dry_run");
	ck_str(args.values.items[0].value, "true");
	ck_str(labels_get(&args.values, "for"), "5400000");
	ck_str(labels_get(&args.values, "params.service"), "argus");
	ck_str(labels_get(&args.values, "params.zone"), "b");
	ck_str(labels_get(&args.values, "reason"), "Gr\u00fc\u00dfe");
	clear();
}

TEST(null_counts_as_not_given)
{
	struct args args;
	struct err err = { 0 };

	must_ok(read_fields("{\"reason\":\"r\",\"for\":null,\"params\":null}", &args, &err), err);
	ck_int(args.values.len, 1);
	clear();
}

TEST(what_is_wrong_is_named)
{
	static const struct {
		const char *body;
		const char *error;
	} rows[] = {
		{ "", "reason: missing or empty, expected string" },
		{ "{}", "reason: missing or empty, expected string" },
		{ "{\"reason\":\"\"}", "reason: missing or empty, expected string" },
		{ "{\"reason\":null}", "reason: missing or empty, expected string" },
		{ "{\"reason\":7}", "reason: expected string" },
		{ "{\"reason\":\"a\\u0000b\"}", "reason: expected string" },
		{ "{\"reason\":\"a\\nb\"}", "reason: expected UTF-8 without control characters" },
		{ "{\"reson\":\"x\"}",
				"unknown field 'reson'; known are: dry_run, for, params, reason" },
		{ "{\"reason\":\"x\",\"dry_run\":\"true\"}", "dry_run: expected true or false" },
		{ "{\"reason\":\"x\",\"dry_run\":1}", "dry_run: expected true or false" },
		{ "{\"reason\":\"x\",\"for\":60}", "for: expected string" },
		{ "{\"reason\":\"x\",\"for\":\"0\"}",
				"for: expected more than 0 and at most 366d" },
		{ "{\"reason\":\"x\",\"for\":\"2y\"}",
				"for: expected more than 0 and at most 366d" },
		{ "{\"reason\":\"x\",\"for\":\"soon\"}", "for: " },
		{ "{\"reason\":\"x\",\"params\":[]}", "params: expected object" },
		{ "{\"reason\":\"x\",\"params\":{\"a\":1}}", "params.a: expected string" },
		{ "{\"reason\":\"x\",\"params\":{\"a\":{}}}", "params.a: expected string" },
		{ "[]", "expected object" },
		{ "{", "line 1 column 1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct args args;
		struct err err = { 0 };

		ck_int(read_fields(rows[i].body, &args, &err), -1);
		ck_int(err.code, ERR_INPUT);
		ck_has(err.msg, rows[i].error);
	}
	clear();
}

TEST(much_is_refused_before_it_costs)
{
	struct buf body = { 0 };
	struct args args;
	struct err err = { 0 };

	buf_adds(&body, "{\"reason\":\"x\",\"params\":{");
	for (int i = 0; i < ARGS_MAX; i++) {
		buf_addf(&body, "%s\"p%d\":\"v\"", i ? "," : "", i);
	}
	buf_adds(&body, "}}");
	ck_int(read_fields(buf_text(&body), &args, &err), -1);
	ck_int(err.code, ERR_INPUT);
	ck_has(err.msg, "more than");
	buf_reset(&body);
	buf_addf(&body, "{\"reason\":\"%0*d\"}", ARG_TEXT_MAX + 1, 7);
	ck_int(read_fields(buf_text(&body), &args, &err), -1);
	ck_str(err.msg, "reason: expected at most 256 bytes");
	buf_reset(&body);
	buf_addf(&body, "{\"reason\":\"x\"}%*s", FIELDS_BODY_MAX, "");
	ck_int(read_fields(buf_text(&body), &args, &err), -1);
	ck_int(err.code, ERR_LIMIT);
	buf_clear(&body);
	clear();
}
