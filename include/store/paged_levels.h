/*
 * raises - which levels were called for an incident, why and by whom; and which receivers know of
 * it since.
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

/* Add row, unless that level was called in that generation already: *ret_added says so. */
int paged_levels_add(
		struct db *db, const struct paged_level_row *row, bool *ret_added, struct err *err);
/* Those of one incident, oldest first. */
int paged_levels_of(
		struct db *db, int64_t incident_id, paged_level_fn fn, void *arg, struct err *err);

/* The receiver knows of the incident from now on. */
int notified_add(struct db *db, const struct paged_level_row *of, const char *receiver,
		struct err *err);
/* Who knows of it, in the order in which they were told. */
int notified_of(struct db *db, int64_t incident_id, int64_t times_opened, notified_fn fn, void *arg,
		struct err *err);

#endif
