/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/view.h"

#include <string.h>

#include "test.h"

static void ck_column(const struct view_column *column)
{
	bool has_noun = column->type == VIEW_LIST || column->type == VIEW_ONE;

	ck(column->name &&
			strspn(column->name,
					"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
					strlen(column->name));
	ck(column->type < VIEW_TYPES);
	ck_int(column->noun != NOUN_NONE, has_noun);
	ck_int(column->words_len > 0, column->type == VIEW_WORD);
	ck(column->noun < NOUNS);
	for (size_t i = 0; i < column->words_len; i++) {
		ck(column->words[i] && *column->words[i]);
	}
}

TEST(every_noun_has_a_name_and_columns_that_can_be_described)
{
	for (size_t i = NOUN_NONE + 1; i < NOUNS; i++) {
		const struct view_noun *noun = &view_nouns[i];

		ck(noun->name && noun->len > 0 && noun->base < NOUNS);
		for (size_t j = 0; j < noun->len; j++) {
			ck_column(&noun->columns[j]);
		}
		for (size_t j = NOUN_NONE; j < i; j++) {
			ck(strcmp(view_nouns[j].name, noun->name) != 0);
		}
	}
	ck_int(view_nouns[NOUN_NONE].len, 0);
}

static bool has_column(const struct view_noun *noun, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!strcmp(noun->columns[i].name, name)) {
			return true;
		}
	}
	return noun->base && has_column(&view_nouns[noun->base], name, view_nouns[noun->base].len);
}

TEST(a_noun_has_each_column_once_with_those_of_its_base)
{
	for (size_t i = NOUN_NONE + 1; i < NOUNS; i++) {
		const struct view_noun *noun = &view_nouns[i];

		for (size_t j = 0; j < noun->len; j++) {
			ck(!has_column(noun, noun->columns[j].name, j));
		}
	}
}
