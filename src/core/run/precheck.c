/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/precheck.h"

#include <stdio.h>

#include "wire/ending.h"

enum run_event precheck_event(const struct run_room *run, const struct active *active,
		const struct attempt_status *status, enum run_event event, char *detail,
		size_t detail_size)
{
	const struct attempt_id id = active_attempt(active);
	struct attempt_output kept = { 0 };
	char line[ENDING_LINE_MAX] = "";
	struct err err;

	if (!active->playbook || active_step(active)->phase != PHASE_PRECHECK ||
			status->result != ATTEMPT_EXITED || status->exit_code == 0) {
		return event;
	}
	if (run->ground->ports->attempt_output_read(
			    run->ground->storage_fd, &id, status->output_bytes, &kept, &err) == 0) {
		ending_last_line(&kept, line);
	}
	buf_clear(&kept.head);
	buf_clear(&kept.tail);
	if (status->exit_code == PRECHECK_DECLINED) {
		snprintf(detail, detail_size, "%s", line);
		return RUN_EV_DECLINED;
	}
	snprintf(detail, detail_size, "exit status %d%s%s", status->exit_code, *line ? ": " : "",
			line);
	return event;
}
