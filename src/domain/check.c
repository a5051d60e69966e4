/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/check.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "domain/playbook.h"

const char *const check_kind_names[CHECK_KINDS] = {
	[CHECK_HTTP] = "http",
	[CHECK_TCP] = "tcp",
	[CHECK_COMMAND] = "command",
};

const char *const check_status_names[CHECK_STATUSES] = {
	[CHECK_UNKNOWN] = "unknown",
	[CHECK_HEALTHY] = "healthy",
	[CHECK_FAILING] = "failing",
};

/* RFC 3986's unreserved characters; every other byte is encoded. */
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static const char *encode(struct arena *arena, const char *value)
{
	auto_buf struct buf out = { 0 };

	for (const char *p = value; *p; p++) {
		if (strchr(UNRESERVED, *p)) {
			buf_addch(&out, *p);
		} else {
			buf_addf(&out, "%%%02X", (unsigned char)*p);
		}
	}
	return arena_strdup(arena, buf_text(&out));
}

/* Has the path of url a segment "." or ".."? Whoever reads it takes that for another path. */
static bool has_dots(const char *url)
{
	const char *at = strstr(url, "://");

	at = at ? at + 3 : url;
	at += strcspn(at, "/?#");
	while (*at == '/') {
		size_t len = strcspn(++at, "/?#");

		if ((len == 1 && *at == '.') || (len == 2 && at[0] == '.' && at[1] == '.')) {
			return true;
		}
		at += len;
	}
	return false;
}

int check_url(const struct check *check, const struct labels *params, struct buf *out,
		struct err *err)
{
	if (!check->url_params) {
		buf_adds(out, check->url);
		return 0;
	}

	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct labels encoded = { arena_calloc(arena, params->len + 1, sizeof(struct label)),
		params->len };
	auto_buf struct buf url = { 0 };

	for (size_t i = 0; i < params->len; i++) {
		encoded.items[i] = (struct label){ params->items[i].name,
			encode(arena, params->items[i].value) };
	}
	if (params_expand(check->url, &encoded, &url, err) < 0) {
		return err_wrap(err, "check '%s'", check->name);
	}
	if (has_dots(buf_text(&url))) {
		return err_set(err, ERR_INPUT,
				"check '%s': a value makes '.' or '..' of a part of the path",
				check->name);
	}
	buf_add(out, url.data, url.len);
	return 0;
}

/* A URL without user and password. */
static void add_url(struct buf *out, const char *url)
{
	const char *host = strstr(url, "://");
	size_t authority;

	host = host ? host + 3 : url;
	authority = strcspn(host, "/?#");
	buf_add(out, url, (size_t)(host - url));

	const char *at = memrchr(host, '@', authority);

	buf_adds(out, at ? at + 1 : host);
}

void check_target(const struct check *check, const struct labels *params, struct buf *out)
{
	auto_buf struct buf url = { 0 };
	struct err err;

	switch ((enum check_kind)check->kind) {
	case CHECK_HTTP:
		if (!params || check_url(check, params, &url, &err) < 0) {
			buf_reset(&url);
			buf_adds(&url, check->url);
		}
		add_url(out, buf_text(&url));
		break;
	case CHECK_TCP:
		buf_adds(out, check->address);
		break;
	case CHECK_COMMAND:
	case CHECK_KINDS:
		for (const char *const *arg = check->argv; *arg; arg++) {
			buf_addf(out, "%s%s", arg == check->argv ? "" : " ", *arg);
		}
		break;
	}
}

static void add_http(const struct check *check, struct buf *out)
{
	buf_addf(out, "%" PRId64, check->status);
	if (check->json) {
		buf_adds(out, " + JSON");
	}
	for (size_t i = 0; i < check->fields_len; i++) {
		buf_addf(out, "%s %s = %s", i == 0 ? " with" : ",", check->fields[i].path,
				check->fields[i].value);
	}
	if (check->contains) {
		buf_addf(out, " containing '%s'", check->contains);
	}
}

void check_expected(const struct check *check, struct buf *out)
{
	switch ((enum check_kind)check->kind) {
	case CHECK_HTTP:
		add_http(check, out);
		break;
	case CHECK_TCP:
		buf_adds(out, "connects");
		break;
	case CHECK_COMMAND:
	case CHECK_KINDS:
		buf_adds(out, "exit status 0");
		break;
	}
}

/* With its length in front, so that no two lists of texts give the same bytes. */
static void add_counted(struct buf *out, const char *text)
{
	buf_addf(out, "%zu:%s", text ? strlen(text) : 0, text ? text : "");
}

void check_definition(const struct check *check, uint8_t ret_digest[DIGEST_SIZE])
{
	auto_buf struct buf all = { 0 };

	buf_addf(&all, "%d %d %d %" PRId64 " ", check->kind, check->json, check->contains != NULL,
			check->status);
	add_counted(&all, check->url);
	add_counted(&all, check->address);
	add_counted(&all, check->contains);
	for (size_t i = 0; i < check->fields_len; i++) {
		add_counted(&all, check->fields[i].path);
		add_counted(&all, check->fields[i].value);
	}
	for (const char *const *arg = check->argv; arg && *arg; arg++) {
		add_counted(&all, *arg);
	}
	digest_sha256(all.data, all.len, ret_digest);
}
