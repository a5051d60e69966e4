/* SPDX-License-Identifier: Apache-2.0 */
#include "config/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "config/text.h"

#define STRINGS_MAX 256 /* elements, when the row says nothing else */

static void expected(struct loader *loader, const struct yaml_node *node, const char *what)
{
	char got[YAML_DESCRIBE_MAX];

	mistakes_add(loader->mistakes, &node->place, "expected %s, got %s", what,
			yaml_describe(node, got));
}

/* The text of a scalar that is there; else one mistake that says what was expected. */
static const char *scalar(struct loader *loader, const struct yaml_node *node, const char *what)
{
	if (node->kind == YAML_SCALAR && !yaml_is_null(node)) {
		return node->text;
	}
	expected(loader, node, what);
	return NULL;
}

/* "a, b or c", in the loader's arena. */
static const char *join(struct loader *loader, const char *const *words, const char *last)
{
	auto_buf struct buf out = { 0 };

	for (size_t i = 0; words[i]; i++) {
		buf_addf(&out, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : last, words[i]);
	}
	return arena_strdup(loader->arena, buf_text(&out));
}

typedef void row_reader(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field);

static void read_bool(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field)
{
	const char *text = scalar(loader, node, "true or false");

	(void)row;
	if (!text) {
		return;
	}
	if (!node->plain || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)) {
		expected(loader, node, "true or false");
		return;
	}
	*(bool *)field = strcmp(text, "true") == 0;
}

static void set_number(const struct spec *row, void *field, int64_t value)
{
	switch (row->size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)value;
		break;
	default:
		*(int64_t *)field = value;
		break;
	}
}

static void read_int(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field)
{
	const char *what = arena_printf(
			loader->arena, "a number from %" PRId64 " to %" PRId64, row->min, row->max);
	const char *text = scalar(loader, node, what);

	if (!text) {
		return;
	}

	size_t sign = *text == '-';
	size_t digits = strspn(text + sign, "0123456789");
	int64_t value = digits > 0 && digits < 19 ? strtoll(text, NULL, 10) : row->max + 1;

	if (!node->plain || digits == 0 || text[sign + digits] != '\0' || value < row->min ||
			value > row->max) {
		expected(loader, node, what);
		return;
	}
	set_number(row, field, value);
}

static void read_duration(struct loader *loader, const struct spec *row,
		const struct yaml_node *node, void *field)
{
	static const char what[] = "a duration like 30s, 5m or 1h30m";
	const char *text = scalar(loader, node, what);
	char min[CLOCK_TEXT_MAX];
	char max[CLOCK_TEXT_MAX];
	int64_t value = 0;
	struct err err;

	if (!text) {
		return;
	}
	if (duration_parse(text, &value, &err) < 0) {
		expected(loader, node, what);
		return;
	}
	if (value < row->min || value > row->max) {
		expected(loader, node,
				arena_printf(loader->arena, "a duration from %s to %s",
						duration_format(row->min, min),
						duration_format(row->max, max)));
		return;
	}
	*(int64_t *)field = value;
}

/* "512MiB" in bytes, or -1. */
static int64_t parse_size(const char *text)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 7) {
		return -1;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i]) == 0) {
			return strtoll(text, NULL, 10) << (10 * i);
		}
	}
	return -1;
}

static void read_size(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field)
{
	static const char what[] = "a size like 64KiB, 512MiB or 1GiB";
	const char *text = scalar(loader, node, what);
	int64_t value = text ? parse_size(text) : -1;

	if (!text) {
		return;
	}
	if (value < 0) {
		expected(loader, node, what);
		return;
	}
	if (value < row->min || value > row->max) {
		expected(loader, node,
				arena_printf(loader->arena,
						"a size from %" PRId64 "B to %" PRId64 "GiB",
						row->min, row->max >> 30));
		return;
	}
	*(int64_t *)field = value;
}

/* The position of node's text among choices, or -1 after a mistake. */
static int choose(struct loader *loader, const struct spec *row, const struct yaml_node *node)
{
	const char *what = join(loader, row->choices, " or ");
	const char *text = scalar(loader, node, what);

	for (int i = 0; text && row->choices[i]; i++) {
		if (strcmp(row->choices[i], text) == 0) {
			return i;
		}
	}
	if (text) {
		expected(loader, node, what);
	}
	return -1;
}

static void read_choice(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field)
{
	int choice = choose(loader, row, node);

	if (choice >= 0) {
		set_number(row, field, choice);
	}
}

const char *spec_word(struct loader *loader, const struct spec *row, const struct yaml_node *node)
{
	int choice = choose(loader, row, node);

	return choice >= 0 ? row->choices[choice] : NULL;
}

static void read_word(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field)
{
	const char *word = spec_word(loader, row, node);

	if (word) {
		*(const char **)field = word;
	}
}

const char *spec_string(struct loader *loader, const struct spec *row, const struct yaml_node *node)
{
	int64_t max = row->max > 0 && row->type == SPEC_STRING ? row->max : SPEC_TEXT_MAX;
	const char *text = scalar(loader, node, "a string");

	if (text && row->flags & (SPEC_VARS | SPEC_PARAMS)) {
		text = text_fill(loader, node, row->flags);
	}
	if (!text) {
		return NULL;
	}
	if (*text == '\0' && !(row->flags & SPEC_EMPTY)) {
		mistakes_add(loader->mistakes, &node->place, "'%s' may not be empty", row->key);
		return NULL;
	}
	if (strlen(text) > (size_t)max) {
		mistakes_add(loader->mistakes, &node->place,
				"'%s' is longer than %" PRId64 " bytes", row->key, max);
		return NULL;
	}

	const char *wrong = row->format ? row->format(text) : NULL;

	if (wrong) {
		expected(loader, node, wrong);
		return NULL;
	}
	return text;
}

