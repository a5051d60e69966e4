/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_playbook.h"

#include <string.h>

#include "config/load_escalation.h"
#include "config/load_interval.h"
#include "config/load_matchers.h"
#include "config/load_param.h"
#include "config/load_step.h"
#include "config/text.h"

#define PLAYBOOKS_MAX 1000

static const struct spec incident_keys[] = {
	{ "group_by", "labels whose values make one incident", SPEC_STRINGS,
			SPEC_FIELD(struct playbook, group_by), .min = 1, .max = 16,
			.format = text_is_label_name },
	{ "level", "the level at which it opens", SPEC_CUSTOM, .load = load_escalation_level },
	{ "title", "the title of the incident", SPEC_STRING, SPEC_FIELD(struct playbook, title),
			SPEC_PARAMS | SPEC_LABELS, .max = 1024, .format = text_is_line },
	{ 0 },
};

#define GUARD(member) SPEC_FIELD(struct playbook, guards.member)

static const struct spec limit_keys[] = {
	{ "per", "the window", SPEC_DURATION, GUARD(limit_per_ms), SPEC_REQUIRED, .min = 1,
			.max = 365 * DAY_MS },
	{ "runs", "how many runs in the window", SPEC_INT, GUARD(limit_runs), SPEC_REQUIRED,
			.min = 1, .max = 10000 },
	{ 0 },
};

static const struct spec breaker_keys[] = {
	{ "failures", "how many failures in a row open it", SPEC_INT, GUARD(breaker_failures),
			SPEC_REQUIRED, .min = 1, .max = 1000 },
	{ "open_for", "how long it stays open", SPEC_DURATION, GUARD(breaker_open_ms),
			SPEC_REQUIRED, .min = 1, .max = 365 * DAY_MS },
	{ 0 },
};

/* params are read before guards. */
static void load_distinct(struct loader *loader, const struct yaml_node *node, void *base)
{
	static const struct spec row = { "distinct", "a param", SPEC_STRING };
	struct playbook *playbook = base;
	const char *name = spec_string(loader, &row, node);

	for (size_t i = 0; name && i < playbook->params_len; i++) {
		if (strcmp(playbook->params[i].name, name) == 0) {
			playbook->guards.distinct = name;
			return;
		}
	}
	if (name) {
		mistakes_add(loader->mistakes, &node->place,
				"expected the name of a param of this playbook, got \"%s\"", name);
	}
}

static const struct spec targets_keys[] = {
	{ "at_most", "how many targets in the window", SPEC_INT, GUARD(targets_at_most),
			SPEC_REQUIRED, .min = 1, .max = 10000 },
	{ "distinct", "the param that says what a target is", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_distinct },
	{ "per", "the window", SPEC_DURATION, GUARD(targets_per_ms), SPEC_REQUIRED, .min = 1,
			.max = 365 * DAY_MS },
	{ 0 },
};

static const struct spec guard_keys[] = {
	{ "active_time_intervals", "runs only within any of these", SPEC_CUSTOM,
			.load = load_intervals_active },
	{ "breaker", "stops a playbook that does not help", SPEC_MAPPING, .keys = breaker_keys },
	{ "cooldown", "pause after a run for the same target", SPEC_DURATION, GUARD(cooldown_ms),
			.max = 365 * DAY_MS },
	{ "limit", "how many runs in a window", SPEC_MAPPING, .keys = limit_keys },
	{ "lock", "one run of this key at a time", SPEC_STRING, GUARD(lock), SPEC_PARAMS,
			.max = 256, .format = text_is_line },
	{ "max_concurrent", "runs at the same time", SPEC_INT, GUARD(max_concurrent), .min = 1,
			.max = 64 },
	{ "max_targets", "how many targets in a window", SPEC_MAPPING, .keys = targets_keys },
	{ "mute_time_intervals", "never runs within any of these", SPEC_CUSTOM,
			.load = load_intervals_mute },
	{ 0 },
};

static void load_alert_matchers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct playbook *playbook = base;

	load_matchers(loader, node, &playbook->matchers, &playbook->matchers_len);
}

/* params stand before what may name them, the phases in the order of enum phase. */
static const struct spec playbook_keys[] = {
	{ "name", "every playbook needs a name of its own", SPEC_STRING,
			SPEC_FIELD(struct playbook, name), SPEC_REQUIRED, .format = text_is_name },
	{ "matchers", "which alerts it is for", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_alert_matchers },
	{ "continue", "continue with the next playbook that matches", SPEC_BOOL,
			SPEC_FIELD(struct playbook, continue_matching) },
	{ "params", "values from the alert", SPEC_CUSTOM, .load = load_params },
	{ "incident", "the title, group and level of its incident", SPEC_MAPPING,
			.keys = incident_keys },
	{ "dry_run", "decide and record, run nothing", SPEC_BOOL,
			SPEC_FIELD(struct playbook, dry_run) },
	{ "guards", "rules that can keep a run from starting", SPEC_MAPPING, .keys = guard_keys },
	{ "precheck", "the step that finds out whether the run is needed now", SPEC_CUSTOM,
			.load = load_steps_precheck },
	{ "steps", "the steps of the repair", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_steps },
	{ "verify", "the steps that find out whether it helped", SPEC_CUSTOM,
			.load = load_steps_verify },
	{ "rescue", "the steps to run when it failed", SPEC_CUSTOM, .load = load_steps_rescue },
	{ 0 },
};

static size_t count_steps(const struct yaml_node *node)
{
	size_t count = 0;

	for (size_t i = 0; i < PHASES; i++) {
		const struct yaml_node *phase = yaml_get(node, phase_names[i]);

		if (phase) {
			count += phase->kind == YAML_SEQUENCE ? phase->len : 1;
		}
	}
	return count;
}

static void refuse_duplicate(
		struct loader *loader, const struct playbook *playbook, const struct place *place)
{
	for (size_t i = 0; playbook->name && i < loader->playbooks_len; i++) {
		const struct place *first = &loader->playbook_places[i];
		const char *name = loader->playbooks[i].name;

		if (name && strcmp(name, playbook->name) == 0) {
			mistakes_add(loader->mistakes, place,
					"playbook '%s' is already defined in %s:%u", name,
					first->path, first->line);
			return;
		}
	}
}

static void load_playbook(struct loader *loader, const struct yaml_node *node)
{
	struct playbook playbook = { 0 };

	playbook.steps =
			arena_calloc(loader->arena, count_steps(node) + 1, sizeof(*playbook.steps));
	loader->playbook = &playbook;
	spec_load(loader, playbook_keys, node, &playbook, NULL);
	load_steps_check_interrupt(loader, node);
	loader->playbook = NULL;

	const struct yaml_node *name = yaml_get(node, "name");
	const struct place *place = name ? &name->place : &node->place;

	refuse_duplicate(loader, &playbook, place);
	loader_add_playbook(loader, &playbook, place);
}

void load_playbooks(struct loader *loader, const struct yaml_node *node, void *base)
{
	(void)base;
	if (!spec_list(loader, node, 0, PLAYBOOKS_MAX - (int64_t)loader->playbooks_len)) {
		return;
	}
	for (yaml_each(item, node)) {
		load_playbook(loader, item);
	}
}
