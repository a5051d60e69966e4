/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/body_check.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static const char body[] =
		"{\"status\": \"ok\", \"db\": {\"up\": true, \"down\": false, \"x\": null},"
		" \"queues\": [{\"length\": 0}, {\"length\": -12.5}],"
		" \"n\": 9007199254740993, \"a.b\": 1, \"zero\": \"a\\u0000b\"}";

/* why NULL: it matches. */
static void ck_body(const char *text, const char *path, const char *value, const char *why)
{
	const struct check_field field = { path, value };
	char *got = NULL;

	ck_int(body_check(text, strlen(text), &field, 1, &got), why == NULL);
	ck_str(got ? got : "", why ? why : "");
	free(got);
}

TEST(a_field_is_found_and_compared_by_its_text)
{
	ck_body(body, "status", "ok", NULL);
	ck_body(body, "db.up", "true", NULL);
	ck_body(body, "db.down", "false", NULL);
	ck_body(body, "db.x", "null", NULL);
	ck_body(body, "queues.0.length", "0", NULL);
	ck_body(body, "queues.1.length", "-12.50", NULL);
	ck_body(body, "n", "9007199254740993", NULL);
	ck_body("[1]", "0", "1", NULL);
}

TEST(a_field_that_is_another_fails)
{
	ck_body(body, "status", "OK", "status is 'ok', expected OK");
	ck_body(body, "status", "", "status is 'ok', expected ");
	ck_body(body, "db.up", "yes", "db.up is true, expected yes");
	ck_body(body, "db", "true", "db is an object, expected true");
	ck_body(body, "queues", "0", "queues is a list, expected 0");
	ck_body(body, "n", "9007199254740992", "n is 9007199254740993, expected 9007199254740992");
	ck_body(body, "queues.0.length", "0x0", "queues.0.length is 0, expected 0x0");
	ck_body(body, "queues.0.length", "", "queues.0.length is 0, expected ");
	ck_body(body, "queues.0.length", "0 ", "queues.0.length is 0, expected 0 ");
	ck_body(body, "zero", "a", "zero is 'a', expected a");
}

TEST(a_field_that_is_not_there_fails)
{
	ck_body(body, "other", "x", "the answer has no 'other', expected x");
	ck_body(body, "status.a", "x", "the answer has no 'status.a', expected x");
	ck_body(body, "queues.2.length", "x", "the answer has no 'queues.2.length', expected x");
	ck_body(body, "queues.-1", "x", "the answer has no 'queues.-1', expected x");
	ck_body(body, "queues.99999999999999999999", "x",
			"the answer has no 'queues.99999999999999999999', expected x");
	ck_body(body, "a.b", "1", "the answer has no 'a.b', expected 1");
}

TEST(what_is_not_json_fails)
{
	char *why = NULL;

	ck_body("OK", "status", "ok",
			"the answer is not JSON: line 1 column 2: '[' or '{' expected near 'OK'");
	ck_body("", "status", "ok",
			"the answer is not JSON: line 1 column 0: '[' or '{' expected near end of file");
	ck_int(body_check("true", 4, NULL, 0, &why), true);
	ck_int(body_check("tru", 3, NULL, 0, &why), false);
	ck_str(why, "the answer is not JSON");
	free(why);
}

TEST(a_long_value_is_shown_in_part)
{
	char text[1024] = "{\"a\": \"";
	const struct check_field field = { "a", "x" };
	char *why = NULL;

	for (int i = 0; i < 100; i++) {
		strcat(text, "\xc3\xa4");
	}
	strcat(text, "\"}");
	ck_int(body_check(text, strlen(text), &field, 1, &why), false);
	ck_int(strlen(why) < 100, true);
	ck_has(why, "\xc3\xa4\xe2\x80\xa6, expected x");
	free(why);
}