static void read_string(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *field)
{
	const char *text = spec_string(loader, row, node);

	if (text) {
		*(const char **)field = text;
	}
}

bool spec_list(struct loader *loader, const struct yaml_node *node, int64_t min, int64_t max)
{
	int64_t len = node->kind == YAML_SEQUENCE ? node->len : 0;

	if (node->kind != YAML_SEQUENCE && !yaml_is_null(node)) {
		expected(loader, node, "a list");
		return false;
	}
	if (len < min || len > max) {
		mistakes_add(loader->mistakes, &node->place,
				"expected a list of %" PRId64 " to %" PRId64
				" elements, got %" PRId64,
				min, max, len);
		return false;
	}
	return true;
}

/* All elements or none: later checks need not think of the ones that are mistakes. */
static void read_strings(struct loader *loader, const struct spec *row,
		const struct yaml_node *node, void *field)
{
	if (!spec_list(loader, node, row->min, row->max > 0 ? row->max : STRINGS_MAX)) {
		return;
	}

	const char **strings = arena_calloc(loader->arena, (size_t)node->len + 1, sizeof(*strings));
	size_t len = 0;

	for (yaml_each(item, node)) {
		const char *text = spec_string(loader, row, item);

		if (text) {
			strings[len++] = text;
		}
	}
	if (len == node->len) {
		*(const char *const **)field = strings;
	}
}

static row_reader *const readers[] = {
	[SPEC_BOOL] = read_bool,
	[SPEC_INT] = read_int,
	[SPEC_DURATION] = read_duration,
	[SPEC_SIZE] = read_size,
	[SPEC_CHOICE] = read_choice,
	[SPEC_WORD] = read_word,
	[SPEC_STRING] = read_string,
	[SPEC_STRINGS] = read_strings,
};

static void read_row(struct loader *loader, const struct spec *row, const struct yaml_node *node,
		void *base)
{
	if (row->type == SPEC_CUSTOM) {
		row->load(loader, node, base);
	} else if (row->type == SPEC_MAPPING) {
		spec_load(loader, row->keys, node, base, NULL);
	} else {
		readers[row->type](loader, row, node, (char *)base + row->offset);
	}
}

static const char *const *key_names(struct loader *loader, const struct spec *table)
{
	size_t len = 0;

	while (table[len].key) {
		len++;
	}

	const char **names = arena_calloc(loader->arena, len + 1, sizeof(*names));

	for (size_t i = 0; i < len; i++) {
		names[i] = table[i].key;
	}
	return names;
}

static const struct spec *find_row(const struct spec *table, const char *key)
{
	for (; table->key; table++) {
		if (strcmp(table->key, key) == 0) {
			return table;
		}
	}
	return NULL;
}

static void refuse_unknown(
		struct loader *loader, const struct spec *table, const struct yaml_node *node)
{
	for (yaml_each(value, node)) {
		const char *key = value->key->text;

		if (find_row(table, key)) {
			continue;
		}

		const char *const *names = key_names(loader, table);
		const char *nearest = text_nearest(key, names);

		if (nearest) {
			mistakes_add(loader->mistakes, &value->key->place,
					"unknown key '%s', did you mean '%s'?", key, nearest);
			continue;
		}
		mistakes_add(loader->mistakes, &value->key->place, "unknown key '%s': expected %s",
				key, join(loader, names, " or "));
	}
}

bool spec_load(struct loader *loader, const struct spec *table, const struct yaml_node *node,
		void *base, uint64_t *ret_given)
{
	uint64_t given = 0;

	if (node->kind != YAML_MAPPING && !yaml_is_null(node)) {
		expected(loader, node, "a mapping");
		return false;
	}
	refuse_unknown(loader, table, node);
	for (size_t i = 0; table[i].key; i++) {
		const struct yaml_node *value = yaml_get(node, table[i].key);

		if (value) {
			given |= UINT64_C(1) << i;
			read_row(loader, &table[i], value, base);
		} else if (table[i].flags & SPEC_REQUIRED) {
			mistakes_add(loader->mistakes, &node->place, "missing key '%s': %s",
					table[i].key, table[i].help);
		}
	}
	if (ret_given) {
		*ret_given = given;
	}
	return true;
}

int spec_one_of(struct loader *loader, const struct spec *table, size_t len,
		const struct yaml_node *node, uint64_t given)
{
	int found = -1;

	for (size_t i = 0; i < len; i++) {
		if (!(given & UINT64_C(1) << i)) {
			continue;
		}
		if (found >= 0) {
			mistakes_add(loader->mistakes, &yaml_get(node, table[i].key)->key->place,
					"'%s' and '%s' exclude each other", table[found].key,
					table[i].key);
			return -1;
		}
		found = (int)i;
	}
	if (found < 0) {
		const char **names = arena_calloc(loader->arena, len + 1, sizeof(*names));

		for (size_t i = 0; i < len; i++) {
			names[i] = table[i].key;
		}
		mistakes_add(loader->mistakes, &node->place, "missing key: one of %s is needed",
				join(loader, names, " or "));
	}
	return found;
}
