/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_alertmanager - the `alertmanagers` section: who is asked what fires, what is silenced, and
 * what has ended.
 */
#ifndef CONFIG_LOAD_ALERTMANAGER_H
#define CONFIG_LOAD_ALERTMANAGER_H

#include "config/spec.h"

/* Read the list `alertmanagers` into loader->config. base is not used. */
void load_alertmanagers(struct loader *loader, const struct yaml_node *node, void *base);

#endif
