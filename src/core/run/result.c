/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/result.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/escalate/attention.h"
#include "core/escalate/escalator.h"
#include "core/run/question.h"
#include "core/run/run_incidents.h"
#include "core/state/counters.h"
#include "domain/incident_after_run.h"
#include "store/incidents.h"
#include "store/timeline.h"

/* An entry of the incident's timeline, because of the run. */
static int add_entry(struct run_room *run, const struct active *active, int64_t incident_id,
		enum timeline_kind kind, const char *why, struct err *err)
{
	const struct timeline_row row = { .incident_id = incident_id,
		.at = run->ground->turn.wall_ms,
		.kind = (uint8_t)kind,
		.text = why,
		.run_id = active->run_id };

	return row.incident_id ? timeline_add(run->ground->db, &row, err) : 0;
}

/* It had not started, and is not needed any more: nobody has to answer its question. */
static int forget_question(struct run_room *run, const struct active *active, int64_t incident_id,
		struct err *err)
{
	const char *name = active->playbook ? active->playbook->steps[0].name : "";
	char text[RUN_REASON_MAX];

	question_attention(active->run_id, active->playbook_name, name, text);
	return incidents_attention_over(run->ground->db, incident_id, text, err);
}

static int move_incident(struct run_room *run, const struct active *active,
		const struct incident_facts *incident, const struct incident_verdict *verdict,
		struct err *err)
{
	bool fires = verdict->event == INCIDENT_FIRE;

	if (incidents_move(run->ground->db, incident, verdict->event, 0, run->ground->turn.wall_ms,
			    err) < 0 ||
			add_entry(run, active, incident->id,
					fires ? TIMELINE_FIRED : TIMELINE_MITIGATED, verdict->moved,
					err) < 0) {
		return -1;
	}
	return fires ? escalator_fires(run->escalate, incident, err) : 0;
}

/*
 * It was not needed any more, but what it was for is not all that fires: an operator may have
 * called the incident over, which canceled the runs of the others, and it was opened again.
 */
static int state_what_is_left(struct run_room *run, const struct active *active,
		int64_t incident_id, struct err *err)
{
	struct attention attention = { .incident_id = incident_id, .run_id = active->run_id };
	char why[RUN_REASON_MAX + 200];
	bool unattended;

	if (incidents_is_unattended(run->ground->db, incident_id, &unattended, err) < 0) {
		return -1;
	}
	if (!unattended) {
		return 0;
	}
	snprintf(why, sizeof(why),
			"run %" PRId64
			" (%s) was canceled: %s; other alerts of the incident fire, and nothing is under way for them",
			active->run_id, active->playbook_name, active->cursor.reason);
	attention.why = why;
	return attention_raise(run->escalate, &attention, err);
}

static int change_attention(struct run_room *run, const struct active *active, int64_t incident_id,
		const struct incident_verdict *verdict, struct err *err)
{
	const struct attention attention = {
		.incident_id = incident_id,
		.run_id = active->run_id,
		.why = verdict->why,
		.failed = verdict->failed,
	};

	switch ((enum incident_attention)verdict->attention) {
	case INCIDENT_ATTENTION_STAYS:
		return 0;
	case INCIDENT_ATTENTION_OVER:
		return incidents_attention(run->ground->db, incident_id, NULL, err);
	case INCIDENT_ATTENTION_ANSWERED:
		return forget_question(run, active, incident_id, err) < 0
				       ? -1
				       : state_what_is_left(run, active, incident_id, err);
	case INCIDENT_ATTENTION_NEEDED:
		return attention_raise(run->escalate, &attention, err);
	}
	return 0;
}

/* What the end of the run means for an incident that it was for. */
static int change_incident(struct run_room *run, const struct active *active, int64_t incident_id,
		struct err *err)
{
	struct db *db = run->ground->db;
	struct incident_facts incident;
	struct incident_verdict verdict;
	struct incident_run ended = {
		.id = active->run_id,
		.playbook_name = active->playbook_name,
		.playbook = active->playbook,
		.status = active->cursor.status,
		.reason = active->cursor.reason,
		.only_looks = active_only_looks(active),
		.started_once = active->started_once,
		.over = active->over,
	};

	if (incidents_facts(db, incident_id, &incident, err) < 0) {
		return -1;
	}
	ended.incident_status = incident.status;
	if (incident_after_run_counts(&ended) &&
			runs_unhelpful(db, incident.id, &ended.unhelpful, err) < 0) {
		return -1;
	}
	incident_after_run(&ended, &verdict);
	if (verdict.did_not_help && runs_did_not_help(db, active->run_id, err) < 0) {
		return -1;
	}
	if (verdict.moves && move_incident(run, active, &incident, &verdict, err) < 0) {
		return -1;
	}
	return change_attention(run, active, incident_id, &verdict, err);
}

static int change_incidents(struct run_room *run, const struct active *active, struct err *err)
{
	AUTO_RUN_INCIDENTS(incidents);

	if (run_incidents_list(run->ground->db, active->run_id, active->incident_id, &incidents,
			    err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < incidents.len; i++) {
		if (change_incident(run, active, incidents.items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The run is over, in the timeline of its incident. */
static int add_end(struct run_room *run, const struct active *active, struct err *err)
{
	const struct run_cursor *cursor = &active->cursor;
	auto_free char *text = xasprintf("run %" PRId64 " (%s) %s: %s", active->run_id,
			active->playbook_name, run_status_names[cursor->status], cursor->reason);

	return add_entry(run, active, active->incident_id, TIMELINE_ENDED, text, err);
}

int result_finish(struct run_room *run, struct active *active, struct err *err)
{
	const struct run_cursor *cursor = &active->cursor;
	bool as_meant = cursor->status == RUN_SUCCEEDED || (active->over && !active->started_once);

	if (active_move(run, active, err) < 0 || add_end(run, active, err) < 0 ||
			change_incidents(run, active, err) < 0) {
		return -1;
	}
	counters_run(&run->ground->counters, active->playbook_name,
			(enum run_status)cursor->status);
	log_write(as_meant ? LOG_INFO : LOG_WARN, "run finished",
			(const struct log_field[]){ LOG_INT("run", active->run_id),
					LOG_INT("incident", active->incident_id),
					LOG_STR("playbook", active->playbook_name),
					LOG_STR("status", run_status_names[cursor->status]),
					LOG_STR("reason", cursor->reason), LOG_END });
	run->queue_waits = true;
	active_remove(run, active);
	return 0;
}
