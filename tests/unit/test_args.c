/* SPDX-License-Identifier: Apache-2.0 */
#include "front/args.h"

#include <stdio.h>
#include <string.h>

#include "test.h"
#include "wire/routes.h"

static int read_args(const char *query, struct arena *arena, struct args *ret, struct err *err)
{
	return args_read(query, &routes[ROUTE_INCIDENTS].args, arena, ret, err);
}

TEST(good_parameters_are_decoded)
{
	struct arena *arena = arena_new();
	struct args args;
	struct err err = { 0 };

	must_ok(read_args("limit=1000&cursor=12:3&&status=firing&playbook=a+b%2Bc"
			  "&since=2020-01-01T00:00:00Z&filter=service%3D~%22a%7Cb%22"
			  "&filter=severity!%3Dinfo",
				arena, &args, &err),
			err);
	ck_int(args.values.len, 5);
	ck_str(labels_get(&args.values, "limit"), "1000");
	ck_str(labels_get(&args.values, "cursor"), "12:3");
	ck_str(labels_get(&args.values, "playbook"), "a b+c");
	ck_str(labels_get(&args.values, "since"), "1577836800000");
	ck_int(args.filters_len, 2);
	ck_str(args.filters[0].name, "service");
	ck_str(args.filters[0].value, "a|b");
	ck_int(args.filters[1].op, MATCHER_NOT_EQUAL);
	args_clear(&args);
	arena_free(arena);
}

TEST(bad_parameters_are_named)
{
	static const char *const rows[][2] = {
		{ "limt=5", "unknown parameter 'limt'; known are: cursor, filter, level, limit, " },
		{ "limit=0", "limit: expected a number from 1 to 1000" },
		{ "limit=1001", "limit: expected a number" },
		{ "limit=", "limit: expected a number" },
		{ "limit", "limit: expected a number" },
		{ "limit=5x", "limit: expected a number" },
		{ "limit=5&limit=6", "limit: given twice" },
		{ "cursor=", "cursor: expected" },
		{ "cursor=1'--", "cursor: expected" },
		{ "status=on", "status: expected one of firing, mitigated, resolved, closed" },
		{ "since=now", "since: " },
		{ "filter=alertname", "filter: column 10" },
		{ "filter=a%3D~%22(%22", "filter: " },
		{ "playbook=%zz", "not well-formed" },
		{ "playbook=%", "not well-formed" },
		{ "playbook=%00", "not well-formed" },
		{ "playbook=%0a", "not well-formed" },
		{ "playbook=%ff", "not well-formed" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct args args;
		struct err err = { 0 };

		ck_int(read_args(rows[i][0], arena, &args, &err), -1);
		ck_has(err.msg, rows[i][1]);
		ck_int(err.code, ERR_INPUT);
		args_clear(&args);
		arena_free(arena);
	}
}

TEST(a_query_is_bounded)
{
	struct arena *arena = arena_new();
	struct args args;
	struct err err = { 0 };
	char query[1024] = "";

	for (int i = 0; i < ARGS_FILTERS_MAX + 1; i++) {
		strcat(query, "&filter=a%3Db");
	}
	ck_int(read_args(query, arena, &args, &err), -1);
	ck_str(err.msg, "filter: expected at most 16 of them");
	args_clear(&args);
	arena_free(arena);
}
