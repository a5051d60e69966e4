/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_global.h"

#include "config/config.h"
#include "config/text.h"
#include "domain/template.h"

#define VARS_MAX 256

/* config.unmatched_incident is the position of the word. */
static const char *const unmatched_words[] = { "ignore", "incident", NULL };

const struct spec load_global_keys[] = {
	{ "dry_run", "decide and record, run nothing", SPEC_BOOL,
			SPEC_FIELD(struct config, dry_run) },
	{ "group_by", "labels whose values make one incident, where a playbook says nothing else",
			SPEC_STRINGS, SPEC_FIELD(struct config, group_by), .min = 1, .max = 16,
			.format = text_is_label_name },
	{ "max_alert_age", "an older firing alert is recorded, not acted on; 0 is any age",
			SPEC_DURATION, SPEC_FIELD(struct config, max_alert_age_ms),
			.max = 365 * DAY_MS },
	{ "max_concurrent_runs", "how many runs may be running at the same time", SPEC_INT,
			SPEC_FIELD(struct config, max_concurrent_runs), .min = 1, .max = 64 },
	{ "max_replay_age", "an alert last received longer ago is not replayed; 0 is any age",
			SPEC_DURATION, SPEC_FIELD(struct config, max_replay_age_ms),
			.max = 365 * DAY_MS },
	{ "max_starts_per_hour", "how many runs of all playbooks in an hour; 0 is any number",
			SPEC_INT, SPEC_FIELD(struct config, max_starts_per_hour), .max = 100000 },
	{ "reopen_within", "a new episode so soon after the last reopens its incident",
			SPEC_DURATION, SPEC_FIELD(struct config, reopen_within_ms),
			.max = 365 * DAY_MS },
	{ "stale_after",
			"nothing received for so long, an incident pages no further; 0 is automatic",
			SPEC_DURATION, SPEC_FIELD(struct config, stale_after_ms),
			.max = 365 * DAY_MS },
	{ "unmatched", "what an alert without a playbook becomes", SPEC_CHOICE,
			SPEC_FIELD(struct config, unmatched_incident), .choices = unmatched_words },
	{ 0 },
};

void load_global_defaults(struct config *config)
{
	config->max_concurrent_runs = 4;
	config->max_replay_age_ms = 7 * DAY_MS;
	config->reopen_within_ms = INT64_C(10) * 60 * 1000;
	config->unmatched_incident = true;
	config->group_by = default_group_by;
	config->ignore = ignore_default(config->arena);
}

static const struct spec var_value = { "value", "the constant", SPEC_STRING, .flags = SPEC_EMPTY };

static void load_var(struct loader *loader, const struct yaml_node *node, struct labels *vars)
{
	const char *wrong = text_is_var_name(node->key->text);
	const char *value = spec_string(loader, &var_value, node);

	if (wrong) {
		mistakes_add(loader->mistakes, &node->key->place, "expected %s, got \"%s\"", wrong,
				node->key->text);
	}
	if (value && template_has_names(value)) {
		mistakes_add(loader->mistakes, &node->place,
				"a var is a constant: no '${…}' is replaced in it");
	}
	/* A broken value still declares the name, so that its uses are no mistakes of their own. */
	vars->items[vars->len++] = (struct label){ node->key->text, value ? value : "" };
}

void load_global_vars(struct loader *loader, const struct yaml_node *node, void *base)
{
	(void)base;
	if (node->kind != YAML_MAPPING || node->len > VARS_MAX) {
		if (!yaml_is_null(node)) {
			mistakes_add(loader->mistakes, &node->place,
					"expected a mapping of at most %d names to values",
					VARS_MAX);
		}
		return;
	}

	struct labels vars = {
		.items = arena_calloc(loader->arena, node->len, sizeof(*vars.items)),
	};

	for (yaml_each(value, node)) {
		load_var(loader, value, &vars);
	}
	loader->vars = vars;
}
