/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/probes.h"

uint64_t probes_next_id(struct ground *ground)
{
	return ++ground->probe_id;
}

void probes_ask(struct ground *ground, uint64_t id, const struct check *check, const char *url)
{
	turn_send(&ground->turn, ground->links.egress, MSG_PROBE,
			&(struct msg_probe){ .id = id,
					.kind = check->kind,
					.url = url,
					.address = check->address,
					.status = check->status,
					.json = check->json,
					.contains = check->contains,
					.fields = check->fields,
					.fields_len = check->fields_len,
					.timeout_ms = check->timeout_ms });
}
