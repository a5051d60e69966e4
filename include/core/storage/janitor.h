/*
 * janitor - what is older than --data.retention goes, a few rows a turn, with the folders of its
 * runs. What is open stays.
 */
#ifndef CORE_JANITOR_H
#define CORE_JANITOR_H

#include <stdint.h>

#include "base/err.h"

struct core;

struct janitor {
	int64_t retention_ms; /* 0: keep everything */
	int64_t due_ms;       /* mono: the next sweep */
};

/* Sweep when it is due. Returns ms until the next sweep, or -1 for never; -2 with err when the
 * store failed. */
int64_t janitor_tick(struct core *core, struct err *err);

#endif
