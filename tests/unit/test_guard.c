/* SPDX-License-Identifier: Apache-2.0 */
#include "front/guard.h"

#include "front/auth.h"
#include "test.h"

static int check(struct guard_view view)
{
	struct err err = { 0 };
	int result;

	view.external_url = "https://ops.example.org:8443/playbookd";
	result = guard_check(&view, &err);
	ck_int(err.code, result ? ERR_FORBIDDEN : ERR_NONE);
	return result;
}

TEST(only_our_own_names_are_hosts)
{
	static const struct {
		const char *host;
		int result;
	} rows[] = {
		{ "localhost", 0 },
		{ "LOCALHOST:9098", 0 },
		{ "a.localhost:1", 0 },
		{ "127.0.0.1:9098", 0 },
		{ "127.1.2.3", 0 },
		{ "[::1]:9098", 0 },
		{ "[::1]", 0 },
		{ "ops.example.org:8443", 0 },
		{ "ops.example.org", 0 },
		{ NULL, 0 },
		{ "evil.test", -1 },
		{ "evil.test:9098", -1 },
		{ "localhost.evil.test", -1 },
		{ "evillocalhost", -1 },
		{ "127.0.0.1.evil.test", -1 },
		{ "0.0.0.0", -1 },
		{ "10.0.0.1", -1 },
		{ "[::2]", -1 },
		{ "[::1", -1 },
		{ "", -1 },
		{ "localhost:80:80", -1 },
		{ "localhost:x", -1 },
		{ "user@localhost", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard_view view = { .host = rows[i].host };

		if (check(view) != rows[i].result) {
			test_fail(__FILE__, __LINE__, "Host: %s", rows[i].host);
		}
		view.is_unix = true;
		ck_int(check(view), 0);
	}
}

TEST(what_changes_something_comes_from_no_other_site)
{
	static const struct {
		const char *origin;
		const char *site;
		int result;
	} rows[] = {
		{ NULL, NULL, 0 },
		{ NULL, "same-origin", 0 },
		{ NULL, "none", 0 },
		{ "http://localhost:9098", "same-origin", 0 },
		{ "https://ops.example.org:8443", NULL, 0 },
		{ NULL, "cross-site", -1 },
		{ NULL, "same-site", -1 },
		{ NULL, "", -1 },
		{ "null", NULL, -1 },
		{ "", NULL, -1 },
		{ "https://evil.test", NULL, -1 },
		{ "http://localhost", NULL, -1 },
		{ "http://localhost:9099", NULL, -1 },
		{ "http://localhost:9098.evil.test", NULL, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard_view view = {
			.host = "localhost:9098",
			.origin = rows[i].origin,
			.fetch_site = rows[i].site,
			.changes = true,
		};

		if (check(view) != rows[i].result) {
			test_fail(__FILE__, __LINE__, "Origin: %s", rows[i].origin);
		}
		view.is_unix = true;
		ck_int(check(view), rows[i].result);
		view.changes = false;
		ck_int(check(view), 0);
	}
}

TEST(only_the_operator_operates)
{
	static const struct {
		const char *header;
		const char *who;
	} rows[] = {
		{ NULL, NULL },
		{ "", NULL },
		{ "s3cret", NULL },
		{ "Basic s3cret", NULL },
		{ "Bearer", NULL },
		{ "Bearer ", NULL },
		{ "Bearer s3cre", NULL },
		{ "Bearer s3cret ", NULL },
		{ "Bearer s3cret", "operator" },
		{ "bearer s3cret", "operator" },
	};
	struct auth nobody = { 0 };
	struct auth auth = { 0 };

	auth_set_token(&nobody, "");
	auth_set_token(&auth, "s3cret");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };

		ck_str(auth_check(&auth, RIGHT_OPERATE, rows[i].header, &err), rows[i].who);
		ck_int(err.code, rows[i].who ? ERR_NONE : ERR_UNAUTHORIZED);
		ck_str(auth_check(&nobody, RIGHT_OPERATE, rows[i].header, &err), NULL);
		ck_has(err.msg, "operator.token in the storage directory");
		ck_str(auth_check(&auth, RIGHT_ALERT, rows[i].header, &err), "anonymous");
		ck_str(auth_check(&auth, RIGHT_READ, rows[i].header, &err), "anonymous");
	}
}
