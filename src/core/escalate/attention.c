#include "core/escalate/attention.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/escalate/escalator.h"
#include "store/incidents.h"
#include "store/timeline.h"

int attention_say(struct core *core, const struct attention *attention, struct err *err)
{
	const char *why = attention->why;
	int64_t id = attention->incident_id;
	const struct timeline_row row = {
		.incident_id = id,
		.at = clock_wall_ms(),
		.kind = TIMELINE_ATTENTION,
		.text = why,
		.run_id = attention->run_id,
	};

	log_warn("incident needs a person", LOG_INT("incident", id), LOG_STR("why", why));
	if (timeline_add(core->db, &row, err) < 0 ||
			incidents_attention(core->db, id, why, err) < 0) {
		return -1;
	}
	return attention->failed ? escalator_failed(core, id, why, err)
				 : escalator_needed(core, id, err);
}

int attention_call(struct core *core, int64_t incident_id, const char *why, struct err *err)
{
	const struct attention attention = { .incident_id = incident_id, .why = why };

	return attention_say(core, &attention, err);
}
