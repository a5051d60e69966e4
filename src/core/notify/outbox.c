/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notify/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/view/rows.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/timeline.h"

#define FIRST_PAUSE_MS   1000
#define ANSWER_MARGIN_MS 5000  /* egress is given up this long after the endpoint's timeout */
#define LOOK_MAX_MS      30000 /* the wall clock may be set meanwhile */
#define REPLACEMENT      "\xef\xbf\xbd"

/* --- the words --- */

static bool may_stay(uint32_t code, bool lines)
{
	return !utf8_is_control(code) || (lines && (code == '\n' || code == '\t'));
}

/* Append at most max bytes of text that can stand in a mail or on a terminal. */
static void add_clean(struct buf *out, const char *text, size_t max, bool lines)
{
	size_t len = strlen(text);

	for (size_t at = 0; at < len;) {
		uint32_t code = 0;
		size_t n = utf8_next(text + at, len - at, &code);
		bool stays = n > 0 && may_stay(code, lines);
		const char *what = stays ? text + at : n > 0 ? " " : REPLACEMENT;
		size_t width = stays ? n : strlen(what);

		if (out->len + width + strlen("…") > max) {
			buf_adds(out, "…");
			return;
		}
		buf_add(out, what, width);
		at += n > 0 ? n : 1;
	}
}

struct describing {
	struct notify_room *notify;
	struct buf *out;
	bool brief;
};

/* The members that a receiver can rely on, however long the incident's labels are. */
static void write_brief(struct jsonw *w, const struct incident_row *row)
{
	struct incident_row brief = *row;

	brief.labels = NULL;
	brief.annotations = NULL;
	brief.attention = NULL;
	brief.root_cause = NULL;
	brief.resolution = NULL;
	rows_incident(w, &brief);
}

static void write_incident(const struct incident_row *row, void *arg)
{
	struct describing *describing = arg;
	const char *url = describing->notify->ground->external_url;
	struct jsonw w = jsonw_begin(describing->out);

	jsonw_object(&w, NULL);
	if (describing->brief) {
		write_brief(&w, row);
	} else {
		rows_incident(&w, row);
	}
	if (url && *url) {
		char path[64];
		auto_free char *whole = NULL;

		snprintf(path, sizeof(path), "/api/v1/incidents/%" PRId64, row->id);
		whole = xasprintf("%.*s%s", (int)(strlen(url) - (url[strlen(url) - 1] == '/')), url,
				path);
		jsonw_str(&w, "url", whole);
	} else {
		jsonw_null(&w, "url");
	}
	jsonw_close(&w);
	jsonw_end(&w);
}

/* The incident as JSON, as this transaction has it. 1, 0 when there is none, or -1. */
static int describe_incident(
		struct notify_room *notify, int64_t id, struct buf *out, struct err *err)
{
	struct describing describing = { .notify = notify, .out = out };
	int rc = id ? incidents_get(notify->ground->db, id, write_incident, &describing, err) : 0;

	if (rc == 1 && out->len > OUTBOX_INCIDENT_MAX) {
		buf_reset(out);
		describing.brief = true;
		rc = incidents_get(notify->ground->db, id, write_incident, &describing, err);
	}
	return rc;
}

/* There is no such receiver: operators can see that, and why. */
static int add_failed(struct notify_room *notify, struct notice_row *row, struct err *err)
{
	auto_free char *why = xasprintf(
			"there is no receiver '%.64s' in the configuration", row->receiver);
	bool added;

	row->endpoint = "";
	row->status = NOTICE_FAILED;
	row->reason = why;
	row->ended_at = row->created_at;
	if (notices_add(notify->ground->db, row, &added, err) < 0) {
		return -1;
	}
	if (added) {
		log_error("notification failed", LOG_STR("key", row->key), LOG_STR("error", why));
	}
	return 0;
}

static int add_endpoints(struct notify_room *notify, const struct receiver *receiver,
		struct notice_row *row, struct err *err)
{
	bool resolved = !strcmp(row->kind, NOTICE_RESOLVED);

	for (size_t i = 0; i < receiver->endpoints_len; i++) {
		const struct endpoint *endpoint = &receiver->endpoints[i];
		bool added;

		if (resolved && !endpoint->send_resolved) {
			continue;
		}
		row->endpoint = endpoint->name;
		if (notices_add(notify->ground->db, row, &added, err) < 0) {
			return -1;
		}
		notify->look |= added;
	}
	return 0;
}

