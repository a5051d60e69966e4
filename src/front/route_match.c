/* SPDX-License-Identifier: Apache-2.0 */
#include "front/route_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ID_DIGITS_MAX 18
#define PATH_CHARS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~/-"
#define BLANKS_MAX    2 /* {…} in one pattern */

/* What stands for a {…}. */
struct blank {
	const char *text;
	size_t len;
	const char *pattern; /* from its '{' on */
};

/* {id} and {n} stand for numbers, any other for a name. */
static bool is_number(const struct blank *blank)
{
	return !strncmp(blank->pattern, "{id}", 4) || !strncmp(blank->pattern, "{n}", 3);
}

/* A path against a pattern; blanks get what stands for each {…}. */
static bool matches(const char *pattern, const char *path, struct blank *blanks)
{
	while (*pattern) {
		if (*pattern == '{') {
			*blanks = (struct blank){ path, strcspn(path, "/"), pattern };
			path += blanks->len;
			blanks++;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return *path == '\0';
}

/* Senders end the path of their webhook with a '/' or without one. */
static bool is_delivery(const struct route_row *row, const char *path)
{
	size_t len = strlen(row->pattern);

	return row->action == ACTION_DELIVER && len > 1 && !strncmp(path, row->pattern, len) &&
	       path[len] == '/' && path[len + strspn(path + len, "/")] == '\0';
}

static int read_name(struct route_match *match, const struct blank *blank, struct err *err)
{
	if (blank->len == 0 || blank->len >= sizeof(match->name)) {
		return err_set(err, ERR_INPUT, "a name in the path: expected 1 to %d characters",
				ROUTE_NAME_MAX - 1);
	}
	memcpy(match->name, blank->text, blank->len);
	match->name[blank->len] = '\0';
	snprintf(match->name_key, sizeof(match->name_key), "%.*s",
			(int)strcspn(blank->pattern + 1, "}"), blank->pattern + 1);
	return 0;
}

static int read_blanks(struct route_match *match, const struct blank *blanks, struct err *err)
{
	for (size_t i = 0; i < BLANKS_MAX && blanks[i].text; i++) {
		const struct blank *blank = &blanks[i];

		if (!is_number(blank)) {
			if (read_name(match, blank, err) < 0) {
				return -1;
			}
			continue;
		}
		if (blank->len == 0 || blank->len > ID_DIGITS_MAX ||
				strspn(blank->text, "0123456789") < blank->len) {
			return err_set(err, ERR_INPUT, "'%.*s' in the path: expected a number",
					blank->len < 32 ? (int)blank->len : 32, blank->text);
		}
		match->ids[i] = strtoull(blank->text, NULL, 10);
	}
	return 0;
}

static bool method_fits(const char *row, const char *method)
{
	return !strcmp(row, method) || (!strcmp(row, "GET") && !strcmp(method, "HEAD"));
}

static void allow_add(struct route_match *match, const char *method)
{
	size_t used = strlen(match->allow);

	snprintf(match->allow + used, sizeof(match->allow) - used, "%s%s%s", used ? ", " : "",
			method, !strcmp(method, "GET") ? ", HEAD" : "");
}

int route_match_find(const char *method, const char *path, struct route_match *ret, struct err *err)
{
	*ret = (struct route_match){ 0 };
	if (path[0] != '/' || path[strspn(path, PATH_CHARS)] != '\0') {
		return err_set(err, ERR_INPUT,
				"the path may have letters, digits and . _ ~ - / only");
	}
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route_row *row = &routes[i];
		struct blank blanks[BLANKS_MAX] = { { 0 } };

		if (!matches(row->pattern, path, blanks) && !is_delivery(row, path)) {
			continue;
		}
		ret->row = row;
		if (method_fits(row->method, method)) {
			return read_blanks(ret, blanks, err);
		}
		allow_add(ret, row->method);
	}
	if (!ret->row) {
		return err_set(err, ERR_NOT_FOUND, "no such path; GET / lists what there is");
	}
	return err_set(err, ERR_METHOD, "%s takes %s", ret->row->pattern, ret->allow);
}

bool route_match_changes(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

int route_match_media(const char *content_type, bool has_body, struct err *err)
{
	static const char json[] = "application/json";
	const size_t len = sizeof(json) - 1;

	if (!content_type && !has_body) {
		return 0;
	}
	if (content_type && !strncasecmp(content_type, json, len) &&
			strchr("; \t", content_type[len])) {
		return 0;
	}
	return err_set(err, ERR_MEDIA, "expected Content-Type: application/json");
}

int route_match_encoding(const char *encoding, bool *ret_gzip, struct err *err)
{
	bool gzip = encoding && (!strcasecmp(encoding, "gzip") || !strcasecmp(encoding, "x-gzip"));

	if (!encoding || !*encoding || !strcasecmp(encoding, "identity") || gzip) {
		*ret_gzip = gzip;
		return 0;
	}
	return err_set(err, ERR_MEDIA, "expected Content-Encoding: gzip, or none");
}
