/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paged_levels - which levels were paged for an incident, why and by whom; and which receivers have
 * been notified of it since.
 */
#ifndef STORE_PAGED_LEVELS_H
#define STORE_PAGED_LEVELS_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/db.h"

struct paged_level_row {
	int64_t incident_id;
	int64_t times_opened;
	const char *level;
	const char *why;
	const char *by; /* playbookd, or who asked for it */
	int64_t at;
};

typedef void (*paged_level_fn)(const struct paged_level_row *row, void *arg);
typedef void (*notified_fn)(const char *receiver, void *arg);

/* Add row, unless that level was paged already since the incident was opened: *ret_added says so.
 */
int paged_levels_add(
		struct db *db, const struct paged_level_row *row, bool *ret_added, struct err *err);
/* Those of one incident, oldest first. */
int paged_levels_of(
		struct db *db, int64_t incident_id, paged_level_fn fn, void *arg, struct err *err);

/* The receiver has been notified of the incident. */
int notified_add(struct db *db, const struct paged_level_row *of, const char *receiver,
		struct err *err);
/* The receivers that have been notified of it, in that order. */
int notified_of(struct db *db, int64_t incident_id, int64_t times_opened, notified_fn fn, void *arg,
		struct err *err);

#endif
