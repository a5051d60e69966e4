/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_heartbeat.h"

#include "config_texts.h"

#define RECEIVERS "receivers: [{name: on-call, webhook_configs: [{url: 'http://localhost/'}]}]\n"
#define LEVELS    "escalation: {levels: [{name: L1, receivers: [on-call], respond_within: 5m}]}\n"

TEST(heartbeats_are_read_whole)
{
	struct config *config =
			must_parse("heartbeats:\n"
				   "- {name: am, matchers: [a=b, c=~d], every: 10m}\n"
				   "- {name: prom, matchers: [a=c], every: 1s, level: L2}\n");

	must(config->heartbeats_len == 2);
	ck_str(config->heartbeats[0].name, "am");
	ck_int(config->heartbeats[0].matchers_len, 2);
	ck_int(config->heartbeats[0].every_ms, 600000);
	ck(!config->heartbeats[0].level);
	ck_str(config->heartbeats[1].level, "L2");
	config_free(config);
}

TEST(mistakes_in_heartbeats_are_told)
{
	static const struct mistake_case cases[] = {
		{ "heartbeats: [{name: a}]\n",
				"etc/main.yml:1:14: error: missing key 'matchers': the alert that must come\n"
				"etc/main.yml:1:14: error: missing key 'every': within which time it must come\n" },
		{ "heartbeats:\n"
		  "- {name: a, matchers: [a=b], every: 1m}\n"
		  "- {name: a, matchers: [a=c], every: 1m}\n",
				"etc/main.yml:3:3: error: there is another heartbeat 'a' already\n" },
		{ "heartbeats: [{name: a, matchers: [], every: 1m}]\n",
				"etc/main.yml:1:34: error: expected a list of 1 to 64 elements, got 0\n" },
		{ "heartbeats: [{name: a, matchers: [a=b], every: 10ms}]\n",
				"etc/main.yml:1:48: error: expected a duration from 1s to 31d, got \"10ms\"\n" },
		{ RECEIVERS LEVELS
				"heartbeats: [{name: a, matchers: [a=b], every: 1m, level: L2}]\n",
				"etc/main.yml:3:59: error: level L2 is not among the levels of escalation\n" },
		{ "heartbeats: yes\n", "etc/main.yml:1:13: error: expected a list, got \"yes\"\n" },
	};

	CK_CASES(cases);
}

TEST(ignore_has_a_default_which_the_key_replaces)
{
	struct config *config = must_parse("{}\n");

	must(config->ignore.len == 2);
	ck_str(config->ignore.rules[0].matchers[0].value, "Watchdog");
	ck_str(config->ignore.rules[1].matchers[0].value, "InfoInhibitor");
	config_free(config);
	config = must_parse("ignore: []\n");
	ck_int(config->ignore.len, 0);
	config_free(config);
	config = must_parse("ignore:\n"
			    "- matchers: [severity=none, a=~b]\n"
			    "  reason: for dashboards\n"
			    "- {matchers: [a=b]}\n");
	must(config->ignore.len == 2);
	ck_int(config->ignore.rules[0].matchers_len, 2);
	ck_str(config->ignore.rules[0].reason, "for dashboards");
	ck(!config->ignore.rules[1].reason);
	config_free(config);
}

TEST(mistakes_in_ignore_are_told)
{
	static const struct mistake_case cases[] = {
		{ "ignore: [{reason: x}]\n",
				"etc/main.yml:1:10: error: missing key 'matchers': the alerts that cause nothing\n" },
		{ "ignore: [{matchers: ['a']}]\n",
				"etc/main.yml:1:24: error: expected an operator (=, !=, =~ or !~)\n" },
		{ "ignore: [a=b]\n",
				"etc/main.yml:1:10: error: expected a mapping, got \"a=b\"\n" },
	};

	CK_CASES(cases);
}

TEST(a_global_group_by_stands_for_those_that_say_nothing)
{
	struct config *config = must_parse("{}\n");

	ck_str(config->group_by[0], "alertname");
	ck_str(config->group_by[2], "instance");
	config_free(config);
	config = must_parse("global: {group_by: [alertname, node]}\n");
	ck_str(config->group_by[0], "alertname");
	ck_str(config->group_by[1], "node");
	ck(!config->group_by[2]);
	config_free(config);
	ck_report((const char *const[]){ "global: {group_by: []}\n", NULL },
			"etc/main.yml:1:20: error: expected a list of 1 to 16 elements, got 0\n");
}
