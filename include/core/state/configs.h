/* SPDX-License-Identifier: Apache-2.0 */
/*
 * configs - the configuration in force, and those before it that runs still follow.
 */
#ifndef CORE_CONFIGS_H
#define CORE_CONFIGS_H

#include "config/config.h"

/* A configuration and how many active runs follow it. */
struct config_version {
	struct config_version *older;
	struct config *config;
	unsigned refs;
};

/* Zeroed is empty. */
struct configs {
	struct config_version *newest; /* the one in force; NULL before the first */
};

/* The configuration in force. There must be one. */
const struct config *configs_now(const struct configs *configs);
/* config comes into force. Takes it. */
void configs_add(struct configs *configs, struct config *config);
/* Free those that no run follows, but for the one in force. */
void configs_drop_unused(struct configs *configs);
/* Empty and usable after. */
void configs_clear(struct configs *configs);

#endif
