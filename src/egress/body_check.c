/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/body_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sys/json.h"

#define SHOWN_MAX 64 /* bytes of a value, in a message */

/* The value in node that the first len bytes of path name, or NULL. */
static struct json *find(struct json *node, const char *path, size_t len)
{
	auto_free char *key = xstrndup(path, len);

	if (json_kind(node) == KIND_OBJECT) {
		return json_get(node, key);
	}
	if (json_kind(node) == KIND_LIST && len < 10 && strspn(key, "0123456789") == len) {
		return json_item(node, strtoul(key, NULL, 10));
	}
	return NULL;
}

static struct json *walk(struct json *node, const char *path)
{
	while (node && *path) {
		size_t len = strcspn(path, ".");

		node = find(node, path, len);
		path += len + (path[len] == '.');
	}
	return node;
}

/* Cut where a character ends. */
static char *shown(struct json *value)
{
	auto_buf struct buf text = { 0 };
	size_t len;

	json_show(value, &text);
	len = text.len;
	if (len <= SHOWN_MAX) {
		return xstrdup(buf_text(&text));
	}
	len = SHOWN_MAX;
	while (len > 0 && (text.data[len] & 0xC0) == 0x80) {
		len--;
	}
	return xasprintf("%.*s…", (int)len, buf_text(&text));
}

static bool field_matches(struct json *root, const struct check_field *field, char **ret_why)
{
	struct json *value = walk(root, field->path);

	if (!value) {
		*ret_why = xasprintf(
				"the answer has no '%s', expected %s", field->path, field->value);
		return false;
	}
	if (!json_is(value, field->value)) {
		auto_free char *got = shown(value);

		*ret_why = xasprintf("%s is %s, expected %s", field->path, got, field->value);
		return false;
	}
	return true;
}

bool body_check(const char *body, size_t body_len, const struct check_field *fields,
		size_t fields_len, char **ret_why)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	struct err err;

	if (fields_len == 0) {
		if (!json_valid(body, body_len)) {
			*ret_why = xstrdup("the answer is not JSON");
			return false;
		}
		return true;
	}

	struct json *root = json_read(reader, body, body_len, &err);

	if (!root) {
		*ret_why = xasprintf("the answer is not JSON: %s", err.msg);
		return false;
	}
	for (size_t i = 0; i < fields_len; i++) {
		if (!field_matches(root, &fields[i], ret_why)) {
			return false;
		}
	}
	return true;
}