int outbox_add(struct notify_room *notify, const struct notice *notice, struct err *err)
{
	const struct receiver *receiver =
			config_receiver(configs_now(&notify->ground->configs), notice->receiver);
	auto_buf struct buf subject = { 0 };
	auto_buf struct buf text = { 0 };
	auto_buf struct buf incident = { 0 };
	int64_t now = notify->ground->turn.wall_ms;
	struct notice_row row = {
		.key = notice->key,
		.receiver = notice->receiver,
		.incident_id = notice->incident_id,
		.kind = notice->kind,
		.status = NOTICE_PENDING,
		.reason = "",
		.created_at = now,
		.next_at = now,
	};

	if (turn_write(&notify->ground->turn, err) < 0 ||
			describe_incident(notify, notice->incident_id, &incident, err) < 0) {
		return -1;
	}
	add_clean(&subject, notice->subject, OUTBOX_SUBJECT_MAX, false);
	add_clean(&text, notice->text, OUTBOX_TEXT_MAX, true);
	row.subject = buf_text(&subject);
	row.text = buf_text(&text);
	row.incident = incident.len > 0 ? buf_text(&incident) : NULL;
	return receiver ? add_endpoints(notify, receiver, &row, err)
			: add_failed(notify, &row, err);
}

/* --- in flight --- */

void outbox_clear(struct notify_room *notify)
{
	in_flight_clear(&notify->in_flight);
	*notify = (struct notify_room){ .ground = notify->ground };
}

static int64_t pause_after(int64_t attempts)
{
	int64_t pause = FIRST_PAUSE_MS;

	for (int64_t i = 1; i < attempts && pause < OUTBOX_PAUSE_MAX_MS; i++) {
		pause *= 2;
	}
	return pause < OUTBOX_PAUSE_MAX_MS ? pause : OUTBOX_PAUSE_MAX_MS;
}

/* One row on its way to egress. */
struct transfer {
	struct notify_room *notify;
	const struct endpoint *endpoint;
	char *name; /* of what is in flight; NULL once it is used */
	int64_t now;
	int64_t next_at;  /* of a row that is not due */
	int64_t id;       /* of the row that is; 0: none */
	int64_t attempts; /* with this one */
};

/* A time further away than any pause is from before the clock was set back. */
static bool is_due(int64_t next_at, int64_t now)
{
	return next_at <= now || next_at > now + OUTBOX_PAUSE_MAX_MS;
}

static void send_one(const struct notice_row *row, void *arg)
{
	struct transfer *transfer = arg;
	struct notify_room *notify = transfer->notify;
	const struct msg_notify msg = {
		.id = (uint64_t)row->id,
		.key = row->key,
		.receiver = row->receiver,
		.endpoint = row->endpoint,
		.kind = row->kind,
		.subject = row->subject,
		.text = row->text,
		.incident_id = row->incident_id,
		.incident = row->incident,
		.created_at = row->created_at,
	};

	transfer->next_at = row->next_at;
	if (!is_due(row->next_at, transfer->now)) {
		return;
	}
	transfer->id = row->id;
	transfer->attempts = row->attempts + 1;
	in_flight_add(&notify->in_flight,
			&(struct sending){ .id = row->id,
					.name = TAKE(transfer->name),
					.due_ms = notify->ground->turn.mono_ms +
						  transfer->endpoint->timeout_ms + ANSWER_MARGIN_MS,
					.attempts = row->attempts + 1,
					.created_at = row->created_at });
	turn_send(&notify->ground->turn, notify->ground->links.egress, MSG_NOTIFY, &msg);
}

/* Look again in so many ms. */
static void look_in(struct notify_room *notify, int64_t ms)
{
	int64_t at = notify->ground->turn.mono_ms + (ms > LOOK_MAX_MS        ? LOOK_MAX_MS
								    : ms > 0 ? ms
									     : 0);

	if (!notify->look_ms || at < notify->look_ms) {
		notify->look_ms = at;
	}
}

/* Write down that it is sent, before it is. */
static int write_transfer(
		struct notify_room *notify, const struct transfer *transfer, struct err *err)
{
	return turn_write(&notify->ground->turn, err) < 0
			       ? -1
			       : notices_attempt(notify->ground->db, transfer->id,
						 transfer->now + pause_after(transfer->attempts),
						 err);
}

