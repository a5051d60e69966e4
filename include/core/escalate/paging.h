/*
 * calls - a level is called, or those who know of an incident hear how it goes on: who, once, and
 * with what key.
 */
#ifndef CORE_PAGING_H
#define CORE_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/escalate/evaluation.h"
#include "domain/notification_text.h"

#define CALLS_KEY_MAX 96
#define CALLS_BY      "playbookd" /* who calls, when nobody asked for it */

/* One level, why, and who wants it. */
struct call {
	const struct escalation_level *level;
	const char *why;
	const char *by;
};

/*
 * Write down that the level is called for the incident of row, and who knows of it from now on; row
 * is as it is then. *ret_new: it was not called in this generation before. Nobody is told yet.
 */
int calls_note(struct round *round, struct escalation_row *row, const struct call *call,
		bool *ret_new, struct err *err);
/* "incident/7/1/level/L2", or "incident/7/1/initial"; key has CALLS_KEY_MAX. what may be NULL. */
void calls_key(const struct escalation_row *row, enum template_kind kind, const char *what,
		char *key);

/* The same, and tell the level's receivers when it is new. */
int calls_level(struct round *round, struct escalation_row *row, const struct call *call,
		enum template_kind kind, struct err *err);
/* Tell whoever knows of the incident; what makes the key another one than the last. */
int calls_known(struct round *round, const struct escalation_row *row, enum template_kind kind,
		const char *what, struct err *err);

#endif
