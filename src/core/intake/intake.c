/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/escalate/escalator.h"
#include "core/intake/consider.h"
#include "core/intake/cut.h"
#include "core/intake/incident_of.h"
#include "core/intake/late.h"
#include "core/intake/sieve.h"
#include "core/intake/unheard.h"
#include "domain/incident.h"
#include "domain/plan.h"
#include "store/deliveries.h"
#include "store/episodes.h"
#include "store/incidents.h"
#include "wire/json_labels.h"

#define LATE_BATCH 100 /* late alerts that fire in one turn */

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

	if (late_forget(in, subject->identity, err) < 0) {
		return -1;
	}
	if (unheard_no_more(in, &matches) &&
			incident_of_join(in, subject, matches.len ? matches.items[0] : NULL, err) <
					0) {
		return -1;
	}
	if (add_episode(in, subject, err) < 0) {
		return -1;
	}
	return consider_all(in, subject, &matches, err);
}

/*
 * Its last outage is over, untold; this is another. Whoever knows of the incident of the last one
 * hears that it is over, unless it is opened again by this one.
 */
static int take_anew(struct intake *in, struct subject *subject, const struct plan_episode *open,
		struct err *err)
{
	const struct episode_row ended = {
		.id = open->id,
		.ends_at = open->last_seen,
		.last_seen = open->last_seen,
		.delivery_id = in->delivery_id,
	};

	if (episodes_end(in->ground->db, &ended, err) < 0) {
		return -1;
	}
	if (open->incident_id && incident_of_end_untold(in, subject, open->incident_id,
						 open->last_seen, err) < 0) {
		return -1;
	}
	if (take_new(in, subject, err) < 0) {
		return -1;
	}
	return open->incident_id && open->incident_id != subject->incident.id
			       ? escalator_over(in->room->escalate, open->incident_id, err)
			       : 0;
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

/* It fires on, perhaps with other annotations. */
static int fire_on(struct intake *in, const struct subject *subject,
		const struct plan_episode *open, struct err *err)
{
	const struct alert *alert = subject->alert;
	bool changed = !open->same_annotations && alert->annotations.len;
	const struct episode_row row = {
		.id = open->id,
		.delivery_id = in->delivery_id,
		.starts_at = alert->starts_at,
		.last_seen = in->now,
		.annotations = changed ? subject->annotations : NULL,
		.generator_url = *alert->generator_url ? alert->generator_url : NULL,
	};

	if (episodes_again(in->ground->db, &row, err) < 0) {
		return -1;
	}
	return changed && open->incident_id
			       ? incident_of_repeat(in, subject, open->incident_id, err)
			       : 0;
}

static int take_repeat(struct intake *in, struct subject *subject, const struct plan_episode *open,
		struct err *err)
{
	struct consider_matches matches = { 0 };
	char both[2 * PLAN_REASON_MAX];

	if (fire_on(in, subject, open, err) < 0) {
		return -1;
	}
	subject->repeats = true;
	subject->episode_id = open->id;
	if (!open->incident_id) {
		return unheard_take(in, subject, err);
	}
	if (incidents_facts(in->ground->db, open->incident_id, &subject->incident, err) < 0) {
		return -1;
	}
	if (!is_over(&subject->incident)) {
		matches = consider_match(in, subject->alert);
	} else {
		subject->arrival =
				say_over(&subject->incident, subject->arrival, both, sizeof(both));
	}
	return consider_all(in, subject, &matches, err);
}

static int take_end(struct intake *in, struct subject *subject, const struct plan_episode *open,
		struct err *err)
{
	const struct verdict verdict = { DECISION_RESOLVED,
		in->own ? in->own->summary : subject->arrival, NULL, open->incident_id, 0 };
	const struct episode_row ended = {
		.id = open->id,
		.ends_at = plan_ends_at(subject->alert, in->now),
		.last_seen = in->now,
		.delivery_id = in->delivery_id,
	};

