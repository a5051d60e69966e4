/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escalate/attention.h"

#include "base/log.h"
#include "core/escalate/escalator.h"
#include "store/incidents.h"
#include "store/timeline.h"

int attention_note(
		struct escalate_room *escalate, const struct attention *attention, struct err *err)
{
	const char *why = attention->why;
	int64_t id = attention->incident_id;
	const struct timeline_row row = {
		.incident_id = id,
		.at = escalate->ground->turn.wall_ms,
		.kind = TIMELINE_ATTENTION,
		.text = why,
		.run_id = attention->run_id,
	};

	log_warn("incident needs an operator", LOG_INT("incident", id), LOG_STR("reason", why));
	return timeline_add(escalate->ground->db, &row, err) < 0
			       ? -1
			       : incidents_attention(escalate->ground->db, id, why, err);
}

int attention_raise(
		struct escalate_room *escalate, const struct attention *attention, struct err *err)
{
	int64_t id = attention->incident_id;

	if (attention_note(escalate, attention, err) < 0) {
		return -1;
	}
	return attention->failed ? escalator_failed(escalate, id, attention->why, err)
				 : escalator_needed(escalate, id, err);
}

int attention_state(struct escalate_room *escalate, int64_t incident_id, const char *why,
		struct err *err)
{
	const struct attention attention = { .incident_id = incident_id, .why = why };

	return attention_raise(escalate, &attention, err);
}
