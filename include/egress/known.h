/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - whom egress may speak to: the receivers and the Alertmanagers, with their secrets, as the
 * executor last sent them.
 */
#ifndef EGRESS_KNOWN_H
#define EGRESS_KNOWN_H

#include "base/buf.h"
#include "base/mem.h"
#include "wire/message.h"

/* Zeroed is nobody. */
struct known {
	struct buf bytes; /* what all points into */
	struct arena *arena;
	struct msg_receivers all;
};

/* From now on it is these. Copies them. */
void known_set(struct known *known, const struct msg_receivers *all);
/* Secrets do not stay in memory. Empty and usable after. */
void known_clear(struct known *known);

#endif
