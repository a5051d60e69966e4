/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_versions.h"

#include <string.h>

/* The place that the new configuration empties: that of its equal, else the last. */
static size_t place_of(const struct config_versions *versions, const struct config *config)
{
	size_t i = 0;

	while (i < CONFIG_VERSIONS_MAX - 1 && versions->items[i] &&
			memcmp(versions->items[i]->hash, config->hash, DIGEST_SIZE) != 0) {
		i++;
	}
	return i;
}

void config_versions_push_take(struct config_versions *versions, struct config *config)
{
	size_t place = place_of(versions, config);

	config_free(versions->items[place]);
	memmove(&versions->items[1], &versions->items[0], place * sizeof(versions->items[0]));
	versions->items[0] = config;
}

void config_versions_clear(struct config_versions *versions)
{
	for (int i = 0; i < CONFIG_VERSIONS_MAX; i++) {
		config_free(versions->items[i]);
		versions->items[i] = NULL;
	}
}

const struct config *config_versions_find(
		const struct config_versions *versions, const uint8_t hash[DIGEST_SIZE])
{
	for (int i = 0; i < CONFIG_VERSIONS_MAX && versions->items[i]; i++) {
		if (memcmp(versions->items[i]->hash, hash, DIGEST_SIZE) == 0) {
			return versions->items[i];
		}
	}
	return NULL;
}
