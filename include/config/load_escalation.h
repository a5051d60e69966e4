/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_escalation - the `escalation` section: levels, and the rules that raise what happens
 * together.
 *
 *	escalation:
 *	  hold: 2m
 *	  update_every: 30m
 *	  levels:
 *	    - { name: L1, receivers: [on-call], respond_within: 5m }
 *	    - { name: L2, receivers: [senior-engineer], respond_within: 10m }
 *	  raise:
 *	    - { level: L2, matchers: ['alertname="Down"'], distinct: service, at_least: 2 }
 */
#ifndef CONFIG_LOAD_ESCALATION_H
#define CONFIG_LOAD_ESCALATION_H

#include "config/spec.h"

/* The keys of `escalation`, for struct config. */
extern const struct spec load_escalation_keys[];

/* Values before any file was read. */
void load_escalation_defaults(struct config *config);

/* "L1" to "L4", one of `escalation`, which is read already; NULL after a mistake. */
const char *load_escalation_level_name(struct loader *loader, const struct yaml_node *node);

/* Read a level of `escalation` into the playbook base. The section, if any, is read already. */
void load_escalation_level(struct loader *loader, const struct yaml_node *node, void *base);

#endif
