/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <string.h>

#include "config_texts.h"
#include "domain/escalation.h"
#include "domain/notification_text.h"

/* Each is one line more before the policy. */
#define RECEIVERS                                                                     \
	"receivers: [{name: on-call, webhook_configs: [{url: 'http://localhost/'}]}," \
	" {name: lead, webhook_configs: [{url: 'http://localhost/'}]}]\n"
#define LEVELS                                                       \
	"escalation:\n"                                              \
	"  levels:\n"                                                \
	"  - {name: L1, receivers: [on-call], respond_within: 5m}\n" \
	"  - {name: L3, receivers: [on-call, lead], respond_within: 0, hold: 0}\n"

TEST(the_policy_is_read_whole)
{
	struct config *config = must_parse(RECEIVERS LEVELS
			"  raise:\n"
			"  - {level: L3, matchers: [a=b], distinct: service, at_least: 2}\n"
			"  - {level: L1, matchers: [c=~d]}\n"
			"  hold: 2m\n"
			"  update_every: 0\n");
	const struct escalation *policy = &config->escalation;

	ck_int(policy->levels[0].hold_ms, 120000);
	ck_int(policy->levels[1].hold_ms, 0);
	ck_int(policy->update_every_ms, 0);
	ck_int(policy->levels_len, 2);
	ck_int(policy->levels[0].level, 1);
	ck_int(policy->levels[0].respond_within_ms, 300000);
	ck_str(policy->levels[1].receivers[1], "lead");
	ck(policy->levels[1].receivers[2] == NULL);
	ck_int(policy->levels[1].respond_within_ms, 0);
	ck_int(policy->rules_len, 2);
	ck_int(policy->rules[0].level, 3);
	ck_str(policy->rules[0].distinct, "service");
	ck_int(policy->rules[0].at_least, 2);
	ck(policy->rules[1].distinct == NULL);
	ck_int(policy->rules[1].at_least, 1);
	config_free(config);
}

TEST(without_a_policy_nobody_is_called)
{
	struct config *config = must_parse("{}\n");

	ck_int(config->escalation.levels_len, 0);
	ck_int(config->escalation.update_every_ms, 30 * 60 * 1000);
	for (int i = 0; i < TEMPLATE_KINDS; i++) {
		ck_str(config->templates[i], template_presets[i]);
	}
	config_free(config);
}

TEST(mistakes_in_the_policy_are_told)
{
	static const struct mistake_case cases[] = {
		{ "escalation: {}\n",
				"etc/main.yml:1:13: error: missing key 'levels': who is paged, the lowest level first\n" },
		{ "escalation: {levels: []}\n",
				"etc/main.yml:1:22: error: expected a list of 1 to 4 elements, got 0\n" },
		{ RECEIVERS "escalation:\n"
			    "  levels:\n"
			    "  - {name: L2, receivers: [lead], respond_within: 1m}\n"
			    "  - {name: L1, receivers: [lead, nobody], respond_within: 1m}\n"
			    "  - {name: L5, receivers: [], respond_within: 8d}\n"
			    "  - {name: L3, receivers: [lead]}\n",
				"etc/main.yml:5:12: error: the levels stand from the lowest to the highest, each once: L1 cannot follow L2\n"
				"etc/main.yml:5:34: error: there is no receiver 'nobody'\n"
				"etc/main.yml:6:12: error: expected L1, L2, L3 or L4, got \"L5\"\n"
				"etc/main.yml:6:27: error: expected a list of 1 to 32 elements, got 0\n"
				"etc/main.yml:6:47: error: expected a duration from 0s to 7d, got \"8d\"\n"
				"etc/main.yml:7:5: error: missing key 'respond_within': how long until the next level is paged; 0 is at once\n" },
		{ RECEIVERS LEVELS "  raise:\n"
				   "  - {level: L2, matchers: [a=b]}\n"
				   "  - {level: L3, matchers: [a], at_least: 0}\n"
				   "  - {matchers: []}\n",
				"etc/main.yml:7:13: error: level L2 is not among the levels of escalation\n"
				"etc/main.yml:8:29: error: expected an operator (=, !=, =~ or !~)\n"
				"etc/main.yml:8:42: error: expected a number from 1 to 1000, got \"0\"\n"
				"etc/main.yml:9:5: error: missing key 'level': the level that they are raised to\n"
				"etc/main.yml:9:16: error: expected a list of 1 to 64 elements, got 0\n" },
		{ "playbooks:\n"
		  "- name: p\n"
		  "  matchers: [a=b]\n"
		  "  incident: {level: L2}\n"
		  "  steps: [{name: s, run: [df]}]\n" RECEIVERS LEVELS,
				"etc/main.yml:4:21: error: level L2 is not among the levels of escalation\n" },
	};

	CK_CASES(cases);
}

