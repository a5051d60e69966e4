/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/check.h"

#include <string.h>

#include "test.h"

static struct check of_url(const char *url, bool params)
{
	return (struct check){
		.name = "c", .kind = CHECK_HTTP, .url = url, .url_params = params, .status = 200
	};
}

static void ck_url(const char *url, const char *value, const char *want)
{
	struct label items[] = { { "v", value } };
	struct labels params = { items, 1 };
	struct check check = of_url(url, true);
	struct buf out = { 0 };
	struct err err = { 0 };

	ck_int(check_url(&check, &params, &out, &err), want ? 0 : -1);
	ck_str(buf_text(&out), want ? want : "");
	ck_int(err.code, want ? ERR_NONE : ERR_INPUT);
	buf_clear(&out);
}

TEST(a_value_is_encoded_and_stays_one_part_of_the_url)
{
	static const char *const url = "http://h:1/a/${v}/b?c=${v}&d=$$";

	ck_url(url, "argus-1.x_~", "http://h:1/a/argus-1.x_~/b?c=argus-1.x_~&d=$");
	ck_url(url, "/", "http://h:1/a/%2F/b?c=%2F&d=$");
	ck_url(url, "?#&=@:\\[]",
			"http://h:1/a/%3F%23%26%3D%40%3A%5C%5B%5D/b"
			"?c=%3F%23%26%3D%40%3A%5C%5B%5D&d=$");
	ck_url(url, "a b\r\n", "http://h:1/a/a%20b%0D%0A/b?c=a%20b%0D%0A&d=$");
	ck_url(url, "%2e${v}\xc3\xa4",
			"http://h:1/a/%252e%24%7Bv%7D%C3%A4/b"
			"?c=%252e%24%7Bv%7D%C3%A4&d=$");
}

TEST(a_value_cannot_make_another_path)
{
	ck_url("http://h/a/${v}/b", ".", NULL);
	ck_url("http://h/a/${v}/b", "..", NULL);
	ck_url("http://h/a/${v}", "..", NULL);
	ck_url("http://h/a/.${v}", ".", NULL);
	ck_url("http://h/${v}${v}/", ".", NULL);
	ck_url("http://h/a?x=${v}", "..", "http://h/a?x=..");
	ck_url("http://h/a/x${v}", "..", "http://h/a/x..");
	ck_url("http://h?x=${v}", "..", "http://h?x=..");
}

TEST(a_param_that_is_not_there_is_a_failure)
{
	ck_url("http://h/${other}", "x", NULL);
}

TEST(a_url_without_params_is_no_template)
{
	struct check check = of_url("http://h/${v}$$", false);
	struct labels params = { NULL, 0 };
	struct buf out = { 0 };
	struct err err;

	must_ok(check_url(&check, &params, &out, &err), err);
	ck_str(buf_text(&out), "http://h/${v}$$");
	buf_clear(&out);
}

static void ck_shown(const struct check *check, const char *target, const char *expected)
{
	struct buf out = { 0 };

	check_target(check, NULL, &out);
	ck_str(buf_text(&out), target);
	buf_reset(&out);
	check_expected(check, &out);
	ck_str(buf_text(&out), expected);
	buf_clear(&out);
}

TEST(people_see_what_is_looked_at_and_what_is_expected)
{
	static struct check_field fields[] = { { "status", "ok" }, { "db.up", "true" } };
	static const char *const argv[] = { "df", "-h", "/", NULL };
	struct check check = of_url("http://me:secret@h:1/p@q?x", false);

	ck_shown(&check, "http://h:1/p@q?x", "200");
	check.json = true;
	ck_shown(&check, "http://h:1/p@q?x", "200 + JSON");
	check.fields = fields;
	check.fields_len = 2;
	check.contains = "well";
	ck_shown(&check, "http://h:1/p@q?x",
			"200 + JSON with status = ok, db.up = true containing 'well'");
	check = (struct check){ .kind = CHECK_TCP, .address = "[::1]:5432" };
	ck_shown(&check, "[::1]:5432", "connects");
	check = (struct check){ .kind = CHECK_COMMAND, .argv = argv };
	ck_shown(&check, "df -h /", "exit status 0");
}

static bool same(const struct check *a, const struct check *b)
{
	uint8_t digest_a[DIGEST_SIZE];
	uint8_t digest_b[DIGEST_SIZE];

	check_definition(a, digest_a);
	check_definition(b, digest_b);
	return memcmp(digest_a, digest_b, DIGEST_SIZE) == 0;
}

TEST(what_is_known_of_a_check_holds_for_the_same_question_only)
{
	static struct check_field ok[] = { { "status", "ok" } };
	static struct check_field up[] = { { "status", "up" } };
	struct check a = of_url("http://h/", false);
	struct check b = a;

	b.interval_ms = 5;
	b.timeout_ms = 5;
	b.name = "d";
	ck_int(same(&a, &b), true);
	b.url = "http://h/x";
	ck_int(same(&a, &b), false);
	b = a;
	b.status = 204;
	ck_int(same(&a, &b), false);
	b = a;
	b.contains = "";
	ck_int(same(&a, &b), false);
	b = a;
	a.fields = ok;
	b.fields = up;
	a.fields_len = b.fields_len = 1;
	ck_int(same(&a, &b), false);
}
