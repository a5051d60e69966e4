/* SPDX-License-Identifier: Apache-2.0 */
/*
 * janitor - what is older than --data.retention goes, a few rows a turn, with the folders of its
 * runs. What is open stays; so does a run whose folder cannot be removed, which is logged and tried
 * again at the next sweep.
 */
#ifndef CORE_JANITOR_H
#define CORE_JANITOR_H

#include "base/err.h"
#include "core/state/deadline.h"
#include "core/storage/storage_room.h"

/* Sweep when it is due. -1: the store failed. */
int janitor_tick(struct storage_room *storage, struct deadline *next, struct err *err);
void janitor_clear(struct storage_room *storage);

#endif
