/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_heartbeat - the sections `heartbeats`, alerts that must come, and `ignore`, alerts that
 * cause nothing.
 *
 *	heartbeats:
 *	  - { name: prometheus, matchers: ['alertname="Watchdog"'], every: 10m, level: L2 }
 *	ignore:
 *	  - { matchers: ['severity="none"'], reason: "for dashboards only" }
 */
#ifndef CONFIG_LOAD_HEARTBEAT_H
#define CONFIG_LOAD_HEARTBEAT_H

#include "config/spec.h"

/* For the table of the main file. The levels of `escalation` are read already. */
void load_heartbeats(struct loader *loader, const struct yaml_node *node, void *base);
void load_heartbeat_ignore(struct loader *loader, const struct yaml_node *node, void *base);

#endif
