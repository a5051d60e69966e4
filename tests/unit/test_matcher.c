/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/matcher.h"

#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

TEST(what_alertmanager_accepts_is_read)
{
	static const struct {
		const char *text;
		const char *name;
		enum matcher_op op;
		const char *value;
	} rows[] = {
		{ "foo=bar", "foo", MATCHER_EQUAL, "bar" },
		{ "foo!=bar", "foo", MATCHER_NOT_EQUAL, "bar" },
		{ "foo=~a|b", "foo", MATCHER_REGEX, "a|b" },
		{ "foo!~[a-z]+.*", "foo", MATCHER_NOT_REGEX, "[a-z]+.*" },
		{ "foo=\"\"", "foo", MATCHER_EQUAL, "" },
		{ "foo=\"bar\"", "foo", MATCHER_EQUAL, "bar" },
		{ "\"foo\"=bar", "foo", MATCHER_EQUAL, "bar" },
		{ "\"name with space\"!=\"x y\"", "name with space", MATCHER_NOT_EQUAL, "x y" },
		{ "  foo \t=\n bar  ", "foo", MATCHER_EQUAL, "bar" },
		{ "foo\xc2\xa0=\xe3\x80\x80"
		  "bar",
				"foo", MATCHER_EQUAL, "bar" },
		{ "{foo=bar}", "foo", MATCHER_EQUAL, "bar" },
		{ "{ foo = bar , }", "foo", MATCHER_EQUAL, "bar" },
		{ "foo=bar,", "foo", MATCHER_EQUAL, "bar" },
		{ "größe=ä💾", "größe", MATCHER_EQUAL, "ä💾" },
		{ "a.b/c-d:e=f(g)[h]", "a.b/c-d:e", MATCHER_EQUAL, "f(g)[h]" },
		{ "0=1", "0", MATCHER_EQUAL, "1" },
		{ "foo=\"=!~{},'`\"", "foo", MATCHER_EQUAL, "=!~{},'`" },
		{ "foo=\"\\\"\\\\\\n\\t\\r\\a\\b\\f\\v\"", "foo", MATCHER_EQUAL,
				"\"\\\n\t\r\a\b\f\v" },
		{ "foo=\"\\x41\\101\\u00e4\\U0001f4be\"", "foo", MATCHER_EQUAL, "AAä💾" },
		{ "foo=\"\\xc3\\xA4\\u20AC\\u0041\"", "foo", MATCHER_EQUAL, "ä€A" },
		{ "foo=~\"\\\\d{2}\"", "foo", MATCHER_REGEX, "\\d{2}" },
		{ "foo=\"a\tb\"", "foo", MATCHER_EQUAL, "a\tb" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct arena *arena = arena_new();
		struct matcher matcher = { 0 };
		struct err err = { 0 };

		if (matcher_parse(rows[i].text, arena, &matcher, &err) < 0) {
			test_abort(__FILE__, __LINE__, "%s: %s", rows[i].text, err.msg);
		}
		ck_str(matcher.name, rows[i].name);
		ck_str(matcher.value, rows[i].value);
		ck_int(matcher.op, rows[i].op);
		ck_int(matcher.regex != NULL, rows[i].op >= MATCHER_REGEX);
		matcher_clear(&matcher);
		arena_free(arena);
	}
}

TEST(a_mistake_is_named_with_its_column)
{
	static const struct {
		const char *text;
		const char *msg;
	} rows[] = {
		{ "", "column 1: expected a label name" },
		{ "   ", "column 4: expected a label name" },
		{ "{}", "column 2: expected a label name" },
		{ "{", "column 2: expected a label name" },
		{ "}", "column 1: expected a label name" },
		{ ",foo=bar", "column 1: expected a label name" },
		{ "=bar", "column 1: expected a label name" },
		{ "\"\"=bar", "column 1: a label name is not empty" },
		{ "foo", "column 4: expected an operator (=, !=, =~ or !~)" },
		{ "foo bar", "column 5: expected an operator (=, !=, =~ or !~)" },
		{ "foo,", "column 4: expected an operator (=, !=, =~ or !~)" },
		{ "foo!bar", "column 4: expected an operator (=, !=, =~ or !~)" },
		{ "größe!bar", "column 6: expected an operator (=, !=, =~ or !~)" },
		{ "foo~bar", "column 4: this character must stand in double quotes" },
		{ "foo='bar'", "column 5: this character must stand in double quotes" },
		{ "foo=`bar`", "column 5: this character must stand in double quotes" },
		{ "foo=a\\.b", "column 6: this character must stand in double quotes" },
		{ "foo=", "column 5: expected a label value" },
		{ "foo==bar", "column 5: expected a label value" },
		{ "foo=~", "column 6: expected a label value" },
		{ "foo=~a{2}", "column 7: expected the end, one matcher only" },
		{ "foo=bar}", "column 8: expected the end, one matcher only" },
		{ "foo=bar baz", "column 9: expected the end, one matcher only" },
		{ "foo=bar,baz=qux", "column 9: expected the end, one matcher only" },
		{ "foo=bar,,", "column 9: expected the end, one matcher only" },
		{ "{foo=bar", "column 9: expected '}'" },
		{ "{foo=bar,a=b}", "column 10: expected '}'" },
		{ "{foo=bar}}", "column 10: expected the end after '}'" },
		{ "{foo=bar},", "column 10: expected the end after '}'" },
		{ "{{foo=bar}}", "column 2: expected a label name" },
		{ "foo=\"bar", "column 5: missing closing '\"'" },
		{ "foo=\"bar\\\"", "column 5: missing closing '\"'" },
		{ "foo=\"bar\\", "column 5: missing closing '\"'" },
		{ "ä=\"\\.\"", "column 4: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\'\"", "column 6: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\x4\"", "column 6: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\400\"", "column 6: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\x00\"", "column 6: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\ud800\"", "column 6: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\U00110000\"", "column 6: no such escape; a backslash is written \\\\" },
		{ "foo=\"\\xff\"", "column 6: its escapes are not UTF-8" },
		{ "foo=\"a\nb\"", "column 7: a line break in double quotes is written \\n" },
		{ "foo=\xff", "not UTF-8" },
		{ "foo=~\"a(\"", "regular expression 'a(': column 3: missing closing parenthesis" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct arena *arena = arena_new();
		struct matcher matcher = { .name = "untouched" };
		struct err err = { 0 };

		if (matcher_parse(rows[i].text, arena, &matcher, &err) == 0) {
			test_fail(__FILE__, __LINE__, "'%s' was read", rows[i].text);
		}
		ck_int(err.code, ERR_INPUT);
		ck_str(err.msg, rows[i].msg);
		ck_str(matcher.name, "untouched");
		arena_free(arena);
	}
}

TEST(a_text_longer_than_the_limit_is_refused)
{
	struct arena *arena = arena_new();
	struct matcher matcher = { 0 };
	struct err err = { 0 };
	char text[MATCHER_TEXT_MAX + 2] = "foo=";

	memset(text + 4, 'x', sizeof(text) - 5);
	ck_int(matcher_parse(text, arena, &matcher, &err), -1);
	ck_str(err.msg, "longer than 4096 bytes");
	text[MATCHER_TEXT_MAX] = '\0';
	must_ok(matcher_parse(text, arena, &matcher, &err), err);
	ck_int(strlen(matcher.value), MATCHER_TEXT_MAX - 4);
	arena_free(arena);
}

static struct label items[] = {
	{ "alertname", "ServiceCompletelyDown" },
	{ "empty", "" },
	{ "service", "argus" },
};
static const struct labels labels = { items, LEN(items) };

static bool match(const char *text)
{
	struct arena *arena = arena_new();
	struct matcher matcher = { 0 };
	struct err err = { 0 };
	bool yes = false;

	must_ok(matcher_parse(text, arena, &matcher, &err), err);
	must_ok(matcher_match(&matcher, &labels, &yes, &err), err);
	matcher_clear(&matcher);
	arena_free(arena);
	return yes;
}

TEST(an_absent_label_is_an_empty_one)
{
	static const struct {
		const char *text;
		bool match;
	} rows[] = {
		{ "service=argus", true },
		{ "service=argu", false },
		{ "service!=argus", false },
		{ "service!=hermes", true },
		{ "service=~\"argus|hermes\"", true },
		{ "service=~arg", false },
		{ "service!~arg", true },
		{ "service!~arg.*", false },
		{ "Service=argus", false },
		{ "absent=\"\"", true },
		{ "absent!=\"\"", false },
		{ "absent=~.*", true },
		{ "absent=~.+", false },
		{ "absent!~.+", true },
		{ "empty=\"\"", true },
		{ "empty!=x", true },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		if (match(rows[i].text) != rows[i].match) {
			test_fail(__FILE__, __LINE__, "%s: expected %d", rows[i].text,
					rows[i].match);
		}
	}
}

TEST(all_matchers_must_match_and_none_match_everything)
{
	struct matcher matchers[] = {
		{ "service", "hermes", MATCHER_EQUAL, NULL },
		{ "service", "argus", MATCHER_EQUAL, NULL },
		{ "alertname", "Service.*", MATCHER_REGEX, NULL },
	};
	struct err err = { 0 };
	bool yes = false;

	for (size_t i = 0; i < LEN(matchers); i++) {
		must_ok(matcher_compile(&matchers[i], &err), err);
	}
	must_ok(matchers_match(matchers, 0, &labels, &yes, &err), err);
	ck(yes);
	must_ok(matchers_match(matchers, 3, &labels, &yes, &err), err);
	ck(!yes);
	must_ok(matchers_match(matchers + 1, 2, &labels, &yes, &err), err);
	ck(yes);
	for (size_t i = 0; i < LEN(matchers); i++) {
		matcher_clear(&matchers[i]);
	}
}

/* A negative matcher above all: "gave up" must not read as "does not match, so run". */
TEST(a_regex_that_gave_up_is_an_error)
{
	struct label long_item[] = { { "service", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc" } };
	struct labels long_labels = { long_item, 1 };
	struct matcher matchers[] = {
		{ "service", "(a+)+b", MATCHER_NOT_REGEX, NULL },
		{ "service", "(a+)+b", MATCHER_REGEX, NULL },
	};

	for (size_t i = 0; i < LEN(matchers); i++) {
		struct err err = { 0 };
		bool yes = false;

		must_ok(matcher_compile(&matchers[i], &err), err);
		ck_int(matchers_match(&matchers[i], 1, &long_labels, &yes, &err), -1);
		ck_int(err.code, ERR_LIMIT);
		ck_str(err.msg, "label 'service': regular expression gave up: match limit exceeded");
		ck(!yes);
		matcher_clear(&matchers[i]);
	}
}
