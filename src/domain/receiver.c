/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/receiver.h"

#include <string.h>

const char *const endpoint_kind_names[ENDPOINT_KINDS] = {
	[ENDPOINT_WEBHOOK] = "webhook",
	[ENDPOINT_EMAIL] = "email",
};

const struct endpoint *receiver_endpoint(const struct receiver *receiver, const char *name)
{
	for (size_t i = 0; i < receiver->endpoints_len; i++) {
		if (strcmp(receiver->endpoints[i].name, name) == 0) {
			return &receiver->endpoints[i];
		}
	}
	return NULL;
}
