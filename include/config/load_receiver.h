/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_receiver - the `receivers` section: who is notified, in Alertmanager's words.
 */
#ifndef CONFIG_LOAD_RECEIVER_H
#define CONFIG_LOAD_RECEIVER_H

#include "config/spec.h"
#include "domain/receiver.h"

/* The keys of http_config, of a struct endpoint: how a request is made. */
extern const struct spec load_receiver_http_keys[];

/* Read the list `receivers` into loader->config. base is not used. */
void load_receivers(struct loader *loader, const struct yaml_node *node, void *base);

/* For whoever else has http_config: what its keys may not say together. */
void load_receiver_http_check(struct loader *loader, const struct yaml_node *node);
/* The files that node names for endpoint are found from the main file's folder, and noted, so that
 * secrets_read() reads them. */
void load_receiver_files(
		struct loader *loader, const struct yaml_node *node, struct endpoint *endpoint);

#endif
