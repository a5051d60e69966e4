/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_heartbeat.h"

#include <string.h>

#include "config/config.h"
#include "config/load_escalation.h"
#include "config/load_matchers.h"
#include "config/text.h"

#define HEARTBEATS_MAX 100
#define IGNORE_MAX     256

static void load_beat_matchers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct heartbeat *heartbeat = base;

	load_matchers(loader, node, &heartbeat->matchers, &heartbeat->matchers_len);
}

static void load_level(struct loader *loader, const struct yaml_node *node, void *base)
{
	((struct heartbeat *)base)->level = load_escalation_level_name(loader, node);
}

static const struct spec heartbeat_keys[] = {
	{ "name", "every heartbeat needs a name of its own", SPEC_STRING,
			SPEC_FIELD(struct heartbeat, name), SPEC_REQUIRED, .format = text_is_name },
	{ "matchers", "the alert that must come", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_beat_matchers },
	{ "every", "within which time it must come", SPEC_DURATION,
			SPEC_FIELD(struct heartbeat, every_ms), SPEC_REQUIRED, .min = 1000,
			.max = 31 * DAY_MS },
	{ "level", "the level at which its incident opens", SPEC_CUSTOM, .load = load_level },
	{ 0 },
};

static void refuse_duplicate(
		struct loader *loader, const struct heartbeat *heartbeat, const struct place *place)
{
	const struct config *config = loader->config;

	for (size_t i = 0; heartbeat->name && i < config->heartbeats_len; i++) {
		const char *name = config->heartbeats[i].name;

		if (name && !strcmp(name, heartbeat->name)) {
			mistakes_add(loader->mistakes, place,
					"there is another heartbeat '%s' already", name);
			return;
		}
	}
}

void load_heartbeats(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct config *config = loader->config;

	(void)base;
	if (!spec_list(loader, node, 0, HEARTBEATS_MAX)) {
		return;
	}
	config->heartbeats = arena_calloc(loader->arena, node->len, sizeof(*config->heartbeats));
	for (yaml_each(item, node)) {
		struct heartbeat *heartbeat = &config->heartbeats[config->heartbeats_len];

		spec_load(loader, heartbeat_keys, item, heartbeat, NULL);
		refuse_duplicate(loader, heartbeat, &item->place);
		config->heartbeats_len++;
	}
}

static void load_ignore_matchers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct ignore_rule *rule = base;

	load_matchers(loader, node, &rule->matchers, &rule->matchers_len);
}

static const struct spec ignore_keys[] = {
	{ "matchers", "the alerts that cause nothing", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_ignore_matchers },
	{ "reason", "why, for operators", SPEC_STRING, SPEC_FIELD(struct ignore_rule, reason),
			.max = 256, .format = text_is_line },
	{ 0 },
};

void load_heartbeat_ignore(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct ignore *ignore = &loader->config->ignore;

	(void)base;
	if (!spec_list(loader, node, 0, IGNORE_MAX)) {
		return;
	}
	*ignore = (struct ignore){ .rules = arena_calloc(loader->arena, node->len,
						   sizeof(*ignore->rules)) };
	for (yaml_each(item, node)) {
		spec_load(loader, ignore_keys, item, &ignore->rules[ignore->len], NULL);
		ignore->len++;
	}
}
