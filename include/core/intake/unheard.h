/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unheard - an alert that fires and has no incident, because no playbook matched it while
 * `unmatched: ignore` was in force.
 *
 * That is true only as long as the configuration says so: when it is delivered again and a playbook
 * matches it now, or unmatched alerts are not ignored any more, it is considered as a new one.
 */
#ifndef CORE_UNHEARD_H
#define CORE_UNHEARD_H

#include <stdbool.h>

#include "base/err.h"
#include "core/intake/consider.h"
#include "core/intake/intake_room.h"

/* Does an alert with these matches get an incident? */
bool unheard_no_more(const struct intake *in, const struct consider_matches *matches);

/*
 * The open episode of subject, which has no incident, is delivered again. -1: the store
 * failed.
 */
int unheard_take(struct intake *in, struct subject *subject, struct err *err);

#endif
