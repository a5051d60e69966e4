/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/intake/consider.h"
#include "core/intake/incident_of.h"
#include "domain/incident.h"
#include "domain/plan.h"
#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/incidents.h"
#include "wire/json_labels.h"

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static int add_episode(struct intake *in, struct subject *subject, struct err *err)
{
	const struct alert *alert = subject->alert;
	bool firing = alert->status == ALERT_FIRING;
	const struct episode_row row = {
		.identity = subject->identity,
		.status = firing ? "firing" : "resolved",
		.incident_id = subject->incident.id,
		.fingerprint = subject->fingerprint,
		.labels = json_labels_text(in->arena, &alert->labels),
		.annotations = json_labels_text(in->arena, &alert->annotations),
		.generator_url = alert->generator_url,
		.starts_at = alert->starts_at,
		.ends_at = firing ? 0 : plan_ends_at(alert, in->now),
		.first_seen = in->now,
		.last_seen = in->now,
		.occurrences = firing ? 1 : 0,
		.delivery_id = in->delivery_id,
	};

	return episodes_add(in->ground->db, &row, &subject->episode_id, err);
}

static int take_new(struct intake *in, struct subject *subject, struct err *err)
{
	struct consider_matches matches = consider_match(in, subject->alert);
	bool wanted = matches.len || matches.error.code != ERR_NONE ||
		      in->config->unmatched_incident;

	if (wanted && incident_of_join(in, subject, matches.len ? matches.items[0] : NULL, err) <
					0) {
		return -1;
	}
	if (add_episode(in, subject, err) < 0) {
		return -1;
	}
	return consider_all(in, subject, &matches, "", err);
}

/* An operator ended it although an alert of it fires: nothing is done about that alert any more. */
static bool is_over(const struct incident_facts *incident)
{
	return incident->status == INCIDENT_RESOLVED || incident->status == INCIDENT_CLOSED;
}

static const char *say_over(
		const struct incident_facts *incident, const char *arrival, char *text, size_t size)
{
	snprintf(text, size, "%s%sincident %" PRId64 " is %s", arrival, *arrival ? "; " : "",
			incident->id, incident_status_names[incident->status]);
	return text;
}

static int take_repeat(struct intake *in, struct subject *subject, const struct plan_episode *open,
		const char *arrival, struct err *err)
{
	struct db *db = in->ground->db;
	struct consider_matches matches = { 0 };
	char both[2 * PLAN_REASON_MAX];

	if (episodes_again(db, open->id, in->delivery_id, subject->alert->starts_at, in->now, err) <
			0) {
		return -1;
	}
	subject->episode_id = open->id;
	if (open->incident_id &&
			incidents_facts(db, open->incident_id, &subject->incident, err) < 0) {
		return -1;
	}
	if (open->incident_id && !is_over(&subject->incident)) {
		matches = consider_match(in, subject->alert);
	} else if (open->incident_id) {
		arrival = say_over(&subject->incident, arrival, both, sizeof(both));
	}
	return consider_all(in, subject, &matches, arrival, err);
}
static int take_end(struct intake *in, struct subject *subject, const struct plan_episode *open,
		const char *arrival, struct err *err)
{
	const struct verdict verdict = { DECISION_RESOLVED, arrival, NULL, open->incident_id, 0 };

	if (episodes_end(in->ground->db, open->id, in->delivery_id,
			    plan_ends_at(subject->alert, in->now), in->now, err) < 0) {
		return -1;
	}
	if (open->incident_id && incident_of_end(in, subject, open->incident_id, err) < 0) {
		return -1;
	}
	return consider_record(in, subject, &verdict, err);
}

static int take_duplicate(struct intake *in, struct subject *subject,
		const struct plan_episode *open, const struct plan_episode *known,
		const char *arrival, struct err *err)
{
	const struct verdict verdict = { DECISION_DUPLICATE, arrival, NULL, known->incident_id, 0 };

	if (open->id && subject->alert->status == ALERT_FIRING &&
			episodes_again(in->ground->db, open->id, in->delivery_id,
					subject->alert->starts_at, in->now, err) < 0) {
		return -1;
	}
	return consider_record(in, subject, &verdict, err);
}

/* An operator replays it: the known episode is used, whatever its state. */
static int take_by_hand(struct intake *in, struct subject *subject,
		const struct plan_episode *known, struct err *err)
{
	struct consider_matches matches = { 0 };
	char over[PLAN_REASON_MAX];
	const char *arrival = "";

	subject->episode_id = known->id;
	if (incidents_facts(in->ground->db, known->incident_id, &subject->incident, err) < 0) {
		return -1;
	}
	if (subject->incident.status == INCIDENT_CLOSED) {
		arrival = say_over(&subject->incident, "", over, sizeof(over));
	} else {
		matches = consider_match(in, subject->alert);
	}
	return consider_all(in, subject, &matches, arrival, err);
}

