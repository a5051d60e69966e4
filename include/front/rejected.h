/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rejected - reports to the core what was refused for good, so that it is kept and an operator is
 * paged. Nobody waits for an answer, so their number is bounded here: REJECTED_PER_SECOND, and what
 * is more is only counted.
 */
#ifndef FRONT_REJECTED_H
#define FRONT_REJECTED_H

#include <stdint.h>

#include "sys/channel.h"
#include "wire/message.h"

#define REJECTED_PER_SECOND 20

/* Zeroed: nothing was rejected yet. */
struct rejected {
	int64_t second; /* mono ms: when the present one began */
	unsigned sent;  /* in it */
	uint64_t missed;
};

/*
 * Send msg, all of it but hash and missed, with its whole body, which is cut here; core NULL: there
 * is none, and it is counted. now is the mono clock in ms.
 */
void rejected_report(struct rejected *rejected, struct channel *core, struct msg_rejected *msg,
		int64_t now);

#endif
