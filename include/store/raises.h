/*
 * raises - which levels were called for an incident, why and by whom; and which receivers know of
 * it since.
 */
#ifndef STORE_RAISES_H
#define STORE_RAISES_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/db.h"

struct raise_row {
	int64_t incident_id;
	int64_t generation;
	const char *level;
	const char *why;
	const char *by; /* playbookd, or who asked for it */
	int64_t at;
};

typedef void (*raise_fn)(const struct raise_row *row, void *arg);
typedef void (*told_fn)(const char *receiver, void *arg);

/* Add row, unless that level was called in that generation already: *ret_added says so. */
int raises_add(struct db *db, const struct raise_row *row, bool *ret_added, struct err *err);
/* Those of one incident, oldest first. */
int raises_of(struct db *db, int64_t incident_id, raise_fn fn, void *arg, struct err *err);

/* The receiver knows of the incident from now on. */
int told_add(struct db *db, const struct raise_row *of, const char *receiver, struct err *err);
/* Who knows of it, in the order in which they were told. */
int told_of(struct db *db, int64_t incident_id, int64_t generation, told_fn fn, void *arg,
		struct err *err);

#endif