/* A main file with vars, and one template. */
static struct config *parse_template(
		const char *path, const char *text, size_t len, struct buf *report)
{
	static const char main_text[] = "vars: {phone: '110', time: later}\n";
	struct config_file items[] = {
		{ "etc/main.yml", main_text, sizeof(main_text) - 1, CONFIG_YAML },
		{ path, text, (uint32_t)len, CONFIG_TEMPLATE },
	};
	const struct config_files files = { .items = items, .len = 2 };
	struct err err;

	return load_config(&files, report, &err);
}

static void ck_template(const char *path, const char *text, const char *want)
{
	struct buf report = { 0 };

	config_free(parse_template(path, text, strlen(text), &report));
	ck_str(buf_text(&report), want);
	buf_clear(&report);
}

TEST(a_template_takes_the_place_of_the_one_that_is_built_in)
{
	static const char text[] = "[UP] ${title}\ncall ${phone} at ${time}, $${x}\n";
	struct buf report = { 0 };
	struct config *config =
			parse_template("etc/t/resolved.txt", text, sizeof(text) - 1, &report);

	must(config);
	ck_str(config->templates[TEMPLATE_RESOLVED], "[UP] ${title}\ncall 110 at ${time}, $${x}\n");
	ck_str(config->templates[TEMPLATE_INITIAL], template_presets[TEMPLATE_INITIAL]);
	config_free(config);
	buf_clear(&report);
}

TEST(mistakes_in_templates_are_told_where_they_stand)
{
	static const char broken[] = "a\xff";
	static const char nul[] = "a\0b";
	struct buf report = { 0 };

	ck_template("t/initial.txt", "Zeit: ${zeit}\nüber ${titl} ${}\n${root_cuase} ${labels.x",
			"t/initial.txt:1:7: error: unknown name '${zeit}'\n"
			"t/initial.txt:2:6: error: unknown name '${titl}', did you mean '${title}'?\n"
			"t/initial.txt:2:14: error: '${}': not a name\n"
			"t/initial.txt:3:1: error: unknown name '${root_cuase}', did you mean '${root_cause}'?\n"
			"t/initial.txt:3:15: error: '${' without '}'\n");
	ck_template("t/intial.txt", "x\n",
			"t/intial.txt:1:1: error: the name of a template is initial, escalation, update or resolved, not 'intial'; did you mean 'initial'?\n");
	ck_template("t/update", " \nx\n",
			"t/update:1:1: error: the first line is the subject: it may not be empty\n");
	ck_template("t/update.txt", "x\ny\r\n",
			"t/update.txt:2:2: error: a control character; lines end with one line feed\n");
	ck_template("t/update.txt", "",
			"t/update.txt:1:1: error: the first line is the subject: it may not be empty\n");
	config_free(parse_template("t/update.txt", broken, sizeof(broken) - 1, &report));
	config_free(parse_template("t/update.txt", nul, sizeof(nul) - 1, &report));
	ck_str(buf_text(&report),
			"t/update.txt:1:1: error: it is not UTF-8\n"
			"t/update.txt:1:2: error: a control character; lines end with one line feed\n");
	buf_clear(&report);
}

TEST(two_templates_of_one_name_are_a_mistake)
{
	struct config_file items[] = {
		{ "main.yml", "{}", 2, CONFIG_YAML },
		{ "a/update.txt", "x", 1, CONFIG_TEMPLATE },
		{ "b/update.md", "y", 1, CONFIG_TEMPLATE },
	};
	const struct config_files files = { .items = items, .len = 3 };
	struct buf report = { 0 };
	struct err err;

	config_free(load_config(&files, &report, &err));
	ck_str(buf_text(&report),
			"b/update.md:1:1: error: there is another template 'update' already\n");
	buf_clear(&report);
}
