/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery - recover every run that was running or verifying when the last core ended.
 *
 * The store and the attempt's folder say what to do (docs/architecture.md):
 *
 *	store       folder                  then
 *	starting    no lock, no status      it never ran: the next attempt is started
 *	running     no lock, no status      interrupted
 *	either      lock held               adopt: watch it
 *	either      status "not_started"    the next attempt is started
 *	either      any other status        take it in (C5)
 *	waiting     -                       wait for what is left of it, or probe again
 *	ended       -                       it was the pause before a retry: the next attempt
 *	no such run any                     page a level (core/run/unknown_runs)
 *
 * A run that waits for approval is not running: its question is bound to the configuration in
 * force, or ends (core/run/answers).
 */
#ifndef CORE_RECOVERY_H
#define CORE_RECOVERY_H

#include "base/err.h"
#include "core/run/run_room.h"

/* Call once, with the configuration loaded and before anything is taken in. */
int recovery_run(struct run_room *run, struct err *err);

#endif
