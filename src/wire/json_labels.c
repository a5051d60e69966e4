/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_labels.h"

#include <string.h>

#include "sys/json.h"

void json_labels_write(struct jsonw *w, const char *key, const struct labels *labels)
{
	jsonw_object(w, key);
	for (size_t i = 0; i < labels->len; i++) {
		jsonw_str(w, labels->items[i].name, labels->items[i].value);
	}
	jsonw_close(w);
}

char *json_labels_text(struct arena *arena, const struct labels *labels)
{
	auto_buf struct buf text = { 0 };
	struct jsonw w = jsonw_begin(&text);

	json_labels_write(&w, NULL, labels);
	jsonw_end(&w);
	return arena_strndup(arena, buf_text(&text), text.len);
}

static int read_members(
		struct json *object, struct arena *arena, struct labels *labels, struct err *err)
{
	const char *name;
	struct json *value;
	void *at = NULL;

	while ((at = json_next(object, at, &name, &value))) {
		size_t len;
		const char *text = json_text(value, &len);

		if (!text || memchr(text, '\0', len)) {
			return err_set(err, ERR_INPUT, "labels.%s: expected string", name);
		}
		labels->items[labels->len].name = arena_strdup(arena, name);
		labels->items[labels->len++].value = arena_strndup(arena, text, len);
	}
	labels_sort(labels);
	return 0;
}

int json_labels(const char *text, struct arena *arena, struct labels *ret_labels, struct err *err)
{
	auto_json_reader struct json_reader *reader = json_reader_new();
	struct json *root = json_read(reader, text, strlen(text), err);
	struct labels labels = { 0 };

	if (!root) {
		return -1;
	}
	if (json_kind(root) != KIND_OBJECT) {
		return err_set(err, ERR_INPUT, "labels: expected object");
	}
	labels.items = arena_calloc(arena, json_len(root), sizeof(*labels.items));
	if (read_members(root, arena, &labels, err) < 0) {
		return -1;
	}
	*ret_labels = labels;
	return 0;
}
