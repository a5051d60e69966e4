/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/regex.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

TEST(the_whole_text_must_match)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool match;
	} rows[] = {
		{ "argus|hermes", "argus", true },
		{ "argus|hermes", "hermes", true },
		{ "argus|hermes", "argus-1", false },
		{ "argus|hermes", "xhermes", false },
		{ "a|ab", "ab", true }, /* the first alternative alone would stop early */
		{ "", "", true },
		{ "", "a", false },
		{ ".*", "", true },
		{ ".+", "a\nb", true },
		{ "a", "a\n", false },
		{ "a$", "a\n", false },
		{ "a$\n", "a\n", false },
		{ "^a$", "a", true },
		{ ".", "ä", true },
		{ "..", "ä", false },
		{ "(?i)Ä", "ä", true },
		{ "\\d+", "123", true },
		{ "\\d+", "٣", false },
		{ "\\w", "ä", false },
		{ "a # b", "a # b", true },
		{ "(?x) a # b", "a", true },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = { 0 };
		bool match = !rows[i].match;
		struct regex *regex = regex_new(rows[i].pattern, &err);

		if (!regex) {
			test_abort(__FILE__, __LINE__, "%s", err.msg);
		}
		must_ok(regex_match(regex, rows[i].text, &match, &err), err);
		if (match != rows[i].match) {
			test_fail(__FILE__, __LINE__, "'%s' on '%s' gave %d", rows[i].pattern,
					rows[i].text, match);
		}
		regex_free(regex);
	}
}

TEST(a_mistake_is_named_with_its_column_in_characters)
{
	static const struct {
		const char *pattern;
		const char *part;
	} rows[] = {
		{ "a(b", "'a(b': column 4: missing closing parenthesis" },
		{ "äö(", "column 4: missing closing parenthesis" },
		{ "*", "column 1: quantifier does not follow a repeatable item" },
		{ "abc)", "column 4: unmatched closing parenthesis" },
		{ "a[b", "column 4: missing terminating ] for character class" },
		{ "\\C", "column 3: using \\C is disabled" },
		{ "a\xff", "column 2: UTF-8 error" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = { 0 };

		ck(!regex_new(rows[i].pattern, &err));
		ck_int(err.code, ERR_INPUT);
		ck_has(err.msg, rows[i].part);
	}
}

/* Whoever takes this for "no match" runs nothing, and tells nobody. */
TEST(a_match_that_costs_too_much_is_an_error_and_ends_soon)
{
	static const char *const patterns[] = { "(a+)+b", "(a|aa)+b", "(a+a+)+b", "(.*)*\\1b" };
	char text[3001];

	memset(text, 'a', sizeof(text) - 1);
	/* a 'b' and a 'y' are there, so that no short cut says no at once */
	memcpy(text + sizeof(text) - 4, "byc", 4);
	for (size_t i = 0; i < LEN(patterns); i++) {
		struct err err = { 0 };
		struct regex *regex = regex_new(patterns[i], &err);
		int64_t begin = clock_mono_ms();
		bool match = true;

		must(regex);
		ck_int(regex_match(regex, text, &match, &err), -1);
		ck_int(err.code, ERR_LIMIT);
		ck_has(err.msg, "regular expression gave up: ");
		ck(match);
		ck(clock_mono_ms() - begin < 5000);
		regex_free(regex);
	}
}

/* Fibonacci's number of ways: some 1,000 and some 300,000, between our limit and PCRE2's own. */
TEST(the_limit_leaves_room_for_honest_work_only)
{
	struct err err = { 0 };
	struct regex *regex = regex_new("(a|aa)+b", &err);
	bool match = true;

	must(regex);
	must_ok(regex_match(regex, "aaaaaaaaaaaaaaabc", &match, &err), err);
	ck(!match);
	ck_int(regex_match(regex, "aaaaaaaaaaaaaaaaaaaaaaaaaaaabc", &match, &err), -1);
	ck_str(err.msg, "regular expression gave up: match limit exceeded");
	regex_free(regex);
}

TEST(lengths_are_bounded)
{
	struct err err = { 0 };
	char *text = calloc(1, REGEX_SUBJECT_MAX + 2);
	bool match = false;

	must(text);
	memset(text, 'a', REGEX_PATTERN_MAX + 1);
	ck(!regex_new(text, &err));
	ck_str(err.msg, "regular expression longer than 1024 bytes");
	text[REGEX_PATTERN_MAX] = '\0';

	struct regex *regex = regex_new(text, &err);

	must(regex);
	regex_free(regex);

	regex = regex_new("a*+", &err);
	must(regex);
	memset(text, 'a', REGEX_SUBJECT_MAX + 1);
	ck_int(regex_match(regex, text, &match, &err), -1);
	ck_int(err.code, ERR_LIMIT);
	text[REGEX_SUBJECT_MAX] = '\0';
	must_ok(regex_match(regex, text, &match, &err), err);
	ck(match);
	regex_free(regex);
	regex_free(NULL);
	free(text);
}

TEST(text_that_is_not_utf8_is_an_error)
{
	struct err err = { 0 };
	struct regex *regex = regex_new(".*", &err);
	bool match = false;

	must(regex);
	ck_int(regex_match(regex, "a\xff", &match, &err), -1);
	ck_int(err.code, ERR_LIMIT);
	ck(!match);
	regex_free(regex);
}
