/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paging - pages a level, or sends an update to all who were notified of an incident: whom, once,
 * and with which key.
 */
#ifndef CORE_PAGING_H
#define CORE_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/escalate/evaluation.h"
#include "domain/notification_text.h"

#define PAGING_KEY_MAX 96
#define PAGING_BY      "playbookd" /* who pages, when no operator does */

/* One level, why, and who asks for it. */
struct paging {
	const struct escalation_level *level;
	const char *why;
	const char *by;
};

/*
 * Write down that the level is paged for the incident of row, and who is notified from now on; row
 * is as it is then. *ret_new: it was not paged since the incident was opened (again). Nothing is
 * sent yet. All return -1 when the store failed.
 */
int paging_note(struct evaluation *evaluation, struct escalation_row *row,
		const struct paging *paging, bool *ret_new, struct err *err);
/* "incident/7/1/level/L2", or "incident/7/1/initial"; key has PAGING_KEY_MAX. what may be NULL. */
void paging_key(const struct escalation_row *row, enum template_kind kind, const char *what,
		char *key);

/* The same, and notify the level's receivers when it is new. */
int paging_level(struct evaluation *evaluation, struct escalation_row *row,
		const struct paging *paging, enum template_kind kind, struct err *err);
/* Notify whoever was notified before; what makes the key another one than the last. */
int paging_known(struct evaluation *evaluation, const struct escalation_row *row,
		enum template_kind kind, const char *what, struct err *err);
/*
 * There is something new that is not for the promised time: an update that says why. Whoever was
 * notified before is; when nobody was, the receivers of the incident's level. Nobody is paged.
 */
int paging_news(struct evaluation *evaluation, const struct escalation_row *row, const char *what,
		const char *why, struct err *err);

#endif
