#include "core/api/command/escalation_command.h"

#include <inttypes.h>

#include "core/core.h"
#include "core/escalate/paging.h"
#include "domain/incident.h"
#include "store/escalations.h"
#include "store/incidents.h"
#include "store/paged_levels.h"

static void write_raise(const struct paged_level_row *row, void *arg)
{
	struct jsonw *w = arg;

	jsonw_object(w, NULL);
	jsonw_str(w, "level", row->level);
	jsonw_time(w, "at", row->at);
	jsonw_str(w, "by", row->by);
	jsonw_str(w, "reason", row->why);
	jsonw_close(w);
}

/* What is known of one incident's chain. */
struct chain {
	uint8_t paged_level;
	int64_t next_at;
	int64_t update_at;
};

/* What was stopped is taken out of the store only when it would be due. */
static void read_chain(const struct escalation_row *row, void *arg)
{
	bool open = row->status == INCIDENT_FIRING || row->status == INCIDENT_MITIGATED;
	bool needed = row->status == INCIDENT_FIRING || (open && row->attention);

	*(struct chain *)arg = (struct chain){
		.paged_level = row->paged_level,
		.next_at = needed && !row->acknowledged ? row->chain.due_at : 0,
		.update_at = open ? row->update.due_at : 0,
	};
}

int escalate_write(struct reply *reply, int64_t incident_id, struct err *err)
{
	struct chain chain = { 0 };
	struct jsonw *w = &reply->w;

	jsonw_array(w, "escalations");
	if (paged_levels_of(reply->core->db, incident_id, write_raise, w, err) < 0 ||
			escalations_get(reply->core->db, incident_id, read_chain, &chain, err) <
					0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_time(w, "nextEscalationAt", chain.next_at);
	jsonw_time(w, "nextUpdateAt", chain.update_at);
	return 0;
}

/* The level that is asked for: the one named, else the next. NULL after a problem. */
static const struct escalation_level *level_of(
		struct reply *reply, const struct escalation *policy, uint8_t called)
{
	const char *name = reply_arg(reply, "level");
	uint8_t wanted = escalation_level_parse(name);
	const struct escalation_level *level =
			wanted ? escalation_at(policy, wanted) : escalation_above(policy, called);

	if (wanted && level->level != wanted) {
		err_set(&reply->problem, ERR_INPUT,
				"level: %s is not among the levels of escalation", name);
		return NULL;
	}
	if (!level) {
		err_set(&reply->problem, ERR_CONFLICT, "%s was called: there is no level above",
				escalation_level_name(called));
		return NULL;
	}
	if (level->level <= called) {
		err_set(&reply->problem, ERR_CONFLICT,
				"%s was called already: a level is never lowered, and none is "
				"called "
				"twice",
				escalation_level_name(called));
		return NULL;
	}
	return level;
}

struct subject {
	uint8_t status;
	uint8_t level;
};

static void read_subject(const struct incident_row *row, void *arg)
{
	*(struct subject *)arg =
			(struct subject){ row->status, escalation_level_parse(row->level) };
}

static int check_open(struct reply *reply, const struct subject *subject, int64_t incident_id)
{
	const struct escalation *policy = &core_config(reply->core)->escalation;

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

static int answer(
		struct reply *reply, int64_t incident_id, const struct call *call, struct err *err)
{
	jsonw_object(&reply->w, NULL);
	jsonw_int(&reply->w, "incidentId", incident_id);
	jsonw_str(&reply->w, "level", escalation_level_name(call->level->level));
	if (escalate_write(reply, incident_id, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}

int escalate(struct reply *reply, struct err *err)
{
	struct core *core = reply->core;
	int64_t id = (int64_t)reply->query->ids[0];
	struct subject subject;
	struct chain chain = { 0 };
	struct call call = { .why = reply_arg(reply, "reason"), .by = reply->query->principal };
	int rc = incidents_get(core->db, id, read_subject, &subject, err);

	if (rc != 1) {
		return reply_found(reply, rc, "incident", reply->query->ids[0]);
	}
	if (check_open(reply, &subject, id) < 0) {
		return 0;
	}
	if (escalations_get(core->db, id, read_chain, &chain, err) < 0) {
		return -1;
	}
	/* Nobody was called yet, and a person does not want to wait: its own level is the next. */
	call.level = level_of(reply, &core_config(core)->escalation,
			chain.paged_level        ? chain.paged_level
			: subject.level > 0 ? (uint8_t)(subject.level - 1)
					    : 0);
	if (!call.level) {
		return 0;
	}
	return escalator_raise(core, id, &call, err) < 0 ? -1 : answer(reply, id, &call, err);
}
