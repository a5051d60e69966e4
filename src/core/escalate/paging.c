/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escalate/paging.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/strv.h"
#include "core/notify/compose.h"
#include "store/incidents.h"
#include "store/paged_levels.h"
#include "store/timeline.h"

/* It was not paged before: counted, logged, and in the timeline. */
static int record(struct evaluation *evaluation, const struct escalation_row *row,
		const struct paging *paging, struct err *err)
{
	const char *level = escalation_level_name(paging->level->level);
	auto_free char *text = xasprintf("%s was paged: %s", level, paging->why);
	const struct timeline_row entry = {
		.incident_id = row->incident_id,
		.at = evaluation->now,
		.kind = TIMELINE_PAGED,
		.who = strcmp(paging->by, PAGING_BY) == 0 ? NULL : paging->by,
		.text = text,
	};

	evaluation->escalate->ground->counters.pages[paging->level->level - 1]++;
	log_warn("page", LOG_INT("incident", row->incident_id), LOG_STR("level", level),
			LOG_STR("reason", paging->why), LOG_STR("by", paging->by));
	return timeline_add(evaluation->escalate->ground->db, &entry, err);
}

int paging_note(struct evaluation *evaluation, struct escalation_row *row,
		const struct paging *paging, bool *ret_new, struct err *err)
{
	struct db *db = evaluation->escalate->ground->db;
	uint8_t level = paging->level->level;
	const struct paged_level_row raise = {
		.incident_id = row->incident_id,
		.times_opened = row->times_opened,
		.level = escalation_level_name(level),
		.why = paging->why,
		.by = paging->by,
		.at = evaluation->now,
	};

	if (paged_levels_add(db, &raise, ret_new, err) < 0 ||
			incidents_raise(db, row->incident_id, raise.level, err) < 0) {
		return -1;
	}
	for (const char *const *name = paging->level->receivers; *name; name++) {
		if (notified_add(db, &raise, *name, err) < 0) {
			return -1;
		}
	}
	row->paged_level = level > row->paged_level ? level : row->paged_level;
	row->level = level > row->level ? level : row->level;
	evaluation->escalate->correlate = true;
	return *ret_new ? record(evaluation, row, paging, err) : 0;
}

void paging_key(const struct escalation_row *row, enum template_kind kind, const char *what,
		char *key)
{
	snprintf(key, PAGING_KEY_MAX, "incident/%" PRId64 "/%" PRId64 "/%s%s%.32s",
			row->incident_id, row->times_opened,
			kind == TEMPLATE_ESCALATION ? "level" : template_kind_names[kind],
			what ? "/" : "", what ? what : "");
}

/* Of the one incident, and of what is affected with it. */
static int notify(struct evaluation *evaluation, const struct escalation_row *row,
		struct composition *composition, const char *const *receivers, struct err *err)
{
	composition->incidents = &row->incident_id;
	composition->incidents_len = 1;
	composition->now = evaluation->now;
	composition->next_update = row->update.due_at;
	return evaluation_group(evaluation, row->incident_id, &composition->affected,
			       &composition->affected_len, err) < 0
			       ? -1
			       : compose_notify(evaluation->escalate->notify, composition,
						 receivers, err);
}

int paging_level(struct evaluation *evaluation, struct escalation_row *row,
		const struct paging *paging, enum template_kind kind, struct err *err)
{
	const char *level = escalation_level_name(paging->level->level);
	char key[PAGING_KEY_MAX];
	struct composition composition = {
		.template_kind = kind, .key = key, .reason = paging->why
	};
	bool is_new;

	if (paging_note(evaluation, row, paging, &is_new, err) < 0) {
		return -1;
	}
	paging_key(row, kind, kind == TEMPLATE_ESCALATION ? level : NULL, key);
	return is_new ? notify(evaluation, row, &composition, paging->level->receivers, err) : 0;
}

static void on_name(const char *receiver, void *arg)
{
	strv_add(arg, receiver);
}

/* *ret_known: how many were notified before. */
static int notify_known(struct evaluation *evaluation, const struct escalation_row *row,
		struct composition *composition, size_t *ret_known, struct err *err)
{
	struct strv names = { 0 };
	int rc = notified_of(evaluation->escalate->ground->db, row->incident_id, row->times_opened,
			on_name, &names, err);

	*ret_known = names.len;
	if (rc == 0 && names.len) {
		rc = notify(evaluation, row, composition, (const char *const *)names.items, err);
	}
	strv_clear(&names);
	return rc;
}

int paging_known(struct evaluation *evaluation, const struct escalation_row *row,
		enum template_kind kind, const char *what, struct err *err)
{
	char key[PAGING_KEY_MAX];
	struct composition composition = { .template_kind = kind, .key = key };
	size_t known;

	paging_key(row, kind, what, key);
	return notify_known(evaluation, row, &composition, &known, err);
}

/* Nobody knows of it yet: those do from now on who would have been the first. */
static int notify_first(struct evaluation *evaluation, const struct escalation_row *row,
		struct composition *composition, struct err *err)
{
	const struct escalation_level *level = escalation_at(evaluation->policy, row->level);
	const struct paged_level_row known = { .incident_id = row->incident_id,
		.times_opened = row->times_opened,
		.at = evaluation->now };

	for (const char *const *name = level ? level->receivers : NULL; name && *name; name++) {
		if (notified_add(evaluation->escalate->ground->db, &known, *name, err) < 0) {
			return -1;
		}
	}
	return level ? notify(evaluation, row, composition, level->receivers, err) : 0;
}

int paging_news(struct evaluation *evaluation, const struct escalation_row *row, const char *what,
		const char *why, struct err *err)
{
	char key[PAGING_KEY_MAX];
	struct composition composition = {
		.template_kind = TEMPLATE_UPDATE, .key = key, .reason = why, .is_news = true
	};
	size_t known;

	paging_key(row, TEMPLATE_UPDATE, what, key);
	if (notify_known(evaluation, row, &composition, &known, err) < 0) {
		return -1;
	}
	return known ? 0 : notify_first(evaluation, row, &composition, err);
}
