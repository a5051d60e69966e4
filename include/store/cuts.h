/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuts - deliveries from which Alertmanager cut alerts, until those are fetched from it.
 */
#ifndef STORE_CUTS_H
#define STORE_CUTS_H

#include <stdint.h>

#include "sys/db.h"

struct cut_row {
	int64_t delivery_id;
	int64_t incident_id;
	int64_t at;     /* when it was delivered */
	int64_t alerts; /* how many were cut */
	const char *external_url;
	const char *receiver;
	const char *group_key;
	const char *group_labels; /* JSON */
	int64_t stated_at;        /* the incident says that they are missing; 0: not yet */
};

typedef void (*cut_fn)(const struct cut_row *row, void *arg);

int cuts_add(struct db *db, const struct cut_row *row, struct err *err);
/* The oldest first, `limit` at most. */
int cuts_each(struct db *db, int64_t limit, cut_fn fn, void *arg, struct err *err);
/* The incidents of that delivery, as rows. */
int cuts_of(struct db *db, int64_t delivery_id, cut_fn fn, void *arg, struct err *err);
/* Its incident says that they are missing. */
int cuts_stated(struct db *db, const struct cut_row *row, int64_t now, struct err *err);
/* They were fetched, or are given up. */
int cuts_done(struct db *db, int64_t delivery_id, struct err *err);

#endif
