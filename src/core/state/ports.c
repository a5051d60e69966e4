/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/ports.h"

#include "base/clock.h"

const struct ports ports_real = {
	.wall_ms = clock_wall_ms,
	.mono_ms = clock_mono_ms,
	.send = channel_send,
	.flush = channel_flush,
	.attempt_look = attempt_look,
	.attempt_output_read = attempt_output_read,
	.attempt_forget_output = attempt_forget_output,
};