/* Send what is due for the endpoint, if anything. */
static int send_next(struct notify_room *notify, const struct receiver *receiver,
		const struct endpoint *endpoint, struct err *err)
{
	struct transfer transfer = {
		.notify = notify,
		.endpoint = endpoint,
		.name = in_flight_name(receiver->name, endpoint->name),
		.now = notify->ground->turn.wall_ms,
	};
	int64_t backoff_ms = in_flight_backoff(&notify->in_flight, transfer.name) -
			     notify->ground->turn.mono_ms;
	int rc = 0;

	if (in_flight_has(&notify->in_flight, transfer.name)) {
		backoff_ms = 0;
	} else if (backoff_ms > 0) {
		look_in(notify, backoff_ms);
	} else {
		rc = notices_next(notify->ground->db, receiver->name, endpoint->name, send_one,
				&transfer, err);
	}
	free(transfer.name);
	if (rc == 1 && transfer.id) {
		rc = write_transfer(notify, &transfer, err);
	} else if (rc == 1) {
		look_in(notify, transfer.next_at - transfer.now);
	}
	return rc < 0 ? -1 : 0;
}

static int send_all(struct notify_room *notify, struct err *err)
{
	const struct config *config = configs_now(&notify->ground->configs);

	notify->look = false;
	notify->look_ms = 0;
	for (size_t i = 0; i < config->receivers_len; i++) {
		const struct receiver *receiver = &config->receivers[i];

		for (size_t j = 0; j < receiver->endpoints_len; j++) {
			if (notify->in_flight.len == IN_FLIGHT_MAX) {
				return 0; /* the first that is done looks again */
			}
			if (send_next(notify, receiver, &receiver->endpoints[j], err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

static const char *receiver_of(const struct sending *sending, char *text, size_t size)
{
	snprintf(text, size, "%.*s", (int)strcspn(sending->name, "\n"), sending->name);
	return text;
}

/* How a notification ended, on its way into the timeline of its incident. */
struct entry {
	struct ground *ground;
	struct err *err;
	int rc;
};

static void add_entry(const struct notice_row *notice, void *arg)
{
	struct entry *entry = arg;
	auto_free char *text = xasprintf("%s (%s) %s: %s%s%s", notice->receiver, notice->endpoint,
			notice_status_names[notice->status], notice->kind,
			*notice->reason ? ": " : "", notice->reason);
	const struct timeline_row row = { .incident_id = notice->incident_id,
		.at = entry->ground->turn.wall_ms,
		.kind = TIMELINE_NOTIFIED,
		.text = text };

	entry->rc = row.incident_id ? timeline_add(entry->ground->db, &row, entry->err) : 0;
}

/* A receiver was notified, or never will be. */
static int add_to_timeline(struct notify_room *notify, int64_t notice_id, struct err *err)
{
	struct entry entry = { .ground = notify->ground, .err = err };

	return notices_get(notify->ground->db, notice_id, add_entry, &entry, err) < 0 ? -1
										      : entry.rc;
}

/* It is over, one way or the other. */
static int end(struct notify_room *notify, const struct sending *sending, enum notice_status status,
		const char *reason, struct err *err)
{
	const struct notice_row row = { .id = sending->id,
		.status = (uint8_t)status,
		.reason = reason,
		.ended_at = notify->ground->turn.wall_ms };
	const char *endpoint = in_flight_endpoint(sending);
	char receiver[128];
	bool ended;

	if (turn_write(&notify->ground->turn, err) < 0 ||
			notices_end(notify->ground->db, &row, &ended, err) < 0) {
		return -1;
	}
	if (!ended) {
		return 0;
	}
	if (add_to_timeline(notify, sending->id, err) < 0) {
		return -1;
	}
	counters_notice(&notify->ground->counters, receiver_of(sending, receiver, sizeof(receiver)),
			status);
	if (status == NOTICE_SENT) {
		log_info("notification sent", LOG_INT("notification", sending->id),
				LOG_STR("receiver", receiver), LOG_STR("endpoint", endpoint));
	} else {
		log_error("notification failed", LOG_INT("notification", sending->id),
				LOG_STR("receiver", receiver), LOG_STR("endpoint", endpoint),
				LOG_STR("error", reason));
	}
	return 0;
}

static int try_again(struct notify_room *notify, const struct sending *sending, const char *reason,
		struct err *err)
{
	int64_t now = notify->ground->turn.wall_ms;
	auto_free char *why = NULL;

	if (now - sending->created_at < OUTBOX_GIVE_UP_MS) {
		log_warn("notification failed, it is tried again",
				LOG_INT("notification", sending->id),
				LOG_INT("attempt", sending->attempts),
				LOG_STR("endpoint", in_flight_endpoint(sending)),
				LOG_STR("error", reason));
		return turn_write(&notify->ground->turn, err) < 0
				       ? -1
				       : notices_again(notify->ground->db, sending->id,
							 now + pause_after(sending->attempts),
							 reason, err);
	}
	why = xasprintf("given up after %" PRId64 " attempts; the last: %s", sending->attempts,
			reason);
	return end(notify, sending, NOTICE_FAILED, why, err);
}

/* Number i of those in flight is over. */
static int done(struct notify_room *notify, size_t i, enum notified how, const char *reason,
		struct err *err)
{
	struct sending sending = in_flight_take(&notify->in_flight, i);
	int rc;

	notify->look = true;
	if (how == NOTIFIED_LATER) {
		in_flight_failed(&notify->in_flight, sending.name, notify->ground->turn.mono_ms);
		rc = try_again(notify, &sending, reason, err);
	} else {
		in_flight_answered(&notify->in_flight, sending.name);
		rc = end(notify, &sending, how == NOTIFIED_SENT ? NOTICE_SENT : NOTICE_FAILED,
				reason, err);
	}
	free(sending.name);
	return rc;
}

int outbox_notified(struct notify_room *notify, const struct msg_notified *msg, struct err *err)
{
	size_t i = in_flight_find(&notify->in_flight, (int64_t)msg->id);

	return i < notify->in_flight.len
			       ? done(notify, i, (enum notified)msg->how, msg->reason, err)
			       : 0;
}

/* Egress is alive and has not answered, though it should have. */
static int end_overdue(struct notify_room *notify, int64_t now, struct err *err)
{
	for (size_t i = notify->in_flight.len; i-- > 0;) {
		if (notify->in_flight.items[i].due_ms <= now &&
				done(notify, i, NOTIFIED_LATER, "no answer from egress", err) < 0) {
			return -1;
		}
	}
	return 0;
}

int outbox_tick(struct notify_room *notify, struct deadline *next, struct err *err)
{
	int64_t now = notify->ground->turn.mono_ms;

	if (end_overdue(notify, now, err) < 0) {
		return -1;
	}
	if (!notify->ground->links.egress) {
		return 0;
	}
	if ((notify->look || (notify->look_ms && notify->look_ms <= now)) &&
			send_all(notify, err) < 0) {
		return -1;
	}
	if (notify->look_ms) {
		deadline_by(next, notify->look_ms);
	}
	for (size_t i = 0; i < notify->in_flight.len; i++) {
		deadline_by(next, notify->in_flight.items[i].due_ms);
	}
	return 0;
}

void outbox_egress_new(struct notify_room *notify)
{
	outbox_clear(notify);
	notify->look = true;
}

/* --- the configuration --- */

struct leavers {
	struct notify_room *notify;
	struct strv names; /* receiver and endpoint of each by turns */
};

static void note_leaver(const char *receiver, const char *endpoint, void *arg)
{
	struct leavers *leavers = arg;
	const struct receiver *its =
			config_receiver(configs_now(&leavers->notify->ground->configs), receiver);

	if (!its || !receiver_endpoint(its, endpoint)) {
		strv_add(&leavers->names, receiver);
		strv_add(&leavers->names, endpoint);
	}
}

int outbox_config_new(struct notify_room *notify, struct err *err)
{
	struct leavers leavers = { .notify = notify };
	int rc = notices_waiting(notify->ground->db, note_leaver, &leavers, err);

	for (size_t i = 0; rc == 0 && i < leavers.names.len; i += 2) {
		const struct notice_row row = { .receiver = leavers.names.items[i],
			.endpoint = leavers.names.items[i + 1],
			.reason = "its endpoint is not in the configuration any more",
			.ended_at = notify->ground->turn.wall_ms };

		log_error("notification failed: its endpoint is not in the configuration",
				LOG_STR("receiver", row.receiver),
				LOG_STR("endpoint", row.endpoint));
		rc = turn_write(&notify->ground->turn, err) < 0
				     ? -1
				     : notices_forsake(notify->ground->db, &row, err);
	}
	strv_clear(&leavers.names);
	notify->look = true;
	return rc;
}
