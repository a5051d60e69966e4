/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/routes.h"

#include <string.h>

#include "test.h"

static void ck_rules(const struct arg_rules *rules)
{
	for (size_t i = 0; i < rules->len; i++) {
		const struct arg_rule *rule = &rules->items[i];

		ck(i == 0 || strcmp(rule[-1].name, rule->name) < 0);
		ck((rule->kind == ARG_WORD) == (rule->words_len > 0));
		ck(arg_rules_find(rules, rule->name) == rule);
	}
	ck(!arg_rules_find(rules, "nobody"));
}

TEST(every_route_has_a_row_of_its_own_in_order)
{
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route_row *row = &routes[i];
		int order;

		ck_int(row->id, i);
		ck(row->method && row->pattern[0] == '/' && *row->help);
		if (i > 0) {
			order = strcmp(row[-1].pattern, row->pattern);
			ck(order < 0 || (order == 0 && strcmp(row[-1].method, row->method) < 0));
		}
	}
}

TEST(arguments_are_sorted_and_have_one_meaning)
{
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route_row *row = &routes[i];

		ck_rules(&row->args);
		ck_rules(&row->fields);
		for (size_t j = 0; j < row->args.len; j++) {
			const struct arg_rule *rule = &row->args.items[j];

			ck(!rule->required && rule->kind != ARG_MAP);
			ck(!arg_rules_find(&row->fields, rule->name));
		}
	}
}

TEST(who_may_ask_follows_from_what_is_done)
{
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route_row *row = &routes[i];
		bool is_read = !strcmp(row->method, "GET");
		bool is_delivery = row->action == ACTION_DELIVER;

		ck_int(row->right, is_read       ? RIGHT_READ
				   : is_delivery ? RIGHT_ALERT
						 : RIGHT_OPERATE);
		ck_int(row->command != NULL, row->right == RIGHT_OPERATE);
		ck_int(row->object != NULL, row->right == RIGHT_OPERATE);
		ck(row->right == RIGHT_OPERATE || row->fields.len == 0);
	}
}

TEST(what_every_route_answers_is_known)
{
	for (size_t i = 0; i < ROUTES; i++) {
		const struct route_answer *answer = &routes[i].answer;
		bool is_many = answer->form == ANSWER_LIST || answer->form == ANSWER_PAGE;

		ck(answer->form < ANSWER_FORMS && answer->noun < NOUNS);
		ck_int(answer->noun != NOUN_NONE, is_many || answer->form == ANSWER_ONE);
		ck_int(answer->key != NULL, is_many);
		ck_int(answer->media != NULL, answer->form == ANSWER_TEXT);
		ck_int(arg_rules_find(&routes[i].args, "cursor") != NULL,
				answer->form == ANSWER_PAGE);
		ck_int(arg_rules_find(&routes[i].args, "limit") != NULL,
				answer->form == ANSWER_PAGE);
	}
}

TEST(every_command_has_a_word_of_its_own)
{
	for (size_t i = 0; i < ROUTES; i++) {
		for (size_t j = 0; j < i && routes[i].command; j++) {
			ck(!routes[j].command || strcmp(routes[i].command, routes[j].command) != 0);
		}
	}
}

TEST(every_kind_of_argument_can_be_described)
{
	for (size_t i = 0; i < ARG_KINDS; i++) {
		ck(arg_kind_texts[i] && *arg_kind_texts[i]);
	}
}

TEST(the_page_lists_every_path)
{
	auto_buf struct buf text = { 0 };

	routes_index(&text);
	for (size_t i = 0; i < ROUTES; i++) {
		ck_has(buf_text(&text), routes[i].pattern);
	}
	ck_has(buf_text(&text),
			"POST   /api/v1/deliveries/{id}/replay           replay a delivery *\n"
			"       ? dry_run\n"
			"       { force reason\n");
}
