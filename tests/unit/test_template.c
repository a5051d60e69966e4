/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/template.h"

#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

static const char *look_up(const char *name, size_t len, void *arg)
{
	static const char *const values[][2] = {
		{ "service", "argus" },
		{ "empty", "" },
		{ "labels.x-y", "dotted" },
		{ "trick", "${service}$$" },
		{ "_A9", "underscored" },
	};

	++*(int *)arg;
	for (size_t i = 0; i < LEN(values); i++) {
		if (strlen(values[i][0]) == len && !strncmp(values[i][0], name, len)) {
			return values[i][1];
		}
	}
	return NULL;
}

TEST(names_are_replaced_in_one_pass)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "${service}", "argus" },
		{ "opareta-${service}-1", "opareta-argus-1" },
		{ "${service}${service}", "argusargus" },
		{ "[${empty}]", "[]" },
		{ "${labels.x-y}${_A9}", "dottedunderscored" },
		{ "${trick}", "${service}$$" },
		{ "$$", "$" },
		{ "$${service}", "${service}" },
		{ "$$${service}", "$argus" },
		{ "$", "$" },
		{ "a$b $1 $(c) $", "a$b $1 $(c) $" },
		{ "}{", "}{" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		auto_buf struct buf out = { 0 };
		struct err err = { 0 };
		int calls = 0;

		must_ok(template_expand(rows[i].text, look_up, &calls, &out, &err), err);
		ck_str(buf_text(&out), rows[i].want);
	}
}

TEST(what_cannot_be_replaced_is_an_error)
{
	static const struct {
		const char *text;
		const char *msg;
	} rows[] = {
		{ "a ${servce} b", "unknown name '${servce}'" },
		{ "a ${service", "'${' without '}'" },
		{ "${", "'${' without '}'" },
		{ "${}", "'${}': not a name" },
		{ "${a b}", "'${a b}': not a name" },
		{ "${1a}", "'${1a}': not a name" },
		{ "${.a}", "'${.a}': not a name" },
		{ "${service:-x}", "'${service:-x}': not a name" },
		{ "${${service}}", "'${${service}': not a name" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		auto_buf struct buf out = { 0 };
		struct err err = { 0 };
		int calls = 0;

		ck_int(template_expand(rows[i].text, look_up, &calls, &out, &err), -1);
		ck_int(err.code, ERR_INPUT);
		ck_str(err.msg, rows[i].msg);
	}
}

TEST(only_known_names_are_replaced_when_asked_so)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "${service}-${param}", "argus-${param}" },
		{ "$$ $ ${a b}", "$$ $ ${a b}" },
		{ "$${service}", "$${service}" },
		{ "${trick}", "$${service}$$$$" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		auto_buf struct buf out = { 0 };
		struct err err = { 0 };
		int calls = 0;

		must_ok(template_expand_known(rows[i].text, look_up, &calls, &out, &err), err);
		ck_str(buf_text(&out), rows[i].want);
	}
}

/* A var's value that looks like a template must reach the command as it was written. */
TEST(the_value_of_the_first_pass_survives_the_second)
{
	auto_buf struct buf first = { 0 };
	auto_buf struct buf second = { 0 };
	struct err err = { 0 };
	int calls = 0;

	must_ok(template_expand_known("${trick}/${service}", look_up, &calls, &first, &err), err);
	must_ok(template_expand(buf_text(&first), look_up, &calls, &second, &err), err);
	ck_str(buf_text(&second), "${service}$$/argus");
	ck_int(calls, 2);
}

TEST(an_open_brace_is_an_error_in_the_first_pass_already)
{
	auto_buf struct buf out = { 0 };
	struct err err = { 0 };
	int calls = 0;

	ck_int(template_expand_known("a ${b", look_up, &calls, &out, &err), -1);
	ck_str(err.msg, "'${' without '}'");
}

TEST(names_in_a_text_are_seen)
{
	ck(template_has_names("a ${b} c"));
	ck(template_has_names("$$${b}"));
	ck(!template_has_names(""));
	ck(!template_has_names("$${b} $c ${d"));
}
