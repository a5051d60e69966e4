/* SPDX-License-Identifier: Apache-2.0 */
#include "config/loader.h"

#include <stdlib.h>

void loader_add_playbook(
		struct loader *loader, const struct playbook *playbook, const struct place *place)
{
	struct playbook *slot = mem_push((void **)&loader->playbooks, loader->playbooks_len,
			&loader->playbooks_cap, sizeof(*slot));
	struct place *place_slot = mem_push((void **)&loader->playbook_places,
			loader->playbooks_len, &loader->playbook_places_cap, sizeof(*place_slot));

	*slot = *playbook;
	*place_slot = *place;
	loader->playbooks_len++;
}

void loader_add_check(struct loader *loader, const struct check *check, const struct place *place)
{
	struct check *slot = mem_push((void **)&loader->checks, loader->checks_len,
			&loader->checks_cap, sizeof(*slot));
	struct place *place_slot = mem_push((void **)&loader->check_places, loader->checks_len,
			&loader->check_places_cap, sizeof(*place_slot));

	*slot = *check;
	*place_slot = *place;
	loader->checks_len++;
}

void loader_add_check_name(struct loader *loader, const struct check_name *name)
{
	struct check_name *slot = mem_push((void **)&loader->names, loader->names_len,
			&loader->names_cap, sizeof(*slot));

	*slot = *name;
	loader->names_len++;
}

void loader_add_secret(struct loader *loader, const struct secret_name *secret)
{
	struct secret_name *slot = mem_push((void **)&loader->secrets, loader->secrets_len,
			&loader->secrets_cap, sizeof(*slot));

	*slot = *secret;
	loader->secrets_len++;
}

void loader_finish(struct loader *loader)
{
	struct config *config = loader->config;

	config->playbooks_len = loader->playbooks_len;
	config->playbooks = arena_memdup(config->arena, loader->playbooks,
			loader->playbooks_len * sizeof(*loader->playbooks));
	config->checks_len = loader->checks_len;
	config->checks = arena_memdup(config->arena, loader->checks,
			loader->checks_len * sizeof(*loader->checks));
	config->secrets_len = loader->secrets_len;
	config->secrets = arena_memdup(config->arena, loader->secrets,
			loader->secrets_len * sizeof(*loader->secrets));
}

void loader_clear(struct loader *loader)
{
	free(loader->playbooks);
	free(loader->playbook_places);
	free(loader->checks);
	free(loader->check_places);
	free(loader->names);
	free(loader->secrets);
	*loader = (struct loader){ 0 };
}
