/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_interval - the `time_intervals` section, and the guards that name what stands there.
 *
 * The syntax and its rules are Alertmanager's (`time_interval` in its documentation); what it reads
 * otherwise than it stands there, like months above 12 or an empty list, is a mistake here.
 */
#ifndef CONFIG_LOAD_INTERVAL_H
#define CONFIG_LOAD_INTERVAL_H

#include "config/spec.h"

/* Read the list `time_intervals` into loader->config. base is not used. */
void load_intervals(struct loader *loader, const struct yaml_node *node, void *base);

/* Read a list of names of intervals into the guards of the playbook base. load_intervals() is done.
 */
void load_intervals_mute(struct loader *loader, const struct yaml_node *node, void *base);
void load_intervals_active(struct loader *loader, const struct yaml_node *node, void *base);

#endif
