/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correlation - incidents that fire together page a level together: once, with one message for
 * all of them.
 */
#ifndef CORE_CORRELATION_H
#define CORE_CORRELATION_H

#include "base/err.h"
#include "core/escalate/evaluation.h"

/*
 * Ask every rule, the lowest level first; each incident of one that holds is raised to its level,
 * unless that was paged for it already. -1: the store failed.
 */
int correlation_apply(struct evaluation *evaluation, struct err *err);

#endif
