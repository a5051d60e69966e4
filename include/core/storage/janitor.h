/*
 * janitor - what is older than --data.retention goes, a few rows a turn, with the folders of its
 * runs. What is open stays.
 */
#ifndef CORE_JANITOR_H
#define CORE_JANITOR_H

#include "base/err.h"
#include "core/state/deadline.h"
#include "core/storage/storage_room.h"

/* Sweep when it is due. -1: the store failed. */
int janitor_tick(struct storage_room *storage, struct deadline *next, struct err *err);

#endif
