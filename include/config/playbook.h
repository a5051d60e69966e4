/*
 * playbook - the `playbooks` section.
 */
#ifndef CONFIG_PLAYBOOK_H
#define CONFIG_PLAYBOOK_H

#include "config/spec.h"

/* Append the list `playbooks` to loader->playbooks. base is not used. */
void playbooks_load(struct loader *loader, const struct yaml_node *node, void *base);

#endif
