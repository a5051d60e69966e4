/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_escalation.h"

#include <string.h>

#include "config/config.h"
#include "config/load_matchers.h"
#include "config/text.h"
#include "domain/escalation.h"

#define RULES_MAX           100
#define LEVEL_RECEIVERS_MAX 32
#define AT_LEAST_MAX        1000

static const struct spec level_row = { "level", "a level", SPEC_WORD,
	.choices = escalation_level_names };

/* The level that node names, or 0 after a mistake. */
static uint8_t read_level(struct loader *loader, const struct yaml_node *node)
{
	const char *word = spec_word(loader, &level_row, node);

	return escalation_level_parse(word);
}

static const struct escalation *policy_of(const struct loader *loader)
{
	return &loader->config->escalation;
}

static bool is_configured(const struct escalation *policy, uint8_t level)
{
	for (size_t i = 0; i < policy->levels_len; i++) {
		if (policy->levels[i].level == level) {
			return true;
		}
	}
	return false;
}

/* A level that is there; without any levels each may be named. 0 after a mistake. */
static uint8_t read_known_level(struct loader *loader, const struct yaml_node *node)
{
	const struct escalation *policy = policy_of(loader);
	uint8_t level = read_level(loader, node);

	if (level && policy->levels_len && !is_configured(policy, level)) {
		mistakes_add(loader->mistakes, &node->place,
				"level %s is not among the levels of escalation",
				escalation_level_name(level));
		return 0;
	}
	return level;
}

const char *load_escalation_level_name(struct loader *loader, const struct yaml_node *node)
{
	return escalation_level_name(read_known_level(loader, node));
}

void load_escalation_level(struct loader *loader, const struct yaml_node *node, void *base)
{
	((struct playbook *)base)->level = load_escalation_level_name(loader, node);
}

static void load_name(struct loader *loader, const struct yaml_node *node, void *base)
{
	const struct escalation *policy = policy_of(loader);
	struct escalation_level *level = base;
	uint8_t last = policy->levels_len ? policy->levels[policy->levels_len - 1].level : 0;

	level->level = read_level(loader, node);
	if (level->level && level->level <= last) {
		mistakes_add(loader->mistakes, &node->place,
				"the levels stand from the lowest to the highest, each once: %s cannot follow %s",
				escalation_level_name(level->level), escalation_level_name(last));
		level->level = 0;
	}
}

/* Receivers are read already. */
static const char *read_receiver(struct loader *loader, const struct yaml_node *node)
{
	static const struct spec row = { "receivers", "a receiver", SPEC_STRING };
	const char *name = spec_string(loader, &row, node);

	if (name && !config_receiver(loader->config, name)) {
		mistakes_add(loader->mistakes, &node->place, "there is no receiver '%s'", name);
		return NULL;
	}
	return name;
}

static void load_level_receivers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct escalation_level *level = base;
	const char **names;
	size_t len = 0;

	if (!spec_list(loader, node, 1, LEVEL_RECEIVERS_MAX)) {
		return;
	}
	names = arena_calloc(loader->arena, (size_t)node->len + 1, sizeof(*names));
	for (yaml_each(item, node)) {
		const char *name = read_receiver(loader, item);

		if (name) {
			names[len++] = name;
		}
	}
	level->receivers = names;
}

static const struct spec level_keys[] = {
	{ "hold", "how long a run has to help before this level is paged for its own incidents",
			SPEC_DURATION, SPEC_FIELD(struct escalation_level, hold_ms),
			.max = DAY_MS },
	{ "name", "L1, L2, L3 or L4", SPEC_CUSTOM, .flags = SPEC_REQUIRED, .load = load_name },
	{ "receivers", "who is notified", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_level_receivers },
	{ "respond_within", "how long until the next level is paged; 0 is at once", SPEC_DURATION,
			SPEC_FIELD(struct escalation_level, respond_within_ms), SPEC_REQUIRED,
			.max = 7 * DAY_MS },
	{ 0 },
};

static void load_levels(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct escalation *policy = &loader->config->escalation;

	(void)base;
	if (!spec_list(loader, node, 1, ESCALATION_LEVELS)) {
		return;
	}
	policy->levels = arena_calloc(loader->arena, node->len, sizeof(*policy->levels));
	for (yaml_each(item, node)) {
		struct escalation_level level = { .hold_ms = policy->hold_ms };

		if (spec_load(loader, level_keys, item, &level, NULL) && level.level &&
				level.receivers) {
			policy->levels[policy->levels_len++] = level;
		}
	}
}

static void load_rule_level(struct loader *loader, const struct yaml_node *node, void *base)
{
	((struct escalation_rule *)base)->level = read_known_level(loader, node);
}

static void load_rule_matchers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct escalation_rule *rule = base;

	load_matchers(loader, node, &rule->matchers, &rule->matchers_len);
}

static const struct spec rule_keys[] = {
	{ "level", "the level that they are raised to", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_rule_level },
	{ "matchers", "which incidents it is for, by the labels of the alert that opened them",
			SPEC_CUSTOM, .flags = SPEC_REQUIRED, .load = load_rule_matchers },
	{ "distinct", "the label whose values are counted; without it, the incidents are",
			SPEC_STRING, SPEC_FIELD(struct escalation_rule, distinct),
			.format = text_is_label_name },
	{ "at_least", "how many must be firing at the same time", SPEC_INT,
			SPEC_FIELD(struct escalation_rule, at_least), .min = 1,
			.max = AT_LEAST_MAX },
	{ 0 },
};

static void load_rules(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct escalation *policy = &loader->config->escalation;

	(void)base;
	if (!spec_list(loader, node, 0, RULES_MAX)) {
		return;
	}
	policy->rules = arena_calloc(loader->arena, node->len, sizeof(*policy->rules));
	for (yaml_each(item, node)) {
		struct escalation_rule *rule = &policy->rules[policy->rules_len++];

		rule->at_least = 1;
		spec_load(loader, rule_keys, item, rule, NULL);
	}
}

/* hold stands before levels, which begin with it, and they before raise, which names them. */
const struct spec load_escalation_keys[] = {
	{ "hold", "how long a run has to help before anybody is paged", SPEC_DURATION,
			SPEC_FIELD(struct config, escalation.hold_ms), .max = DAY_MS },
	{ "levels", "who is paged, the lowest level first", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_levels },
	{ "raise", "the level that several incidents at the same time page", SPEC_CUSTOM,
			.load = load_rules },
	{ "update_every", "how often those who were paged get an update; 0 is never", SPEC_DURATION,
			SPEC_FIELD(struct config, escalation.update_every_ms), .max = 7 * DAY_MS },
	{ 0 },
};

void load_escalation_defaults(struct config *config)
{
	config->escalation.update_every_ms = INT64_C(30) * 60 * 1000;
}
