/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_matchers - a list of matchers, as `matchers` of a playbook and `when` of a step have it.
 */
#ifndef CONFIG_LOAD_MATCHERS_H
#define CONFIG_LOAD_MATCHERS_H

#include "config/spec.h"

#define MATCHERS_MAX 64

/*
 * Read the list node, of at least one, into the loader's arena. Those that are mistakes are left
 * out; what stays is freed with matcher_clear().
 */
void load_matchers(struct loader *loader, const struct yaml_node *node, struct matcher **ret_items,
		size_t *ret_len);

#endif
