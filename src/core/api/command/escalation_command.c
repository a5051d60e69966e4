/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/escalation_command.h"

#include <inttypes.h>

#include "core/api/read/read_escalation.h"
#include "core/escalate/escalator.h"
#include "core/escalate/paging.h"
#include "domain/incident.h"
#include "store/escalations.h"
#include "store/incidents.h"
#include "store/paged_levels.h"

/* The level that is asked for: the one named, else the next. NULL after a problem. */
static const struct escalation_level *level_of(
		struct reply *reply, const struct escalation *policy, uint8_t paged_level)
{
	const char *name = reply_arg(reply, "level");
	uint8_t wanted = escalation_level_parse(name);
	const struct escalation_level *level = wanted ? escalation_at(policy, wanted)
						      : escalation_above(policy, paged_level);

	if (wanted && level->level != wanted) {
		err_set(&reply->problem, ERR_INPUT,
				"level: %s is not among the levels of escalation", name);
		return NULL;
	}
	if (!level) {
		err_set(&reply->problem, ERR_CONFLICT, "%s was paged: there is no level above",
				escalation_level_name(paged_level));
		return NULL;
	}
	if (level->level <= paged_level) {
		err_set(&reply->problem, ERR_CONFLICT,
				"%s was paged already: a level is never lowered, and none is paged twice",
				escalation_level_name(paged_level));
		return NULL;
	}
	return level;
}

struct asked_incident {
	uint8_t status;
	uint8_t level;
};

static void read_subject(const struct incident_row *row, void *arg)
{
	*(struct asked_incident *)arg =
			(struct asked_incident){ row->status, escalation_level_parse(row->level) };
}

static int check_open(
		struct reply *reply, const struct asked_incident *subject, int64_t incident_id)
{
	const struct escalation *policy = &configs_now(&reply->ground->configs)->escalation;

	if (!policy->levels_len) {
		return err_set(&reply->problem, ERR_CONFLICT,
				"the configuration has no levels of escalation");
	}
	if (subject->status != INCIDENT_FIRING && subject->status != INCIDENT_MITIGATED) {
		return err_set(&reply->problem, ERR_CONFLICT, "incident %" PRId64 " is %s",
				incident_id, incident_status_names[subject->status]);
	}
	return 0;
}

static int answer(struct reply *reply, int64_t incident_id, const struct paging *paging,
		struct err *err)
{
	jsonw_object(&reply->w, NULL);
	jsonw_int(&reply->w, "incidentId", incident_id);
	jsonw_str(&reply->w, "level", escalation_level_name(paging->level->level));
	if (read_escalation(reply, incident_id, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

int escalation_command(struct reply *reply, struct err *err)
{
	int64_t id = (int64_t)reply->query->ids[0];
	struct asked_incident subject;
	struct escalation_chain chain = { 0 };
	struct paging paging = { .why = reply_arg(reply, "reason"), .by = reply->query->principal };
	int rc = incidents_get(reply->ground->db, id, read_subject, &subject, err);

	if (rc != 1) {
		return reply_found(reply, rc, "incident", reply->query->ids[0]);
	}
	if (check_open(reply, &subject, id) < 0) {
		return 0;
	}
	if (escalations_get(reply->ground->db, id, read_escalation_chain, &chain, err) < 0) {
		return -1;
	}
	/* No level was paged yet, and an operator does not want to wait: its own level is next. */
	paging.level = level_of(reply, &configs_now(&reply->ground->configs)->escalation,
			chain.paged_level   ? chain.paged_level
			: subject.level > 0 ? (uint8_t)(subject.level - 1)
					    : 0);
	if (!paging.level) {
		return 0;
	}
	return escalator_raise(reply->api->escalate, id, &paging, err) < 0
			       ? -1
			       : answer(reply, id, &paging, err);
}
