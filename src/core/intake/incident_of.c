/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/incident_of.h"

#include <inttypes.h>

#include "base/buf.h"
#include "core/escalate/escalator.h"
#include "core/intake/newcomers.h"
#include "core/run/wanted.h"
#include "domain/incident.h"
#include "store/incidents.h"
#include "store/timeline.h"
#include "wire/json_labels.h"

/* --- its timeline --- */

/* An alert of an incident begins to fire, or ends. */
struct alert_change {
	int64_t incident_id;
	const struct incident_facts *before; /* the incident; id 0: it was not there */
	const struct alert *alert;
	const char *end; /* of one that ends: see struct subject */
};

/* The alert in a few words: its name, and where it is. */
static int add_entry(const struct intake *in, const struct alert_change *change,
		enum timeline_kind kind, const char *before, struct err *err)
{
	auto_buf struct buf text = { 0 };
	struct timeline_row row = {
		.incident_id = change->incident_id, .at = in->now, .kind = (uint8_t)kind
	};

	buf_adds(&text, before);
	incident_title(NULL, in->config->group_by, change->alert, &text);
	buf_addf(&text, "%s%s", change->end ? ". " : "", change->end ? change->end : "");
	if (in->own && change->alert->status == ALERT_RESOLVED) {
		buf_addf(&text, ": %s", in->own->summary);
	}
	row.text = buf_text(&text);
	return timeline_add(in->ground->db, &row, err);
}

static int add_firing(const struct intake *in, const struct alert_change *change, struct err *err)
{
	static const struct {
		uint8_t kind;
		const char *text;
	} words[INCIDENT_STATUSES] = {
		[INCIDENT_FIRING] = { TIMELINE_JOINED, "another alert fires: " },
		[INCIDENT_MITIGATED] = { TIMELINE_JOINED, "another alert fires: " },
		[INCIDENT_RESOLVED] = { TIMELINE_REOPENED, "it is not over, an alert fires: " },
		[INCIDENT_CLOSED] = { TIMELINE_JOINED, "an alert fires: " },
	};
	const struct incident_facts *before = change->before;

	if (!before->id) {
		return add_entry(in, change, TIMELINE_OPENED, "an alert fires: ", err);
	}
	return add_entry(in, change, words[before->status].kind, words[before->status].text, err);
}

static int add_ended(const struct intake *in, const struct alert_change *change, struct err *err)
{
	const struct incident_facts *before = change->before;

	if (before->status <= INCIDENT_MITIGATED && before->firing <= 1) {
		return add_entry(in, change, TIMELINE_RESOLVED, "its last alert ended: ", err);
	}
	return add_entry(in, change, TIMELINE_LEFT, "an alert ended: ", err);
}

/* --- the incident --- */

/* It is as severe as the worst alert that it has had, or as an operator says. */
static int raise_severity(struct intake *in, const struct subject *subject, struct err *err)
{
	const char *severity = labels_value(&subject->alert->labels, "severity");

	return *severity ? incidents_severity(in->ground->db, subject->incident.id, severity, err)
			 : 0;
}

static int open_incident(struct intake *in, struct subject *subject,
		const struct playbook *playbook, const uint8_t group_hash[DIGEST_SIZE],
		struct err *err)
{
	const struct alert *alert = subject->alert;
	auto_buf struct buf title = { 0 };
	uint8_t level = !playbook && in->own && in->own->level
					? in->own->level
					: escalation_opening_level(
							  &in->config->escalation, playbook);
	struct incident_row row = {
		.level = escalation_level_name(level),
		.severity = labels_value(&alert->labels, "severity"),
		.service = labels_value(&alert->labels, "service"),
		.alertname = subject->alertname,
		.playbook = playbook ? playbook->name : NULL,
		.labels = json_labels_text(in->arena, &alert->labels),
		.annotations = json_labels_text(in->arena, &alert->annotations),
		.group_hash = group_hash,
		.opened_at = in->now,
	};

	incident_title(playbook, in->config->group_by, alert, &title);
	row.title = buf_text(&title);
	subject->incident = (struct incident_facts){
		.status = INCIDENT_FIRING, .times_opened = 1, .level = level
	};
	return incidents_add(in->ground->db, &row, &subject->incident.id, err);
}

/* The incident takes the alert in; what that makes of it is in subject->incident. */
static int take_in(struct intake *in, struct subject *subject, bool is_new, struct err *err)
{
	struct incident_facts *incident = &subject->incident;
	bool fires = is_new || incident->status == INCIDENT_RESOLVED;

	if (incident->status == INCIDENT_MITIGATED) {
		return incidents_count(in->ground->db, incident->id, 1, err);
	}
	if (incidents_move(in->ground->db, incident, INCIDENT_FIRE, 1, in->now, err) < 0) {
		return -1;
	}
	if (incident->status == INCIDENT_RESOLVED) {
		incident->times_opened++;
	}
	incident->status = INCIDENT_FIRING;
	return fires ? escalator_fires(in->room->escalate, incident, err) : 0;
}

