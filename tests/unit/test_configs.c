/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/configs.h"

#include <stdio.h>

#include "config_texts.h"
#include "test.h"

static struct config *of_playbook(const char *name)
{
	char text[200];

	snprintf(text, sizeof(text),
			"playbooks: [{ name: %s, matchers: [a=b], steps: [{ name: s, wait: 1s }] }]\n",
			name);
	return must_parse(text);
}

static bool has(const struct configs *configs, const char *playbook)
{
	for (const struct config_version *v = configs->newest; v; v = v->older) {
		if (config_playbook(v->config, playbook)) {
			return true;
		}
	}
	return false;
}

TEST(the_newest_configuration_is_in_force)
{
	struct configs configs = { 0 };

	configs_add(&configs, of_playbook("one"));
	ck(config_playbook(configs_now(&configs), "one") != NULL);
	configs_add(&configs, of_playbook("two"));
	ck(config_playbook(configs_now(&configs), "one") == NULL);
	ck(config_playbook(configs_now(&configs), "two") != NULL);
	configs_clear(&configs);
	ck(configs.newest == NULL);
}

TEST(a_configuration_that_a_run_follows_is_kept_until_none_does)
{
	struct configs configs = { 0 };
	struct config_version *two;

	configs_add(&configs, of_playbook("one"));
	configs_add(&configs, of_playbook("two"));
	two = configs.newest;
	two->refs = 1;
	configs_add(&configs, of_playbook("three"));
	configs_add(&configs, of_playbook("four"));
	configs_drop_unused(&configs);
	ck(!has(&configs, "one"));
	ck(has(&configs, "two"));
	ck(!has(&configs, "three"));
	ck(has(&configs, "four")); /* the one in force, whoever follows it */
	two->refs = 0;
	configs_drop_unused(&configs);
	ck(!has(&configs, "two"));
	ck(has(&configs, "four"));
	configs_clear(&configs);
}
