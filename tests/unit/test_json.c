/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "test.h"

static const char *mistake(const char *text, size_t len)
{
	static struct err err;
	auto_json_reader struct json_reader *reader = json_reader_new();

	err = (struct err){ 0 };
	return json_read(reader, text, len, &err) ? "" : err.msg;
}

static void repeat(struct buf *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++) {
		buf_adds(out, text);
	}
}

TEST(mistakes_tell_line_and_column)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "{\"a\":1,}", "line 1 column" },
		{ "{\"a\":\n  x}", "line 2 column 3: invalid token" },
		{ "", "line 1 column 0" },
		{ "3", "expected" },
		{ "{} {}", "end of file expected" },
		{ "{\"a\":1,\"a\":2}", "duplicate object key" },
		{ "{\"a\":1,\"\\u0061\":2}", "duplicate object key" },
		{ "[\"\xc0\x80\"]", "unable to decode" },
		{ "[\"\\ud800\"]", "invalid Unicode" },
		{ "\xef\xbb\xbf{}", "line 1 column 1" },
		{ "[1e400]", "real number overflow" },
		{ "[9223372036854775808]", "too big integer" },
		{ "[01]", "line 1 column" },
		{ "[NaN]", "line 1 column 4" },
		{ "[[[[[[[[[[[[[[[[[", "line 1 column 17: nested deeper than 16" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_has(mistake(rows[i].text, strlen(rows[i].text)), rows[i].says);
	}
	ck_str(mistake("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", 33), "");
	ck_has(mistake("{\"a\":1}\0", 8), "line 1 column");
}

#ifdef FOR_VALGRIND
#define BOMB_S 20
#else
#define BOMB_S 1
#endif

/* A bomb costs one look at its bytes: 0.1 s of the processor, without sanitizers. */
TEST(bombs_are_refused_before_they_are_built)
{
	static const struct {
		const char *unit;
		size_t times;
		const char *says;
	} rows[] = {
		{ "[", 1000000, "nested deeper" },
		{ "{},", 350000, "too many" },
		{ "[],", 350000, "too many" },
		{ "0,", 524288, "too many values" },
		{ "9", 1048576, "more than 64 characters" },
		{ "\"a\",", 1000000, "too many values" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf text = { 0 };
		clock_t begin = clock();

		buf_addch(&text, '[');
		repeat(&text, rows[i].unit, rows[i].times);
		ck_has(mistake(buf_text(&text), text.len), rows[i].says);
		ck(clock() - begin < BOMB_S * CLOCKS_PER_SEC);
	}
}

struct thing {
	const char *name;
	uint64_t count;
	struct json *labels;
	struct json *items;
};

static const struct json_field fields[] = {
	{ "name", KIND_TEXT, false, offsetof(struct thing, name) },
	{ "count", KIND_COUNT, true, offsetof(struct thing, count) },
	{ "labels", KIND_OBJECT, true, offsetof(struct thing, labels) },
	{ "items", KIND_LIST, true, offsetof(struct thing, items) },
};

static int read_thing(
		struct json_reader *reader, const char *text, struct thing *ret, struct err *err)
{
	struct json *root = json_read(reader, text, strlen(text), err);

	*ret = (struct thing){ .count = 7 };
	must(root);
	return json_fields(root, fields, 4, ret, err);
}

TEST(a_table_of_fields_fills_a_struct)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	struct thing thing;
	struct err err = { 0 };

	must_ok(read_thing(reader, "{\"items\":[1,2],\"name\":\"x\",\"count\":null,\"more\":{}}",
				&thing, &err),
			err);
	ck_str(thing.name, "x");
	ck_int(thing.count, 7);
	ck(!thing.labels);
	ck_int(json_len(thing.items), 2);
	ck_int(json_kind(json_item(thing.items, 1)), KIND_COUNT);
}

TEST(a_wrong_field_is_named_and_the_others_are_read)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
		{ "{\"count\":2}", "name: missing, expected string" },
		{ "{\"name\":null,\"count\":2}", "name: expected string" },
		{ "{\"name\":5,\"count\":2}", "name: expected string" },
		{ "{\"name\":\"a\\u0000b\",\"count\":2}", "name: contains U+0000" },
		{ "{\"name\":\"x\",\"labels\":[],\"count\":2}", "labels: expected object" },
		{ "{\"name\":\"x\",\"items\":{},\"count\":2}", "items: expected array" },
		{ "[1]", "name: missing" },
	};
	auto_json_reader struct json_reader *reader = json_reader_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct thing thing;
		struct err err = { 0 };

		ck_int(read_thing(reader, rows[i].text, &thing, &err), -1);
		ck_has(err.msg, rows[i].says);
		ck_int(err.code, ERR_INPUT);
		ck_int(thing.count, rows[i].text[0] == '[' ? 7 : 2);
	}

	struct thing thing;
	struct err err = { 0 };

	ck_int(read_thing(reader, "{\"name\":\"x\",\"count\":-1}", &thing, &err), -1);
	ck_str(err.msg, "count: expected whole number");
}

