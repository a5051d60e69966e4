/* SPDX-License-Identifier: Apache-2.0 */
/*
 * precheck - a precheck's exit status and its last line of output say something about the run.
 */
#ifndef CORE_PRECHECK_H
#define CORE_PRECHECK_H

#include <stddef.h>

#include "core/run/active.h"
#include "wire/attempt.h"

#define PRECHECK_DECLINED 75 /* EX_TEMPFAIL: the run is not wanted now */

/*
 * When the attempt in hand is a precheck's that exited with another status than 0, add its last
 * line to detail, which has detail_size bytes. Returns the event: RUN_EV_DECLINED (detail is the
 * line alone then), else event as it is. Must be called before its output is forgotten.
 */
enum run_event precheck_event(const struct run_room *run, const struct active *active,
		const struct attempt_status *status, enum run_event event, char *detail,
		size_t detail_size);

#endif
