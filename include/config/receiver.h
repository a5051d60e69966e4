/*
 * receiver - the `receivers` section: who is told, in Alertmanager's words.
 */
#ifndef CONFIG_RECEIVER_H
#define CONFIG_RECEIVER_H

#include "config/spec.h"

/* Read the list `receivers` into loader->config. base is not used. */
void receivers_load(struct loader *loader, const struct yaml_node *node, void *base);

#endif