TEST(u_0000_in_a_key_does_not_hide_the_rest)
{
	static const char text[] =
			"{\"a\\u0000b\":\"\\u0000\",\"c\\\\u0000\":1,\"d\":{\"\\u0000\":2}}";
	auto_json_reader struct json_reader *reader = json_reader_new();
	struct err err = { 0 };
	struct json *root = json_read(reader, text, sizeof(text) - 1, &err);
	struct json *value;
	const char *key;
	void *at = NULL;
	size_t marked = 0;
	size_t len = 0;

	must(root);
	while ((at = json_next(root, at, &key, &value))) {
		if (!strcmp(key, "a" JSON_NUL_MARK "b")) {
			marked++;
			ck(json_text(value, &len));
			ck_int(len, 1);
		}
		ck(strcmp(key, "c\\" JSON_NUL_MARK) != 0);
	}
	ck_int(marked, 1);
}

TEST(a_reader_is_used_again_and_again)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	auto_buf struct buf big = { 0 };
	struct err err = { 0 };

	buf_addch(&big, '[');
	for (int i = 0; i < 20000; i++) {
		buf_addf(&big, "%s\"%0100d\"", i ? "," : "", i);
	}
	buf_addch(&big, ']');
	for (int i = 0; i < 5; i++) {
		struct json *root = json_read(reader, buf_text(&big), big.len, &err);
		size_t len;

		must(root);
		ck_int(json_len(root), 20000);
		ck_has(json_text(json_item(root, 19999), &len), "019999");
		ck(json_read(reader, "{\"a\":[]}", 8, &err));
		ck(!json_read(reader, "{\"a\":[}", 7, &err));
	}
}

TEST(any_value_is_valid_json)
{
	static const char *const good[] = { "3", "\"x\"", "null", "{}", " [1] " };
	static const char *const bad[] = { "", "x", "[", "{\"a\"}", "1 2" };

	for (size_t i = 0; i < 5; i++) {
		ck(json_valid(good[i], strlen(good[i])));
		ck(!json_valid(bad[i], strlen(bad[i])));
	}
}

TEST(a_value_is_written_without_blanks_and_reads_as_the_same)
{
	static const char *const rows[][2] = {
		{ "[ 1 , -2, 0.1, 1e300, true, false, null ]",
				"[1,-2,0.1,1e+300,true,false,null]" },
		{ "{ \"a\" : { \"b\": [ ] }, \"c\": \"d\\n\\u00e4\" }",
				"{\"a\":{\"b\":[]},\"c\":\"d\\n\xc3\xa4\"}" },
		{ "[0.30000000000000004]", "[0.30000000000000004]" },
		{ "[\"a\\u0000b\"]", "[\"a\\u0000b\"]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_json_reader struct json_reader *reader = json_reader_new();
		auto_buf struct buf out = { 0 };
		struct err err;
		struct json *root = json_read(reader, rows[i][0], strlen(rows[i][0]), &err);

		must(root);
		json_write(root, 1000, &out);
		ck_str(buf_text(&out), rows[i][1]);
	}
}

TEST(a_long_value_is_cut_not_far_behind_the_limit)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	auto_buf struct buf text = { 0 };
	auto_buf struct buf out = { 0 };
	struct err err;

	buf_adds(&text, "[[\"");
	for (int i = 0; i < 100000; i++) {
		buf_addch(&text, 'x');
	}
	buf_adds(&text, "\",1],2]");
	json_write(json_read(reader, buf_text(&text), text.len, &err), 1000, &out);
	ck(out.len > 1000 && out.len < 1020);
	ck_has(buf_text(&out), "x\"]]");
}

/* The items with "|" between, then how it ended. */
static const char *split(const char *text)
{
	static struct buf out;
	const char *item = NULL;
	size_t len = 0;
	size_t at = 0;
	struct err err;
	int rc;

	buf_reset(&out);
	while ((rc = json_split(text, strlen(text), &at, &item, &len, &err)) == 1) {
		buf_add(&out, item, len);
		buf_addch(&out, '|');
	}
	buf_adds(&out, rc == 0 ? "end" : "broken");
	return buf_text(&out);
}

TEST(a_list_is_split_without_being_read)
{
	ck_str(split("[]"), "end");
	ck_str(split(" [ ] \n"), "end");
	ck_str(split("[1]"), "1|end");
	ck_str(split("[{\"a\":[1,2]},{\"b\":\"],}\\\"\"} , 3]"),
			"{\"a\":[1,2]}|{\"b\":\"],}\\\"\"} |3|end");
}

TEST(a_list_that_is_cut_short_is_no_list)
{
	ck_str(split(""), "broken");
	ck_str(split("{}"), "broken");
	ck_str(split("["), "broken");
	ck_str(split("[{}"), "broken");
	ck_str(split("[{},"), "{}|broken");
	ck_str(split("[{}] x"), "{}|broken");
	ck_str(split("[,]"), "broken");
	ck_str(split("[{}{}]"), "{}{}|end");
	ck_str(split("[\"a"), "broken");
	ck_str(split("[}"), "broken");
}
