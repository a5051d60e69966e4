/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/own_alert.h"

#include <assert.h>

#include "core/intake/intake.h"
#include "store/episodes.h"
#include "wire/json_labels.h"

/* An own alert as one that was delivered. */
struct raising {
	struct label labels[OWN_ALERT_LABELS_MAX + 1];
	struct label annotations[1];
	char fingerprint[LABEL_FINGERPRINT_MAX];
	uint8_t identity[DIGEST_SIZE];
	struct alert alert;
};

static void fill(struct raising *raising, const struct own_alert *own)
{
	struct alert *alert = &raising->alert;
	size_t len = 0;

	raising->labels[len++] = (struct label){ "alertname", own->alertname };
	for (const struct label *label = own->labels; label && label->name; label++) {
		assert(len <= OWN_ALERT_LABELS_MAX);
		raising->labels[len++] = *label;
	}
	raising->annotations[0] = (struct label){ "summary", own->summary };
	*alert = (struct alert){
		.labels = { raising->labels, len },
		.annotations = { raising->annotations, 1 },
		.generator_url = "",
	};
	labels_sort(&alert->labels);
	alert->fingerprint = labels_fingerprint(&alert->labels, raising->fingerprint);
	labels_identity(&alert->labels, raising->identity);
}

/* The body that Alertmanager would have sent, so that it can be replayed as any other. */
static void write_body(const struct alert *alert, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);

	jsonw_object(&w, NULL);
	jsonw_array(&w, "alerts");
	jsonw_object(&w, NULL);
	jsonw_str(&w, "status", alert_status_names[alert->status]);
	json_labels_write(&w, "labels", &alert->labels);
	json_labels_write(&w, "annotations", &alert->annotations);
	jsonw_time(&w, "startsAt", alert->starts_at);
	if (alert->ends_at) {
		jsonw_time(&w, "endsAt", alert->ends_at);
	}
	jsonw_close(&w);
	jsonw_close(&w);
	jsonw_close(&w);
	jsonw_end(&w);
}

static int deliver(struct intake_room *room, const struct own_alert *own, struct alert *alert,
		struct err *err)
{
	const struct intake_own how = { own->summary, escalation_level_parse(own->level) };
	auto_buf struct buf body = { 0 };
	struct msg_deliver msg = {
		.principal = OWN_ALERT_PRINCIPAL,
		.key = "",
		.delivery = { .receiver = "",
				.group_key = "",
				.external_url = "",
				.notification_reason = "",
				.alerts = alert,
				.alerts_len = 1 },
	};

	if (turn_write(&room->ground->turn, err) < 0) {
		return -1;
	}
	write_body(alert, &body);
	msg.body = (struct bytes){ body.data, (uint32_t)body.len };
	return intake_raise(room, &msg, &how, err);
}

/* Who tells of it is always playbookd. */
static const uint8_t no_body[DIGEST_SIZE];
static const struct episode_sender nobody = { "", "", "", no_body, "" };

static int open_episode(const struct intake_room *room, const struct raising *raising,
		struct plan_episode *ret, struct err *err)
{
	return episodes_open(room->ground->db, raising->identity, &nobody, ret, err);
}

static int end(struct intake_room *room, const struct own_alert *own, struct raising *raising,
		int64_t starts_at, struct err *err)
{
	raising->alert.status = ALERT_RESOLVED;
	raising->alert.starts_at = starts_at;
	raising->alert.ends_at = room->ground->turn.wall_ms;
	return deliver(room, own, &raising->alert, err);
}

/* It begins now, and after the last time, even when that ended in this millisecond. */
static int begin(struct intake_room *room, const struct own_alert *own, struct raising *raising,
		struct err *err)
{
	int64_t now = room->ground->turn.wall_ms;
	struct plan_episode last;

	if (episodes_last(room->ground->db, raising->identity, &nobody, &last, err) < 0) {
		return -1;
	}
	raising->alert.status = ALERT_FIRING;
	raising->alert.starts_at = last.id && last.ends_at >= now ? last.ends_at + 1 : now;
	raising->alert.ends_at = 0;
	return deliver(room, own, &raising->alert, err);
}

/* Is an operator done with the incident of what fires still? */
static int is_done(const struct intake_room *room, const struct plan_episode *open, bool *ret,
		struct err *err)
{
	struct incident_facts incident;

	if (incidents_facts(room->ground->db, open->incident_id, &incident, err) < 0) {
		return -1;
	}
	*ret = !incident.id || incident.status == INCIDENT_RESOLVED ||
	       incident.status == INCIDENT_CLOSED;
	return 0;
}

int own_alert_fires(struct intake_room *room, const struct own_alert *own, struct err *err)
{
	struct raising raising;
	struct plan_episode open;
	bool done = false;

	fill(&raising, own);
	if (open_episode(room, &raising, &open, err) < 0) {
		return -1;
	}
	if (!open.id) {
		return begin(room, own, &raising, err);
	}
	if (!own->happens) {
		return 0;
	}
	if (is_done(room, &open, &done, err) < 0) {
		return -1;
	}
	if (!done) {
		return 0;
	}
	if (end(room, own, &raising, open.starts_at, err) < 0) {
		return -1;
	}
	return begin(room, own, &raising, err);
}

int own_alert_ends(struct intake_room *room, const struct own_alert *own, struct err *err)
{
	struct raising raising;
	struct plan_episode open;

	fill(&raising, own);
	if (open_episode(room, &raising, &open, err) < 0) {
		return -1;
	}
	return open.id ? end(room, own, &raising, open.starts_at, err) : 0;
}
