/* SPDX-License-Identifier: Apache-2.0 */
#include "front/route_match.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS",
	"TRACE", "get" };

/* A path that a pattern stands for. */
static const char *path_of(const char *pattern)
{
	static char path[256];
	size_t n = 0;

	while (*pattern) {
		if (*pattern == '{') {
			path[n++] = '7';
			pattern = strchr(pattern, '}') + 1;
		} else {
			path[n++] = *pattern++;
		}
	}
	path[n] = '\0';
	return path;
}

static const struct route_row *row_of(const char *pattern, const char *method)
{
	const char *as = strcmp(method, "HEAD") != 0 ? method : "GET";

	for (size_t i = 0; i < ROUTES; i++) {
		if (!strcmp(routes[i].pattern, pattern) && !strcmp(routes[i].method, as)) {
			return &routes[i];
		}
	}
	return NULL;
}

/* Which {…} of pattern stands for a name, or "". */
static const char *name_key(const char *pattern)
{
	static const char *const keys[] = { "playbook", "check", "item" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char blank[16];

		snprintf(blank, sizeof(blank), "{%s}", keys[i]);
		if (strstr(pattern, blank)) {
			return keys[i];
		}
	}
	return "";
}

TEST(every_method_of_every_path_is_found_or_405)
{
	for (size_t i = 0; i < ROUTES; i++) {
		const char *pattern = routes[i].pattern;

		for (size_t j = 0; j < sizeof(methods) / sizeof(methods[0]); j++) {
			const struct route_row *row = row_of(pattern, methods[j]);
			struct route_match match;
			struct err err = { 0 };
			int result = route_match_find(methods[j], path_of(pattern), &match, &err);

			ck_int(result, row ? 0 : -1);
			ck_int(err.code, row ? ERR_NONE : ERR_METHOD);
			ck(match.row && !strcmp(match.row->pattern, pattern));
			if (row) {
				ck(match.row == row);
				ck_int(match.ids[0], strstr(pattern, "{id}") ? 7 : 0);
				ck_str(match.name_key, name_key(pattern));
				ck_str(match.name, *name_key(pattern) ? "7" : "");
			} else {
				ck((strstr(match.allow, "GET, HEAD") != NULL) ==
						(row_of(pattern, "GET") != NULL));
				ck((strstr(match.allow, "POST") != NULL) ==
						(row_of(pattern, "POST") != NULL));
				ck((strstr(match.allow, "DELETE") != NULL) ==
						(row_of(pattern, "DELETE") != NULL));
				ck((strstr(match.allow, "PATCH") != NULL) ==
						(row_of(pattern, "PATCH") != NULL));
			}
		}
	}
}

TEST(odd_paths_are_refused_and_never_match)
{
	static const struct {
		const char *path;
		enum err_code code;
	} rows[] = {
		{ "", ERR_INPUT },
		{ "*", ERR_INPUT },
		{ "http://localhost/metrics", ERR_INPUT },
		{ "/api/v1/alerts%00", ERR_INPUT },
		{ "/%61pi/v1/alerts", ERR_INPUT },
		{ "/api/v1/alerts;x", ERR_INPUT },
		{ "/api/v1/incidents/7 ", ERR_INPUT },
		{ "/api\\v1", ERR_INPUT },
		{ "/m\xc3\xa9trics", ERR_INPUT },
		{ "/api/v1/incidents/{id}", ERR_INPUT },
		{ "/api/v1/incidents/x", ERR_INPUT },
		{ "/api/v1/incidents/-1", ERR_INPUT },
		{ "/api/v1/incidents/1234567890123456789", ERR_INPUT },
		{ "/api/v1/incidents/", ERR_INPUT },
		{ "/api/v1/runs/1/steps/x/output", ERR_INPUT },
		{ "//metrics", ERR_NOT_FOUND },
		{ "/metrics/", ERR_NOT_FOUND },
		{ "/Metrics", ERR_NOT_FOUND },
		{ "/api/v1/../../metrics", ERR_NOT_FOUND },
		{ "/./metrics", ERR_NOT_FOUND },
		{ "/api/v1/incidents/1/2", ERR_NOT_FOUND },
		{ "/api/v1", ERR_NOT_FOUND },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct route_match match;
		struct err err = { 0 };

		ck_int(route_match_find("GET", rows[i].path, &match, &err), -1);
		if (err.code != rows[i].code) {
			test_fail(__FILE__, __LINE__, "%s: %s", rows[i].path, err.msg);
		}
	}
}

