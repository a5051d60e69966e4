/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sieve - alerts that no playbook is asked about: heartbeats, which only have to come, and what the
 * configuration ignores. Heartbeats are looked for first.
 *
 * They begin no episode, so one that is ignored no more is new. One whose episode was open before
 * the configuration said so ends it as always; until then its repeats are counted there.
 */
#ifndef CORE_SIEVE_H
#define CORE_SIEVE_H

#include <stdbool.h>

#include "base/err.h"
#include "core/intake/intake_room.h"

/*
 * Is the alert in hand such a one? Then its decision is recorded, *ret_taken is true, and that is
 * all there is to do. What playbookd itself raises never is. -1: the store failed.
 */
int sieve_take(struct intake *in, const struct subject *subject, bool *ret_taken, struct err *err);

#endif