	subject->incident.id = open->incident_id;
	if (episodes_end(in->ground->db, &ended, err) < 0) {
		return -1;
	}
	if (open->incident_id && incident_of_end(in, subject, open->incident_id, err) < 0) {
		return -1;
	}
	return consider_record(in, subject, &verdict, err);
}

/* The same again, of an episode that is open, or over. */
static int take_duplicate(struct intake *in, struct subject *subject,
		const struct plan_episode *open, const struct plan_episode *known, struct err *err)
{
	const struct verdict verdict = { DECISION_DUPLICATE, subject->arrival, NULL,
		known->incident_id, 0 };
	bool firing = subject->alert->status == ALERT_FIRING;

	if (open->id && firing && fire_on(in, subject, open, err) < 0) {
		return -1;
	}
	if (!firing && late_forget(in, subject->identity, err) < 0) {
		return -1;
	}
	return consider_record(in, subject, &verdict, err);
}

static int take_late(struct intake *in, struct subject *subject, const struct plan_episode *last,
		struct err *err)
{
	struct verdict verdict = { DECISION_DUPLICATE, "", NULL, last->incident_id, 0 };
	char due[CLOCK_TEXT_MAX];
	int64_t due_at;

	if (late_wait(in, subject, &due_at, err) < 0) {
		return -1;
	}
	verdict.reason = arena_printf(in->arena,
			"%s; unless its end is delivered again, it fires at %s", subject->arrival,
			clock_format(due_at, due));
	return consider_record(in, subject, &verdict, err);
}

/* The end of what was never seen to fire. */
static int take_unknown_end(struct intake *in, struct subject *subject, struct err *err)
{
	const struct verdict verdict = { DECISION_RESOLVED, subject->arrival, NULL, 0, 0 };

	return late_forget(in, subject->identity, err) < 0 || add_episode(in, subject, err) < 0
			       ? -1
			       : consider_record(in, subject, &verdict, err);
}

/* An operator replays it: the known episode is used, whatever its state. */
static int take_by_hand(struct intake *in, struct subject *subject,
		const struct plan_episode *known, struct err *err)
{
	struct consider_matches matches = { 0 };
	char over[PLAN_REASON_MAX];

	subject->repeats = true;
	subject->episode_id = known->id;
	if (incidents_facts(in->ground->db, known->incident_id, &subject->incident, err) < 0) {
		return -1;
	}
	if (subject->incident.status == INCIDENT_CLOSED) {
		subject->arrival = say_over(&subject->incident, "", over, sizeof(over));
	} else {
		matches = consider_match(in, subject->alert);
	}
	return consider_all(in, subject, &matches, err);
}

/* What is known of the alert in hand; ret_last is read only when none is open. */
static int find_episodes(struct intake *in, struct subject *subject, struct plan_episode *ret_open,
		struct plan_episode *ret_last, struct err *err)
{
	const struct delivery *delivery = &in->msg->delivery;
	const struct episode_sender sender = {
		.external_url = delivery->external_url,
		.group_key = delivery->group_key,
		.receiver = delivery->receiver,
		.body_hash = in->body_hash,
		.annotations = subject->annotations,
	};

	*ret_last = (struct plan_episode){ 0 };
	if (episodes_open(in->ground->db, subject->identity, &sender, ret_open, err) < 0) {
		return -1;
	}
	return ret_open->id ? 0
			    : episodes_last(in->ground->db, subject->identity, &sender, ret_last,
					      err);
}

static int take_known(struct intake *in, struct subject *subject, struct err *err)
{
	char arrival[PLAN_REASON_MAX] = "";
	struct plan_episode open;
	struct plan_episode last;
	const struct plan_episode *known;

	if (find_episodes(in, subject, &open, &last, err) < 0) {
		return -1;
	}
	known = open.id ? &open : &last;
	subject->arrival = arrival;
	if (in->msg->replay_of && subject->alert->status == ALERT_FIRING && known->incident_id) {
		return take_by_hand(in, subject, known, err);
	}
	switch (plan_arrival(subject->alert, &open, &last, in->now, arrival)) {
	case ARRIVAL_NEW:
		return take_new(in, subject, err);
	case ARRIVAL_ANEW:
		return take_anew(in, subject, &open, err);
	case ARRIVAL_REPEAT:
		return take_repeat(in, subject, &open, err);
	case ARRIVAL_DUPLICATE:
		return take_duplicate(in, subject, &open, known, err);
	case ARRIVAL_LATE:
		return take_late(in, subject, &last, err);
	case ARRIVAL_RESOLVES:
		return take_end(in, subject, &open, err);
	case ARRIVAL_RESOLVED_UNKNOWN:
		return take_unknown_end(in, subject, err);
	}
	return 0;
}

/* Alertmanager cut alerts from this delivery: they are fetched, or nobody here will see them. */
static int state_truncated(struct intake *in, int64_t incident_id, struct err *err)
{
	char why[CUT_WHY_MAX];

	if (!in->msg->delivery.truncated || !incident_id || in->truncated_stated == incident_id) {
		return 0;
	}
	in->truncated_stated = incident_id;
	if (cut_wanted(in)) {
		return cut_note(in, incident_id, err);
	}
	cut_say_why(in->delivery_id, (int64_t)in->msg->delivery.truncated, why);
	return consider_attention(in, incident_id, why, err);
}

static struct subject subject_of(struct intake *in, const struct alert *alert)
{
	struct subject subject = {
		.alert = alert,
		.fingerprint = alert->fingerprint,
		.alertname = labels_value(&alert->labels, "alertname"),
		.annotations = json_labels_text(in->arena, &alert->annotations),
		.arrival = "",
	};

