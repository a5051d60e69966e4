#include "core/escalate/paging.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/strv.h"
#include "core/core.h"
#include "core/notify/compose.h"
#include "store/incidents.h"
#include "store/paged_levels.h"
#include "store/timeline.h"

/* It was not called before: counted, logged, and in the timeline. */
static int say(struct round *round, const struct escalation_row *row, const struct call *call,
		struct err *err)
{
	const char *level = escalation_level_name(call->level->level);
	auto_free char *text = xasprintf("%s was called: %s", level, call->why);
	const struct timeline_row entry = {
		.incident_id = row->incident_id,
		.at = round->now,
		.kind = TIMELINE_PAGED,
		.who = strcmp(call->by, CALLS_BY) == 0 ? NULL : call->by,
		.text = text,
	};

	round->core->counters.calls[call->level->level - 1]++;
	log_warn("people are called", LOG_INT("incident", row->incident_id),
			LOG_STR("level", level), LOG_STR("why", call->why),
			LOG_STR("by", call->by));
	return timeline_add(round->core->db, &entry, err);
}

int calls_note(struct round *round, struct escalation_row *row, const struct call *call,
		bool *ret_new, struct err *err)
{
	struct db *db = round->core->db;
	uint8_t level = call->level->level;
	const struct paged_level_row raise = {
		.incident_id = row->incident_id,
		.times_opened = row->times_opened,
		.level = escalation_level_name(level),
		.why = call->why,
		.by = call->by,
		.at = round->now,
	};

	if (paged_levels_add(db, &raise, ret_new, err) < 0 ||
			incidents_raise(db, row->incident_id, raise.level, err) < 0) {
		return -1;
	}
	for (const char *const *name = call->level->receivers; *name; name++) {
		if (notified_add(db, &raise, *name, err) < 0) {
			return -1;
		}
	}
	row->paged_level = level > row->paged_level ? level : row->paged_level;
	row->level = level > row->level ? level : row->level;
	round->core->escalator.correlate = true;
	return *ret_new ? say(round, row, call, err) : 0;
}

void calls_key(const struct escalation_row *row, enum template_kind kind, const char *what,
		char *key)
{
	snprintf(key, CALLS_KEY_MAX, "incident/%" PRId64 "/%" PRId64 "/%s%s%.32s", row->incident_id,
			row->times_opened,
			kind == TEMPLATE_ESCALATION ? "level" : template_kind_names[kind],
			what ? "/" : "", what ? what : "");
}

/* Of the one incident, and of what is affected with it. */
static int tell(struct round *round, const struct escalation_row *row, struct notice_order *order,
		const char *const *receivers, struct err *err)
{
	order->incidents = &row->incident_id;
	order->incidents_len = 1;
	order->now = round->now;
	order->next_update = row->update.due_at;
	return round_group(round, row->incident_id, &order->affected, &order->affected_len, err) < 0
			       ? -1
			       : notice_tell(round->core, order, receivers, err);
}

int calls_level(struct round *round, struct escalation_row *row, const struct call *call,
		enum template_kind kind, struct err *err)
{
	const char *level = escalation_level_name(call->level->level);
	char key[CALLS_KEY_MAX];
	struct notice_order order = { .template_kind = kind, .key = key, .reason = call->why };
	bool is_new;

	if (calls_note(round, row, call, &is_new, err) < 0) {
		return -1;
	}
	calls_key(row, kind, kind == TEMPLATE_ESCALATION ? level : NULL, key);
	return is_new ? tell(round, row, &order, call->level->receivers, err) : 0;
}

static void take_name(const char *receiver, void *arg)
{
	strv_add(arg, receiver);
}

int calls_known(struct round *round, const struct escalation_row *row, enum template_kind kind,
		const char *what, struct err *err)
{
	char key[CALLS_KEY_MAX];
	struct notice_order order = { .template_kind = kind, .key = key };
	struct strv names = { 0 };
	int rc = notified_of(
			round->core->db, row->incident_id, row->times_opened, take_name, &names, err);

	calls_key(row, kind, what, key);
	if (rc == 0 && names.len) {
		rc = tell(round, row, &order, (const char *const *)names.items, err);
	}
	strv_clear(&names);
	return rc;
}
