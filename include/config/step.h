/*
 * step - the `precheck`, `steps`, `verify` and `rescue` of a playbook.
 */
#ifndef CONFIG_STEP_H
#define CONFIG_STEP_H

#include "config/spec.h"

/*
 * Append the list of one phase (of precheck, the one step) to base, a struct playbook whose steps
 * have room for them. They are called in the order of the phases, when the playbook's params are
 * known.
 */
void steps_load_precheck(struct loader *loader, const struct yaml_node *node, void *base);
void steps_load(struct loader *loader, const struct yaml_node *node, void *base);
void steps_load_verify(struct loader *loader, const struct yaml_node *node, void *base);
void steps_load_rescue(struct loader *loader, const struct yaml_node *node, void *base);

/* Of the whole mapping of a playbook: on_interrupt: verify needs something that verifies. */
void steps_check_interrupt(struct loader *loader, const struct yaml_node *node);

#endif
