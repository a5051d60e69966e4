/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/yaml_node.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
	if (!node || node->kind != YAML_MAPPING) {
		return NULL;
	}
	for (yaml_each(value, node)) {
		if (strcmp(value->key->text, key) == 0) {
			return value;
		}
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (node->kind != YAML_SCALAR || !node->plain) {
		return false;
	}
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strcmp(node->text, nulls[i]) == 0) {
			return true;
		}
	}
	return false;
}

const char *yaml_describe(const struct yaml_node *node, char *text)
{
	static const char *const kinds[] = {
		[YAML_SEQUENCE] = "a list",
		[YAML_MAPPING] = "a mapping",
	};

	if (node->kind != YAML_SCALAR) {
		snprintf(text, YAML_DESCRIBE_MAX, "%s", kinds[node->kind]);
		return text;
	}
	if (yaml_is_null(node)) {
		snprintf(text, YAML_DESCRIBE_MAX, "nothing");
		return text;
	}

	size_t len = 0;

	/* Whole characters only. */
	for (size_t step; len < node->len && len < YAML_DESCRIBE_MAX - 12; len += step) {
		step = utf8_next(node->text + len, node->len - len, &(uint32_t){ 0 });
		if (step == 0) {
			break;
		}
	}
	snprintf(text, YAML_DESCRIBE_MAX, "\"%.*s\"%s", (int)len, node->text,
			len < node->len ? "..." : "");
	return text;
}

/* The place of byte offset in the scalar's source. */
static struct place place_in_source(const struct yaml_node *node, size_t offset)
{
	struct place place = node->place;

	/* The scalar's place is that of its quote; its source begins behind it. */
	place.column += node->quoted;
	for (size_t i = 0; i < offset; i++) {
		unsigned char c = (unsigned char)node->source[i];

		if (c == '\n') {
			place.line++;
			place.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

struct place yaml_place_at(const struct yaml_node *node, uint32_t column)
{
	if (!node->verbatim || column == 0) {
		return node->place;
	}

	struct place place = place_in_source(node, 0);

	place.column += column - 1;
	return place;
}

struct place yaml_place_of(const struct yaml_node *node, const char *part)
{
	const char *at = memmem(node->source, node->source_len, part, strlen(part));

	return at ? place_in_source(node, (size_t)(at - node->source)) : node->place;
}
