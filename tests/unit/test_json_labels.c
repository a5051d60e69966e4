/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_labels.h"

#include "test.h"

TEST(stored_labels_come_back_sorted)
{
	struct arena *arena = arena_new();
	struct labels labels = { 0 };
	struct err err = { 0 };

	must_ok(json_labels("{\"service\":\"argus\",\"alertname\":\"X\",\"e\":\"\"}", arena,
				&labels, &err),
			err);
	ck_int(labels.len, 3);
	ck_str(labels.items[0].name, "alertname");
	ck_str(labels_get(&labels, "service"), "argus");
	ck_str(labels_get(&labels, "e"), "");
	must_ok(json_labels("{}", arena, &labels, &err), err);
	ck_int(labels.len, 0);
	arena_free(arena);
}

TEST(what_are_no_labels_is_refused)
{
	static const char *const rows[][2] = {
		{ "{\"a\":1}", "labels.a: expected string" },
		{ "{\"a\":\"\\u0000\"}", "labels.a: expected string" },
		{ "[]", "labels: expected object" },
		{ "{", "line 1 column" },
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < 4; i++) {
		struct labels labels = { .len = 9 };
		struct err err = { 0 };

		ck_int(json_labels(rows[i][0], arena, &labels, &err), -1);
		ck_has(err.msg, rows[i][1]);
		ck_int(labels.len, 9);
	}
	arena_free(arena);
}
