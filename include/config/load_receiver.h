/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_receiver - the `receivers` section: who is notified, in Alertmanager's words.
 */
#ifndef CONFIG_LOAD_RECEIVER_H
#define CONFIG_LOAD_RECEIVER_H

#include "config/spec.h"

/* Read the list `receivers` into loader->config. base is not used. */
void load_receivers(struct loader *loader, const struct yaml_node *node, void *base);

#endif
