/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checklist - which items of an incident's checklist are done, by whom and when.
 */
#ifndef STORE_CHECKLISTS_H
#define STORE_CHECKLISTS_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/checklist.h"
#include "sys/db.h"

struct checklist_row {
	int64_t incident_id;
	uint8_t item; /* enum checklist_item */
	int64_t at;
	const char *who;
	const char *note; /* "": none */
};

typedef void (*checklist_fn)(const struct checklist_row *row, void *arg);

/* It is done: at, who and note of row. Said again, the first word is kept. ret_new: was it the
 * first? */
int checklists_done(struct db *db, const struct checklist_row *row, bool *ret_new, struct err *err);
/* It is not done after all. ret_was: was it? */
int checklists_undone(
		struct db *db, const struct checklist_row *row, bool *ret_was, struct err *err);
/* Those that are done. */
int checklists_of(struct db *db, int64_t incident_id, checklist_fn fn, void *arg, struct err *err);

#endif
