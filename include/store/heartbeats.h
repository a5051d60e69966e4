/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heartbeats - when each heartbeat of the configuration last came, and which are missing. As many
 * rows as the configuration has heartbeats.
 */
#ifndef STORE_HEARTBEATS_H
#define STORE_HEARTBEATS_H

#include <stdint.h>

#include "sys/db.h"

/* Wall ms. Text is borrowed: valid during the callback. */
struct heartbeat_row {
	const char *name;
	int64_t last_at;    /* 0: it never came */
	int64_t missing_at; /* since when it is missing; 0: it is not */
};

/* Write row, over the one that is there. -1: the store failed, as below. */
int heartbeats_put(struct db *db, const struct heartbeat_row *row, struct err *err);
/* All of them, by name. */
int heartbeats_each(struct db *db, void (*fn)(const struct heartbeat_row *row, void *arg),
		void *arg, struct err *err);
int heartbeats_forget(struct db *db, const char *name, struct err *err);

#endif
