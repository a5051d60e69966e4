/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue - the queued runs, oldest first: which of them starts now?
 *
 * A run waits while another run of its playbook and target is under way (its reason names that
 * run; no guard is needed for it, and `force` does not override it), playbookd is paused, its
 * playbook is muted, another run holds its lock, as many of its playbook go on as may,
 * max_concurrent_runs go on, or the disk is full. run->queue_waits says that one may start;
 * queue_start() sets it itself when it finds that a pause has ended.
 *
 * A run whose alerts have ended does not start: it ends as canceled (core/run/wanted.h).
 */
#ifndef CORE_QUEUE_H
#define CORE_QUEUE_H

#include "base/err.h"
#include "core/run/run_room.h"

/* Start queued runs while there is room. -1: the store failed. */
int queue_start(struct run_room *run, struct err *err);

#endif
