/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/counters.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void counters_run(struct counters *counters, const char *playbook, enum run_status status)
{
	void *items = counters->runs;

	for (size_t i = 0; i < counters->runs_len; i++) {
		if (!strcmp(counters->runs[i].playbook, playbook)) {
			counters->runs[i].ended[status]++;
			return;
		}
	}

	struct run_counter *counter = mem_push(
			&items, counters->runs_len, &counters->runs_cap, sizeof(*counters->runs));

	counters->runs = items;
	counters->runs_len++;
	counter->playbook = xstrdup(playbook);
	counter->ended[status]++;
}

void counters_notice(struct counters *counters, const char *receiver, enum notice_status status)
{
	void *items = counters->notices;

	for (size_t i = 0; i < counters->notices_len; i++) {
		if (!strcmp(counters->notices[i].receiver, receiver)) {
			counters->notices[i].ended[status]++;
			return;
		}
	}

	struct notice_counter *counter = mem_push(&items, counters->notices_len,
			&counters->notices_cap, sizeof(*counters->notices));

	counters->notices = items;
	counters->notices_len++;
	counter->receiver = xstrdup(receiver);
	counter->ended[status]++;
}

void counters_clear(struct counters *counters)
{
	for (size_t i = 0; i < counters->runs_len; i++) {
		free(counters->runs[i].playbook);
	}
	free(counters->runs);
	for (size_t i = 0; i < counters->notices_len; i++) {
		free(counters->notices[i].receiver);
	}
	free(counters->notices);
	*counters = (struct counters){ 0 };
}
