/*
 * correlation - incidents that fire together call a level together: once, with one message for all
 * of them.
 */
#ifndef CORE_CORRELATION_H
#define CORE_CORRELATION_H

#include "base/err.h"
#include "core/escalate/evaluation.h"

/*
 * Ask every rule, the lowest level first; each incident of one that holds is raised to its level,
 * unless that was called for it already.
 */
int correlation_apply(struct round *round, struct err *err);

#endif