TEST(only_the_webhooks_path_may_end_with_a_slash)
{
	static const struct {
		const char *path;
		enum err_code code;
	} rows[] = {
		{ "/webhook/", ERR_NONE },
		{ "/webhook///", ERR_NONE },
		{ "/api/v1/alerts/", ERR_NONE },
		{ "/webhook/x", ERR_NOT_FOUND },
		{ "/webhook/x/", ERR_NOT_FOUND },
		{ "//", ERR_NOT_FOUND },
		{ "/api/v1/pause/", ERR_NOT_FOUND },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct route_match match;
		struct err err = { 0 };

		ck_int(route_match_find("POST", rows[i].path, &match, &err),
				rows[i].code == ERR_NONE ? 0 : -1);
		ck_int(err.code, rows[i].code);
		ck(rows[i].code != ERR_NONE || match.row->action == ACTION_DELIVER);
	}
}

TEST(a_body_is_plain_or_gzip)
{
	static const struct {
		const char *encoding;
		int result;
		bool gzip;
	} rows[] = { { NULL, 0, false }, { "", 0, false }, { "identity", 0, false },
		{ "gzip", 0, true }, { "GZIP", 0, true }, { "x-gzip", 0, true },
		{ "deflate", -1, false }, { "br", -1, false }, { "gzip, gzip", -1, false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };
		bool gzip = false;

		ck_int(route_match_encoding(rows[i].encoding, &gzip, &err), rows[i].result);
		ck_int(gzip, rows[i].gzip);
		ck_int(err.code, rows[i].result ? ERR_MEDIA : ERR_NONE);
	}
}

TEST(a_name_of_a_path_comes_as_it_is)
{
	struct route_match match;
	struct err err = { 0 };
	char path[64 + ROUTE_NAME_MAX + 8] = "/api/v1/playbooks/";

	must_ok(route_match_find("POST", "/api/v1/playbooks/restart-all_1/runs", &match, &err),
			err);
	ck_str(match.name, "restart-all_1");
	ck_int(route_match_find("POST", "/api/v1/playbooks//runs", &match, &err), -1);
	ck_int(err.code, ERR_INPUT);
	memset(path + strlen(path), 'x', ROUTE_NAME_MAX);
	strcat(path, "/runs");
	ck_int(route_match_find("POST", path, &match, &err), -1);
	ck_int(err.code, ERR_INPUT);
	ck_int(route_match_find("DELETE", "/api/v1/runs", &match, &err), -1);
	ck_int(err.code, ERR_METHOD);
	ck_str(match.allow, "GET, HEAD");
	ck_int(route_match_find("PUT", "/api/v1/pause", &match, &err), -1);
	ck_str(match.allow, "DELETE, GET, HEAD, POST");
}

TEST(two_ids_of_a_path_come_in_order)
{
	struct route_match match;
	struct err err = { 0 };

	must_ok(route_match_find("HEAD", "/api/v1/runs/12/steps/3/output", &match, &err), err);
	ck_int(match.ids[0], 12);
	ck_int(match.ids[1], 3);
}

TEST(a_body_must_be_json)
{
	static const struct {
		const char *type;
		bool body;
		int result;
	} rows[] = {
		{ "application/json", true, 0 },
		{ "application/json; charset=utf-8", true, 0 },
		{ "Application/JSON;charset=utf-8", true, 0 },
		{ NULL, false, 0 },
		{ NULL, true, -1 },
		{ "", true, -1 },
		{ "application/jsonp", true, -1 },
		{ "text/plain", true, -1 },
		{ "text/plain", false, -1 },
		{ "application/x-www-form-urlencoded", true, -1 },
		{ "multipart/form-data; boundary=application/json", true, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };

		ck_int(route_match_media(rows[i].type, rows[i].body, &err), rows[i].result);
		ck_int(err.code, rows[i].result ? ERR_MEDIA : ERR_NONE);
	}
}
