/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result - a run ends: it is written down, and what that means for its incident is done
 * (domain/incident.h decides).
 */
#ifndef CORE_RESULT_H
#define CORE_RESULT_H

#include "base/err.h"
#include "core/run/active.h"

/* The run is over as its cursor says; active is gone. -1: the store failed. */
int result_finish(struct run_room *run, struct active *active, struct err *err);

#endif
