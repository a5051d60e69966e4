/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_step - the `precheck`, `steps`, `verify` and `rescue` of a playbook.
 */
#ifndef CONFIG_LOAD_STEP_H
#define CONFIG_LOAD_STEP_H

#include "config/spec.h"

/*
 * Append the list of one phase (of precheck, the one step) to base, a struct playbook whose steps
 * have room for them. Call them in the order of the phases, when the playbook's params are known.
 */
void load_steps_precheck(struct loader *loader, const struct yaml_node *node, void *base);
void load_steps(struct loader *loader, const struct yaml_node *node, void *base);
void load_steps_verify(struct loader *loader, const struct yaml_node *node, void *base);
void load_steps_rescue(struct loader *loader, const struct yaml_node *node, void *base);

/* Of the whole mapping of a playbook: on_interrupt: verify needs something that verifies. */
void load_steps_check_interrupt(struct loader *loader, const struct yaml_node *node);

#endif
