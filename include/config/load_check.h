/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_check - the `checks` section.
 */
#ifndef CONFIG_LOAD_CHECK_H
#define CONFIG_LOAD_CHECK_H

#include "config/spec.h"

/* Append the list `checks` to loader->checks. base is not used. */
void load_checks(struct loader *loader, const struct yaml_node *node, void *base);

/* When all files are read, whichever came first: is every check that a step names there, and has
 * its playbook the params that the check's URL names? */
void load_checks_resolve(struct loader *loader);

#endif
