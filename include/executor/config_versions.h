/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_versions - the configuration in force and those before it, which runs may still use.
 */
#ifndef EXECUTOR_CONFIG_VERSIONS_H
#define EXECUTOR_CONFIG_VERSIONS_H

#include <stdint.h>

#include "config/config.h"

#define CONFIG_VERSIONS_MAX 4

/* The newest first, NULL behind the last. Zeroed is empty. */
struct config_versions {
	struct config *items[CONFIG_VERSIONS_MAX];
	const uint8_t *seal_key; /* SHA-256 of the operator's token; NULL: nothing is sealed */
};

/* Makes config, which it takes, the newest, and frees its equal or else the one that falls out: so
 * loading the same files again makes no running run's configuration unknown. */
void config_versions_push_take(struct config_versions *versions, struct config *config);
/* NULL when there is none (any more) of that hash. */
const struct config *config_versions_find(
		const struct config_versions *versions, const uint8_t hash[DIGEST_SIZE]);
void config_versions_clear(struct config_versions *versions);

#endif
