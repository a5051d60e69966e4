/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut - alerts that Alertmanager cut from a delivery (max_alerts): that they are to be fetched is
 * noted with it. Who fetches them is core/upstream.
 */
#ifndef CORE_CUT_H
#define CORE_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/intake/intake_room.h"
#include "store/cuts.h"

/* Are those that were cut from the delivery in hand to be fetched? */
bool cut_wanted(const struct intake *in);
/* Note that they are, for the incident. -1: the store failed. */
int cut_note(struct intake *in, int64_t incident_id, struct err *err);

/* Why its incident needs an operator as long as they are not fetched; text has CUT_WHY_MAX. */
#define CUT_WHY_MAX 256
const char *cut_say_why(int64_t delivery_id, int64_t alerts, char *text);

#endif
