/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

TEST(commas_and_brackets_are_put_in)
{
	auto_buf struct buf out = { 0 };
	struct jsonw w = jsonw_begin(&out);

	jsonw_object(&w, NULL);
	jsonw_int(&w, "id", INT64_MIN);
	jsonw_array(&w, "empty");
	jsonw_close(&w);
	jsonw_array(&w, "list");
	jsonw_int(&w, NULL, 1);
	jsonw_object(&w, NULL);
	jsonw_close(&w);
	jsonw_object(&w, NULL);
	jsonw_bool(&w, "yes", true);
	jsonw_bool(&w, "no", false);
	jsonw_close(&w);
	jsonw_null(&w, NULL);
	jsonw_close(&w);
	jsonw_raw(&w, "labels", "{\"a\":\"b\"}");
	jsonw_raw(&w, "none", NULL);
	jsonw_str(&w, "text", NULL);
	jsonw_time(&w, "at", 1795387242158);
	jsonw_time(&w, "never", 0);
	jsonw_strn(&w, "part", "abc", 2);
	jsonw_id(&w, "runId", 7);
	jsonw_id(&w, "incidentId", 0);
	jsonw_close(&w);
	jsonw_end(&w);
	ck_str(buf_text(&out),
			"{\"id\":-9223372036854775808,\"empty\":[],\"list\":[1,{},{\"yes\":true,"
			"\"no\":false},null],\"labels\":{\"a\":\"b\"},\"none\":null,\"text\":null,"
			"\"at\":\"2026-11-22T22:40:42.158Z\",\"never\":null,\"part\":\"ab\","
			"\"runId\":7,\"incidentId\":null}");
}

TEST(a_string_is_escaped)
{
	static const struct {
		const char *text;
		const char *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain äöü 💾", "\"plain äöü 💾\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"" },
		{ "\xc2\x80\xc2\x9f", "\"\\u0080\\u009f\"" },
		{ "</script>&", "\"\\u003c/script\\u003e\\u0026\"" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"" },
		{ "a\xff"
		  "b",
				"\"a\xef\xbf\xbd"
				"b\"" },
		{ "\xc3", "\"\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		auto_buf struct buf out = { 0 };
		struct jsonw w = jsonw_begin(&out);

		jsonw_str(&w, NULL, rows[i].text);
		jsonw_end(&w);
		ck_str(buf_text(&out), rows[i].json);
	}
}

TEST(a_nul_in_a_string_and_a_key_are_escaped_too)
{
	auto_buf struct buf out = { 0 };
	struct jsonw w = jsonw_begin(&out);

	jsonw_object(&w, NULL);
	jsonw_strn(&w, "a\"<", "x\0y", 3);
	jsonw_close(&w);
	jsonw_end(&w);
	ck_str(buf_text(&out), "{\"a\\\"\\u003c\":\"x\\u0000y\"}");
}
