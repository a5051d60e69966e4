/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/deadline.h"

void deadline_by(struct deadline *deadline, int64_t mono_ms)
{
	if (mono_ms < deadline->mono_ms) {
		deadline->mono_ms = mono_ms;
	}
}

int64_t deadline_wait(const struct deadline *deadline, int64_t now)
{
	if (deadline->mono_ms == DEADLINE_NEVER) {
		return -1;
	}
	return deadline->mono_ms > now ? deadline->mono_ms - now : 0;
}
