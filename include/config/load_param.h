/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_param - the `params` of a playbook.
 *
 *	service:   { from: labels.service, pattern: "argus|hermes", default: argus }
 *	directory: { value: /var/log }
 *
 * A constant without a pattern gets the one that matches nothing but itself, so that whoever asks
 * param_check() need not know about constants. Its value stands in param->fallback.
 */
#ifndef CONFIG_LOAD_PARAM_H
#define CONFIG_LOAD_PARAM_H

#include "config/spec.h"

/* Read `params` into base, a struct playbook, which is loader->playbook. */
void load_params(struct loader *loader, const struct yaml_node *node, void *base);

#endif
