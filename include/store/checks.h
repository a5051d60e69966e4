/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checks - what is known of the checks that are looked at in the background, and when each got
 * another status.
 */
#ifndef STORE_CHECKS_H
#define STORE_CHECKS_H

#include <stdint.h>

#include "domain/check.h"
#include "sys/db.h"

#define CHECKS_CHANGES_MAX 100 /* of one check; the older ones go */

/* Text is borrowed: valid during the callback. */
struct check_row {
	const char *name;
	const uint8_t *definition; /* DIGEST_SIZE bytes */
	uint8_t status;            /* enum check_status */
	int64_t since;
	int64_t last_at; /* 0: never */
	int64_t duration_ms;
	const char *last_error; /* NULL: it never failed */
	int64_t last_error_at;
};

/* Add it, or replace the row of that name. */
int checks_save(struct db *db, const struct check_row *row, struct err *err);
/* All rows, by name. */
int checks_each(struct db *db, void (*fn)(const struct check_row *row, void *arg), void *arg,
		struct err *err);
/* The check is no more: its row and its changes go. */
int checks_forget(struct db *db, const char *name, struct err *err);

struct check_change {
	int64_t at;
	const char *status;
	const char *reason;
};

/* It got another status; of its changes the last CHECKS_CHANGES_MAX stay. */
int checks_change(struct db *db, const char *name, const struct check_change *change,
		struct err *err);
/* The changes of one check, newest first. */
int checks_changes(struct db *db, const char *name,
		void (*fn)(const struct check_change *change, void *arg), void *arg,
		struct err *err);

#endif
