/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_global - the `global` section and the `vars`.
 */
#ifndef CONFIG_LOAD_GLOBAL_H
#define CONFIG_LOAD_GLOBAL_H

#include "config/spec.h"

/* The keys of `global`, for struct config. */
extern const struct spec load_global_keys[];

/* Values before any file was read. */
void load_global_defaults(struct config *config);

/* Read `vars` into loader->vars. base is not used. */
void load_global_vars(struct loader *loader, const struct yaml_node *node, void *base);

#endif
