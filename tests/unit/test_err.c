/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <string.h>

#include "test.h"

TEST(a_set_error_says_what_went_wrong)
{
	struct err err = { 0 };

	ck_int(err_set(&err, ERR_IO, "open '%s': %s", "/x", "no such file"), -1);
	ck_int(err.code, ERR_IO);
	ck_str(err.msg, "open '/x': no such file");
}

TEST(each_wrap_puts_its_context_before)
{
	struct err err = { 0 };

	err_set(&err, ERR_INPUT, "empty");
	ck_int(err_wrap(&err, "step %d", 2), -1);
	err_wrap(&err, "playbook '%s'", "disk");
	ck_int(err.code, ERR_INPUT);
	ck_str(err.msg, "playbook 'disk': step 2: empty");
}

TEST(a_message_too_long_is_cut_at_its_end)
{
	struct err err = { 0 };
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INPUT, "%s", text);
	ck_int(strlen(err.msg), ERR_MSG_MAX - 1);
	err_wrap(&err, "head");
	ck_int(strlen(err.msg), ERR_MSG_MAX - 1);
	ck(!strncmp(err.msg, "head: xxx", 9));
	err_wrap(&err, "%s", text);
	ck(strlen(err.msg) < ERR_MSG_MAX);
	ck(!strncmp(err.msg, "xxx", 3));
}

TEST(each_code_has_its_answers)
{
	ck_str(err_type(ERR_INPUT), "bad_data");
	ck_int(err_http_status(ERR_INPUT), 400);
	ck_int(err_http_status(ERR_LIMIT), 413);
	ck_int(err_http_status(ERR_DB), 503);
	ck_int(err_http_status(ERR_BUSY), 503);
	ck_str(err_type(ERR_BUG), "internal");
	ck_int(err_exit_status(ERR_BUG), 70);
	ck_int(err_exit_status(ERR_NONE), 0);
}

/* 429 would be taken by Alertmanager as "never again". */
TEST(no_code_answers_429)
{
#define X(code, type, http, exit) ck(err_http_status(code) != 429);
	ERR_CODES(X)
#undef X
}
