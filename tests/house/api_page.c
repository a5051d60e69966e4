/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_page - prints docs/api.md from the tables of routes and nouns. script/api-page runs it.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "wire/routes.h"

static const char intro[] =
		"# The API\n"
		"\n"
		"<!-- Printed by script/api-page from src/wire/routes.c and src/wire/view.c: change those. -->\n"
		"\n"
		"Every route: what it takes and what it answers. `curl -s http://127.0.0.1:9098/` lists them in short.\n"
		"\n"
		"[using-the-api.md](using-the-api.md) has what is common to all: envelope, rights, errors, pages.\n"
		"\n"
		"`operate` needs the operator's token; whoever can connect has `read` and `alert`. In a path, `{id}` and\n"
		"`{n}` stand for a number, all others for a name. The answer is `data` of the envelope, or text of the type\n"
		"that is named; a page is a list with `nextCursor` behind it.\n";

/* What a heading is called in a link. */
static void print_anchor(const char *heading)
{
	for (const char *c = heading; *c; c++) {
		if (*c == ' ') {
			putchar('-');
		} else if (isalnum((unsigned char)*c) || *c == '-' || *c == '_') {
			putchar(tolower((unsigned char)*c));
		}
	}
}

static void print_link(const char *heading, const char *quote)
{
	printf("[%s%s%s](#", quote, heading, quote);
	print_anchor(heading);
	putchar(')');
}

static void print_noun(uint8_t id)
{
	print_link(view_nouns[id].name, "");
}

static void print_words(const char *const *words, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		printf("%s`%s`", i ? ", " : "", words[i]);
	}
}

static void print_answer(const struct route_answer *answer)
{
	switch ((enum answer_form)answer->form) {
	case ANSWER_NOTHING:
		printf("`null`");
		break;
	case ANSWER_ONE:
		print_noun(answer->noun);
		break;
	case ANSWER_LIST:
		printf("`%s`, a list: ", answer->key);
		print_noun(answer->noun);
		break;
	case ANSWER_PAGE:
		printf("`%s`, a page: ", answer->key);
		print_noun(answer->noun);
		break;
	case ANSWER_TEXT:
		printf("`%s`", answer->media);
		break;
	case ANSWER_FORMS:
		break;
	}
}

static void heading_of(const struct route_row *row, char *text, size_t size)
{
	snprintf(text, size, "%s %s", row->method, row->pattern);
}

static void print_list(void)
{
	printf("\n## Routes\n\n| route | right | |\n|---|---|---|\n");
	for (size_t i = 0; i < ROUTES; i++) {
		char heading[128];

		heading_of(&routes[i], heading, sizeof(heading));
		printf("| ");
		print_link(heading, "`");
		printf(" | %s | %s |\n", right_names[routes[i].right], routes[i].help);
	}
}

static void print_rules(const char *what, const struct arg_rules *rules)
{
	if (rules->len > 0) {
		printf("\n| %s | |\n|---|---|\n", what);
	}
	for (size_t i = 0; i < rules->len; i++) {
		const struct arg_rule *rule = &rules->items[i];

		printf("| `%s` | %s", rule->name, arg_kind_texts[rule->kind]);
		if (rule->words_len > 0) {
			putchar(' ');
			print_words(rule->words, rule->words_len);
		}
		printf("%s |\n", rule->required ? "; required" : "");
	}
}

static void print_route(const struct route_row *row)
{
	printf("\n### `%s %s`\n\n", row->method, row->pattern);
	printf("%c%s. Right: `%s`. Answer: ", toupper((unsigned char)row->help[0]), row->help + 1,
			right_names[row->right]);
	print_answer(&row->answer);
	printf(".%s%s%s\n", row->command ? " In the audit: `" : "",
			row->command ? row->command : "", row->command ? "`." : "");
	print_rules("parameter", &row->args);
	print_rules("field", &row->fields);
}

static void print_type(const struct view_column *column)
{
	static const char *const texts[VIEW_TYPES] = {
		[VIEW_BOOL] = "true or false",
		[VIEW_DIGEST] = "64 hex digits",
		[VIEW_ID] = "id",
		[VIEW_INT] = "number",
		[VIEW_LABELS] = "object of strings",
		[VIEW_LIST] = "list: ",
		[VIEW_ONE] = "",
		[VIEW_TEXT] = "string",
		[VIEW_TEXTS] = "list of strings",
		[VIEW_TIME] = "time",
		[VIEW_WORD] = "one of ",
	};

	printf("%s", texts[column->type]);
	if (column->noun) {
		print_noun(column->noun);
	}
	print_words(column->words, column->words_len);
	printf("%s", column->nullable ? ", or null" : "");
}

static void print_columns(const struct view_noun *noun)
{
	printf("\n### %s\n\n", noun->name);
	if (noun->base) {
		printf("All of ");
		print_noun(noun->base);
		printf(", and:\n\n");
	}
	printf("| | |\n|---|---|\n");
	for (size_t i = 0; i < noun->len; i++) {
		printf("| `%s` | ", noun->columns[i].name);
		print_type(&noun->columns[i]);
		printf(" |\n");
	}
}

int main(void)
{
	fputs(intro, stdout);
	print_list();
	for (size_t i = 0; i < ROUTES; i++) {
		print_route(&routes[i]);
	}
	printf("\n## Nouns\n\nMembers come in this order. Times are RFC 3339 in UTC, with milliseconds.\n");
	for (size_t i = NOUN_NONE + 1; i < NOUNS; i++) {
		print_columns(&view_nouns[i]);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