int incident_of_join(struct intake *in, struct subject *subject, const struct playbook *playbook,
		struct err *err)
{
	struct db *db = in->ground->db;
	uint8_t group_hash[DIGEST_SIZE];
	struct incident_facts *incident = &subject->incident;
	struct incident_facts before;

	if (in->own && !(playbook && playbook->group_by)) {
		incident_group_of_all(playbook, &subject->alert->labels, group_hash);
	} else {
		incident_group(playbook, in->config->group_by, &subject->alert->labels, group_hash);
	}
	if (incidents_of_group(db, group_hash, in->now - in->config->reopen_within_ms, incident,
			    err) < 0) {
		return -1;
	}
	before = *incident;
	if (!incident->id && open_incident(in, subject, playbook, group_hash, err) < 0) {
		return -1;
	}

	const struct alert_change change = { incident->id, &before, subject->alert, NULL };

	if (add_firing(in, &change, err) < 0 || take_in(in, subject, !before.id, err) < 0) {
		return -1;
	}
	if (!before.id) {
		return 0;
	}
	return newcomers_add(in, subject, err) < 0 ? -1 : raise_severity(in, subject, err);
}

int incident_of_fire_again(struct intake *in, struct subject *subject, struct err *err)
{
	struct incident_facts *incident = &subject->incident;
	const struct alert_change change = { incident->id, incident, subject->alert };

	if (incidents_move(in->ground->db, incident, INCIDENT_FIRE, 0, in->now, err) < 0 ||
			add_entry(in, &change, TIMELINE_FIRED, "it is not over: ", err) < 0) {
		return -1;
	}
	incident->status = INCIDENT_FIRING;
	return escalator_fires(in->room->escalate, incident, err);
}

/* What waits for something that is over is canceled; a dry run cancels nothing. */
static int cancel_waiting(struct intake *in, int64_t incident_id, struct err *err)
{
	return in->msg->dry_run ? 0 : wanted_after_end(in->room->run, incident_id, err);
}

int incident_of_end(struct intake *in, const struct subject *subject, int64_t incident_id,
		struct err *err)
{
	struct db *db = in->ground->db;
	struct incident_facts incident;
	const struct alert_change change = { incident_id, &incident, subject->alert, subject->end };

	if (incidents_facts(db, incident_id, &incident, err) < 0) {
		return -1;
	}
	if (!incident.id) {
		return 0;
	}
	if (add_ended(in, &change, err) < 0) {
		return -1;
	}
	if (incident.firing > 1) {
		return incidents_count(db, incident.id, -1, err) < 0
				       ? -1
				       : cancel_waiting(in, incident.id, err);
	}
	if (incidents_move(db, &incident, INCIDENT_RESOLVE, -1, in->now, err) < 0 ||
			cancel_waiting(in, incident.id, err) < 0) {
		return -1;
	}
	return escalator_over(in->room->escalate, incident.id, err);
}

int incident_of_end_untold(struct intake *in, const struct subject *subject, int64_t incident_id,
		int64_t ended_at, struct err *err)
{
	struct db *db = in->ground->db;
	struct incident_facts incident;
	const struct alert_change change = { incident_id, &incident, subject->alert };
	bool over;

	if (incidents_facts(db, incident_id, &incident, err) < 0) {
		return -1;
	}
	over = incident.status <= INCIDENT_MITIGATED && incident.firing <= 1;
	if (!incident.id || add_entry(in, &change, over ? TIMELINE_RESOLVED : TIMELINE_LEFT,
					    "its end was never delivered, and it fires anew: ",
					    err) < 0) {
		return incident.id ? -1 : 0;
	}
	if (over && incidents_move(db, &incident, INCIDENT_RESOLVE, -1, ended_at, err) < 0) {
		return -1;
	}
	if (!over && incidents_count(db, incident.id, -1, err) < 0) {
		return -1;
	}
	return cancel_waiting(in, incident.id, err);
}

int incident_of_repeat(struct intake *in, const struct subject *subject, int64_t incident_id,
		struct err *err)
{
	const struct incident_row row = {
		.id = incident_id,
		.labels = json_labels_text(in->arena, &subject->alert->labels),
		.annotations = subject->annotations,
	};

	return incidents_annotations(in->ground->db, &row, err);
}