	labels_identity(&alert->labels, subject.identity);
	return subject;
}

static int take_alert(struct intake *in, const struct alert *alert, struct err *err)
{
	struct subject subject = subject_of(in, alert);
	bool taken;

	if (alert->broken) {
		const struct verdict verdict = { DECISION_REJECTED_ALERT, alert->broken, NULL, 0,
			0 };

		return consider_record(in, &subject, &verdict, err);
	}
	if (!in->msg->dry_run && !in->own) {
		in->ground->counters.alerts[alert->status]++;
	}
	if (sieve_take(in, &subject, &taken, err) < 0) {
		return -1;
	}
	if (taken) {
		return 0;
	}
	if (take_known(in, &subject, err) < 0) {
		return -1;
	}
	return state_truncated(in, subject.incident.id, err);
}

/*
 * Beginnings first: one body may hold the end of one alert and the beginning of another of the same
 * trouble, and an incident of which an alert fires at the end of a delivery was never resolved.
 */
static int take_alerts(struct intake *in, const struct delivery *delivery, struct err *err)
{
	for (int status = 0; status < ALERT_STATUSES; status++) {
		for (size_t i = 0; i < delivery->alerts_len; i++) {
			const struct alert *alert = &delivery->alerts[i];

			if (alert->status == status && take_alert(in, alert, err) < 0) {
				return -1;
			}
		}
	}
	return 0;
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
		.note = delivery->note,
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
	jsonw_str(&in->answer, "note", delivery->note);
	jsonw_array(&in->answer, "decisions");
	if (take_alerts(in, delivery, err) < 0) {
		return -1;
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

static struct intake begin(struct intake_room *room, const struct msg_deliver *msg,
		struct arena *arena, struct buf *out)
{
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
	return in;
}

int intake_raise(struct intake_room *room, const struct msg_deliver *msg,
		const struct intake_own *own, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	auto_buf struct buf answer = { 0 };
	struct intake in = begin(room, msg, arena, &answer);

	in.own = own;
	return take_delivery(&in, err);
}

int intake_deliver(struct intake_room *room, const struct msg_deliver *msg, struct buf *out,
		struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct intake in = begin(room, msg, arena, out);

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

/* It is late no more: nobody has delivered its end again. */
static int fire_late(struct intake_room *room, const struct late_alert *late, struct arena *arena,
		struct err *err)
{
	const struct msg_deliver msg = { .principal = late->principal,
		.delivery = { .external_url = "", .notification_reason = "" } };
	auto_buf struct buf answer = { 0 };
	struct intake in = begin(room, &msg, arena, &answer);
	struct subject subject = subject_of(&in, &late->alert);
	bool taken;

	in.delivery_id = late->delivery_id;
	subject.arrival = "its end was not delivered again";
	if (decisions_next(room->ground->db, in.delivery_id, &in.position, err) < 0) {
		return -1;
	}
	jsonw_array(&in.answer, NULL);
	/* The configuration may be another one since it was delivered. */
	if (sieve_take(&in, &subject, &taken, err) < 0) {
		return -1;
	}
	return taken ? 0 : take_new(&in, &subject, err);
}

int intake_tick(struct intake_room *room, struct deadline *next, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct late_alert late;
	bool found;
	int fired = 0;

	do {
		if (late_due(room, arena, &late, &found, err) < 0 ||
				(found && fire_late(room, &late, arena, err) < 0)) {
			return -1;
		}
	} while (found && ++fired < LATE_BATCH);
	late_next(room, next);
	return 0;
}