static int take_known(struct intake *in, struct subject *subject, struct err *err)
{
	char arrival[PLAN_REASON_MAX];
	struct plan_episode open;
	struct plan_episode last = { 0 };
	const struct episode_sender sender = { in->msg->delivery.external_url, in->body_hash };
	struct db *db = in->ground->db;

	if (episodes_open(db, subject->identity, &sender, &open, err) < 0) {
		return -1;
	}
	if (!open.id && episodes_last(db, subject->identity, &last, err) < 0) {
		return -1;
	}

	const struct plan_episode *known = open.id ? &open : &last;

	if (in->msg->replay_of && subject->alert->status == ALERT_FIRING && known->incident_id) {
		return take_by_hand(in, subject, known, err);
	}
	switch (plan_arrival(subject->alert, &open, &last, in->now, arrival)) {
	case ARRIVAL_NEW:
		return take_new(in, subject, err);
	case ARRIVAL_REPEAT:
		return take_repeat(in, subject, &open, arrival, err);
	case ARRIVAL_DUPLICATE:
		return take_duplicate(in, subject, &open, known, arrival, err);
	case ARRIVAL_RESOLVES:
		subject->incident.id = open.incident_id;
		return take_end(in, subject, &open, arrival, err);
	case ARRIVAL_RESOLVED_UNKNOWN:
		if (add_episode(in, subject, err) < 0) {
			return -1;
		}
		return consider_record(in, subject,
				&(struct verdict){ DECISION_RESOLVED, arrival, NULL, 0, 0 }, err);
	}
	return 0;
}

/* Alertmanager cut alerts from this delivery: nobody here will ever see them. */
static int state_truncated(struct intake *in, int64_t incident_id, struct err *err)
{
	char why[256];

	if (!in->msg->delivery.truncated || !incident_id || in->truncated_stated == incident_id) {
		return 0;
	}
	in->truncated_stated = incident_id;
	snprintf(why, sizeof(why),
			"Alertmanager cut %" PRIu64 " alerts from delivery %" PRId64
			" (max_alerts); look for them there",
			in->msg->delivery.truncated, in->delivery_id);
	return consider_attention(in, incident_id, why, err);
}

static int take_alert(struct intake *in, const struct alert *alert, struct err *err)
{
	struct subject subject = {
		.alert = alert,
		.fingerprint = alert->fingerprint,
		.alertname = labels_value(&alert->labels, "alertname"),
	};

	if (alert->broken) {
		const struct verdict verdict = { DECISION_REJECTED_ALERT, alert->broken, NULL, 0,
			0 };

		return consider_record(in, &subject, &verdict, err);
	}
	if (!in->msg->dry_run) {
		in->ground->counters.alerts[alert->status]++;
	}
	labels_identity(&alert->labels, subject.identity);
	if (take_known(in, &subject, err) < 0) {
		return -1;
	}
	return state_truncated(in, subject.incident.id, err);
}

static int add_delivery(struct intake *in, struct err *err)
{
	const struct delivery *delivery = &in->msg->delivery;
	const struct delivery_row row = {
		.received_at = in->now,
		.principal = in->msg->principal,
		.external_url = delivery->external_url,
		.receiver = delivery->receiver,
		.group_key = delivery->group_key,
		.notification_reason = delivery->notification_reason,
		.alerts = (int64_t)delivery->alerts_len,
		.truncated = (int64_t)delivery->truncated,
		.replay_of = (int64_t)in->msg->replay_of,
		.body_hash = in->body_hash,
		.body = in->msg->body.data,
		.body_len = in->msg->body.len,
	};

	return deliveries_add(in->ground->db, &row, &in->delivery_id, err);
}

static int take_delivery(struct intake *in, struct err *err)
{
	const struct delivery *delivery = &in->msg->delivery;

	if (add_delivery(in, err) < 0) {
		return -1;
	}
	jsonw_object(&in->answer, NULL);
	jsonw_id(&in->answer, "deliveryId", in->msg->dry_run ? 0 : in->delivery_id);
	jsonw_int(&in->answer, "alerts", (int64_t)delivery->alerts_len);
	jsonw_array(&in->answer, "decisions");
	for (size_t i = 0; i < delivery->alerts_len; i++) {
		if (take_alert(in, &delivery->alerts[i], err) < 0) {
			return -1;
		}
	}
	jsonw_close(&in->answer);
	jsonw_close(&in->answer);
	jsonw_end(&in->answer);
	return 0;
}

static void count_delivery(struct intake *in)
{
	struct counters *counters = &in->ground->counters;

	counters->deliveries++;
	counters->replays += in->msg->replay_of != 0;
	counters->truncated_alerts += in->msg->delivery.truncated;
	if (in->msg->delivery.truncated) {
		log_warn("Alertmanager cut alerts from a delivery",
				LOG_INT("delivery", in->delivery_id),
				LOG_INT("alerts", in->msg->delivery.truncated));
	}
}

int intake_deliver(struct intake_room *room, const struct msg_deliver *msg, struct buf *out,
		struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct intake in = {
		.room = room,
		.ground = room->ground,
		.config = configs_now(&room->ground->configs),
		.msg = msg,
		.now = room->ground->turn.wall_ms,
		.arena = arena,
		.answer = jsonw_begin(out),
	};

	digest_sha256(msg->body.data, msg->body.len, in.body_hash);
	if (turn_write(&room->ground->turn, err) < 0 ||
			(msg->replay_of && deliveries_received_at(room->ground->db,
							   (int64_t)msg->replay_of, &in.received_at,
							   err) < 0)) {
		return -1;
	}
	if (msg->dry_run && db_savepoint(room->ground->db, err) < 0) {
		return -1;
	}
	if (take_delivery(&in, err) < 0) {
		return -1;
	}
	if (msg->dry_run && db_savepoint_undo(room->ground->db, err) < 0) {
		return -1;
	}
	if (!msg->dry_run) {
		count_delivery(&in);
	}
	return 0;
}
