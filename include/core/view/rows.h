/*
 * api_rows - how each noun looks in an answer: rows of the store as members of JSON objects.
 *
 * Field names are camelCase, times RFC 3339 UTC with milliseconds or null, ids numbers.
 */
#ifndef CORE_ROWS_H
#define CORE_ROWS_H

#include "base/jsonw.h"
#include "domain/playbook.h"
#include "store/checklist.h"
#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/follow_ups.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/runs.h"
#include "store/steps.h"
#include "store/timeline.h"

struct core;

/* The members only; the caller opens and closes the object and may add to it. */
void api_write_incident(struct jsonw *w, const struct incident_row *row);
void api_write_run(struct jsonw *w, const struct run_row *row);
void api_write_delivery(struct jsonw *w, const struct delivery_row *row);

/* Whole objects. */
void api_write_episode(struct jsonw *w, const struct episode_row *row);
void api_write_timeline(struct jsonw *w, const struct timeline_row *row);
void api_write_follow_up(struct jsonw *w, const struct follow_up_row *row);
void api_write_run_short(struct jsonw *w, const struct run_row *row);
void api_write_step(struct jsonw *w, const struct step_row *row);
void api_write_notice(struct jsonw *w, const struct notice_row *row);
void api_write_decision(struct jsonw *w, const struct decision_row *row);
void api_write_playbook(struct jsonw *w, const struct playbook *playbook);
/* All items, as member `checklist`: rows by item; at 0: not done. */
void api_write_checklist(struct jsonw *w, const struct checklist_row rows[CHECKLIST_ITEMS]);
void api_write_status(struct jsonw *w, const struct core *core);

#endif
