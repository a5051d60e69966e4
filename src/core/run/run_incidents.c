/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/run_incidents.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/run_episodes.h"

void run_incidents_on_id(int64_t id, void *arg)
{
	struct run_incidents *incidents = arg;
	void *items = incidents->items;
	int64_t *slot = mem_push(&items, incidents->len, &incidents->cap, sizeof(*slot));

	*slot = id;
	incidents->items = items;
	incidents->len++;
}

int run_incidents_list(struct db *db, int64_t run_id, int64_t own, struct run_incidents *ret,
		struct err *err)
{
	if (own) {
		run_incidents_on_id(own, ret);
	}
	return run_episodes_incidents(db, run_id, run_incidents_on_id, ret, err);
}

void run_incidents_clear(struct run_incidents *incidents)
{
	free(incidents->items);
}
