/*
 * check - the `checks` section.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/spec.h"

/* Append the list `checks` to loader->checks. base is not used. */
void checks_load(struct loader *loader, const struct yaml_node *node, void *base);

#endif
