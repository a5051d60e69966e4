/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_playbook - the `playbooks` section.
 */
#ifndef CONFIG_LOAD_PLAYBOOK_H
#define CONFIG_LOAD_PLAYBOOK_H

#include "config/spec.h"

/* Append the list `playbooks` to loader->playbooks. base is not used. */
void load_playbooks(struct loader *loader, const struct yaml_node *node, void *base);

#endif
