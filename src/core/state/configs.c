/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/configs.h"

#include <stdlib.h>

#include "base/mem.h"

const struct config *configs_now(const struct configs *configs)
{
	return configs->newest->config;
}

void configs_add(struct configs *configs, struct config *config)
{
	struct config_version *version = xcalloc(1, sizeof(*version));

	version->config = config;
	version->older = configs->newest;
	configs->newest = version;
}

static void version_free(struct config_version *version)
{
	config_free(version->config);
	free(version);
}

void configs_drop_unused(struct configs *configs)
{
	struct config_version **link = &configs->newest->older;

	while (*link) {
		struct config_version *version = *link;

		if (version->refs) {
			link = &version->older;
			continue;
		}
		*link = version->older;
		version_free(version);
	}
}

void configs_clear(struct configs *configs)
{
	while (configs->newest) {
		struct config_version *version = configs->newest;

		configs->newest = version->older;
		version_free(version);
	}
}
