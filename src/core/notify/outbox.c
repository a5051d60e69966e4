#include "core/notify/outbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "core/core.h"
#include "core/run/chronicle.h"
#include "core/view/rows.h"
#include "store/incidents.h"
#include "store/notices.h"

#define FIRST_PAUSE_MS   1000
#define ANSWER_MARGIN_MS 5000  /* egress is given up this long after the endpoint's timeout */
#define LOOK_MAX_MS      30000 /* the wall clock may be set meanwhile */
#define REPLACEMENT      "\xef\xbf\xbd"

/* --- what is told --- */

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

struct telling {
	struct core *core;
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
	struct telling *telling = arg;
	const char *url = telling->core->external_url;
	struct jsonw w = jsonw_begin(telling->out);

	jsonw_object(&w, NULL);
	if (telling->brief) {
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
static int describe_incident(struct core *core, int64_t id, struct buf *out, struct err *err)
{
	struct telling telling = { .core = core, .out = out };
	int rc = id ? incidents_get(core->db, id, write_incident, &telling, err) : 0;

	if (rc == 1 && out->len > OUTBOX_INCIDENT_MAX) {
		buf_reset(out);
		telling.brief = true;
		rc = incidents_get(core->db, id, write_incident, &telling, err);
	}
	return rc;
}

static void count(struct core *core, const char *receiver, enum notice_status status)
{
	struct counters *counters = &core->counters;
	void *items = counters->notices;

	for (size_t i = 0; i < counters->notices_len; i++) {
		if (!strcmp(counters->notices[i].receiver, receiver)) {
			counters->notices[i].ended[status]++;
			return;
		}
	}

	struct notice_counter *counter = mem_push(&items, counters->notices_len,
			&counters->notices_cap, sizeof(*counters->notices));

	counters->notices = items;
	counters->notices_len++;
	counter->receiver = xstrdup(receiver);
	counter->ended[status]++;
}

/* A receiver that is not there has been told in vain: people can see that, and why. */
static int tell_nobody(struct core *core, struct notice_row *row, struct err *err)
{
	auto_free char *why = xasprintf(
			"there is no receiver '%.64s' in the configuration", row->receiver);
	bool added;

	row->endpoint = "";
	row->status = NOTICE_FAILED;
	row->reason = why;
	row->ended_at = row->created_at;
	if (notices_add(core->db, row, &added, err) < 0) {
		return -1;
	}
	if (added) {
		log_error("nobody was told", LOG_STR("key", row->key), LOG_STR("error", why));
	}
	return 0;
}

static int tell_endpoints(struct core *core, const struct receiver *receiver,
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
		if (notices_add(core->db, row, &added, err) < 0) {
			return -1;
		}
		core->outbox.look |= added;
	}
	return 0;
}

int outbox_tell(struct core *core, const struct notice *notice, struct err *err)
{
	const struct receiver *receiver = config_receiver(core_config(core), notice->receiver);
	auto_buf struct buf subject = { 0 };
	auto_buf struct buf text = { 0 };
	auto_buf struct buf incident = { 0 };
	int64_t now = clock_wall_ms();
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

	if (turn_write(&core->turn, err) < 0 ||
			describe_incident(core, notice->incident_id, &incident, err) < 0) {
		return -1;
	}
	add_clean(&subject, notice->subject, OUTBOX_SUBJECT_MAX, false);
	add_clean(&text, notice->text, OUTBOX_TEXT_MAX, true);
	row.subject = buf_text(&subject);
	row.text = buf_text(&text);
	row.incident = incident.len > 0 ? buf_text(&incident) : NULL;
	return receiver ? tell_endpoints(core, receiver, &row, err) : tell_nobody(core, &row, err);
}

/* --- what is on its way --- */

void outbox_clear(struct core *core)
{
	flights_clear(&core->outbox.flights);
	core->outbox = (struct outbox){ 0 };
}

static int64_t pause_after(int64_t attempts)
{
	int64_t pause = FIRST_PAUSE_MS;

	for (int64_t i = 1; i < attempts && pause < OUTBOX_PAUSE_MAX_MS; i++) {
		pause *= 2;
	}
	return pause < OUTBOX_PAUSE_MAX_MS ? pause : OUTBOX_PAUSE_MAX_MS;
}

/* One row on its way into a flight. */
struct departure {
	struct core *core;
	const struct endpoint *endpoint;
	char *name; /* of the flight; NULL once it is used */
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

static void depart(const struct notice_row *row, void *arg)
{
	struct departure *departure = arg;
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

	departure->next_at = row->next_at;
	if (!is_due(row->next_at, departure->now)) {
		return;
	}
	departure->id = row->id;
	departure->attempts = row->attempts + 1;
	flights_add(&departure->core->outbox.flights,
			&(struct flight){ .id = row->id,
					.name = TAKE(departure->name),
					.due_ms = clock_mono_ms() +
						  departure->endpoint->timeout_ms +
						  ANSWER_MARGIN_MS,
					.attempts = row->attempts + 1,
					.created_at = row->created_at });
	turn_send(&departure->core->turn, departure->core->egress, MSG_NOTIFY, &msg);
}

/* Look again in so many ms. */
static void look_in(struct outbox *outbox, int64_t ms)
{
	int64_t at = clock_mono_ms() + (ms > LOOK_MAX_MS ? LOOK_MAX_MS : ms > 0 ? ms : 0);

	if (!outbox->look_at || at < outbox->look_at) {
		outbox->look_at = at;
	}
}

/* Write down that it is sent, before it is. */
static int write_departure(struct core *core, const struct departure *departure, struct err *err)
{
	return turn_write(&core->turn, err) < 0
			       ? -1
			       : notices_attempt(core->db, departure->id,
						 departure->now + pause_after(departure->attempts),
						 err);
}

/* Send what is due for the endpoint, if anything. */
static int send_next(struct core *core, const struct receiver *receiver,
		const struct endpoint *endpoint, struct err *err)
{
	struct outbox *outbox = &core->outbox;
	struct departure departure = {
		.core = core,
		.endpoint = endpoint,
		.name = flight_name(receiver->name, endpoint->name),
		.now = clock_wall_ms(),
	};
	int64_t rests = flights_rest(&outbox->flights, departure.name) - clock_mono_ms();
	int rc = 0;

	if (flights_have(&outbox->flights, departure.name)) {
		rests = 0;
	} else if (rests > 0) {
		look_in(outbox, rests);
	} else {
		rc = notices_next(
				core->db, receiver->name, endpoint->name, depart, &departure, err);
	}
	free(departure.name);
	if (rc == 1 && departure.id) {
		rc = write_departure(core, &departure, err);
	} else if (rc == 1) {
		look_in(outbox, departure.next_at - departure.now);
	}
	return rc < 0 ? -1 : 0;
}

static int send_all(struct core *core, struct err *err)
{
	const struct config *config = core_config(core);
	struct outbox *outbox = &core->outbox;

	outbox->look = false;
	outbox->look_at = 0;
	for (size_t i = 0; i < config->receivers_len; i++) {
		const struct receiver *receiver = &config->receivers[i];

		for (size_t j = 0; j < receiver->endpoints_len; j++) {
			if (outbox->flights.len == FLIGHTS_MAX) {
				return 0; /* the one that lands first looks again */
			}
			if (send_next(core, receiver, &receiver->endpoints[j], err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

static const char *receiver_of(const struct flight *flight, char *text, size_t size)
{
	snprintf(text, size, "%.*s", (int)strcspn(flight->name, "\n"), flight->name);
	return text;
}

/* It is over, one way or the other. */
static int end(struct core *core, const struct flight *flight, enum notice_status status,
		const char *reason, struct err *err)
{
	const struct notice_row row = { .id = flight->id,
		.status = (uint8_t)status,
		.reason = reason,
		.ended_at = clock_wall_ms() };
	const char *endpoint = flight_endpoint(flight);
	char receiver[128];
	bool ended;

	if (turn_write(&core->turn, err) < 0 || notices_end(core->db, &row, &ended, err) < 0) {
		return -1;
	}
	if (!ended) {
		return 0;
	}
	if (chronicle_told(core, flight->id, err) < 0) {
		return -1;
	}
	count(core, receiver_of(flight, receiver, sizeof(receiver)), status);
	if (status == NOTICE_SENT) {
		log_info("told", LOG_INT("notice", flight->id), LOG_STR("receiver", receiver),
				LOG_STR("endpoint", endpoint));
	} else {
		log_error("a receiver could not be told", LOG_INT("notice", flight->id),
				LOG_STR("receiver", receiver), LOG_STR("endpoint", endpoint),
				LOG_STR("error", reason));
	}
	return 0;
}

static int try_again(
		struct core *core, const struct flight *flight, const char *reason, struct err *err)
{
	int64_t now = clock_wall_ms();
	auto_free char *why = NULL;

	if (now - flight->created_at < OUTBOX_GIVE_UP_MS) {
		log_warn("a receiver could not be told, it is tried again",
				LOG_INT("notice", flight->id), LOG_INT("attempt", flight->attempts),
				LOG_STR("endpoint", flight_endpoint(flight)),
				LOG_STR("error", reason));
		return turn_write(&core->turn, err) < 0
				       ? -1
				       : notices_again(core->db, flight->id,
							 now + pause_after(flight->attempts),
							 reason, err);
	}
	why = xasprintf("given up after %" PRId64 " attempts; the last: %s", flight->attempts,
			reason);
	return end(core, flight, NOTICE_FAILED, why, err);
}

/* Flight number i is over. */
static int land(struct core *core, size_t i, enum notified how, const char *reason, struct err *err)
{
	struct outbox *outbox = &core->outbox;
	struct flight flight = flights_take(&outbox->flights, i);
	int rc;

	outbox->look = true;
	if (how == NOTIFIED_LATER) {
		flights_failed(&outbox->flights, flight.name, clock_mono_ms());
		rc = try_again(core, &flight, reason, err);
	} else {
		flights_answered(&outbox->flights, flight.name);
		rc = end(core, &flight, how == NOTIFIED_SENT ? NOTICE_SENT : NOTICE_FAILED, reason,
				err);
	}
	free(flight.name);
	return rc;
}

int outbox_notified(struct core *core, const struct msg_notified *msg, struct err *err)
{
	size_t i = flights_find(&core->outbox.flights, (int64_t)msg->id);

	return i < core->outbox.flights.len
			       ? land(core, i, (enum notified)msg->how, msg->reason, err)
			       : 0;
}

/* Egress is alive and has not answered, though it should have. */
static int land_overdue(struct core *core, int64_t now, struct err *err)
{
	for (size_t i = core->outbox.flights.len; i-- > 0;) {
		if (core->outbox.flights.items[i].due_ms <= now &&
				land(core, i, NOTIFIED_LATER, "no answer from egress", err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int64_t next_wait(const struct outbox *outbox, int64_t now)
{
	int64_t next = outbox->look_at;

	for (size_t i = 0; i < outbox->flights.len; i++) {
		int64_t due = outbox->flights.items[i].due_ms;

		next = next == 0 || due < next ? due : next;
	}
	return next == 0 ? -1 : next > now ? next - now : 0;
}

int64_t outbox_tick(struct core *core, struct err *err)
{
	struct outbox *outbox = &core->outbox;
	int64_t now = clock_mono_ms();

	if (land_overdue(core, now, err) < 0) {
		return -2;
	}
	if (!core->egress) {
		return -1;
	}
	if ((outbox->look || (outbox->look_at && outbox->look_at <= now)) &&
			send_all(core, err) < 0) {
		return -2;
	}
	return next_wait(outbox, now);
}

void outbox_egress_new(struct core *core)
{
	outbox_clear(core);
	core->outbox.look = true;
}

/* --- the configuration --- */

struct leavers {
	struct core *core;
	struct strv names; /* receiver and endpoint of each by turns */
};

static void note_leaver(const char *receiver, const char *endpoint, void *arg)
{
	struct leavers *leavers = arg;
	const struct receiver *its = config_receiver(core_config(leavers->core), receiver);

	if (!its || !receiver_endpoint(its, endpoint)) {
		strv_add(&leavers->names, receiver);
		strv_add(&leavers->names, endpoint);
	}
}

int outbox_config_new(struct core *core, struct err *err)
{
	struct leavers leavers = { .core = core };
	int rc = notices_waiting(core->db, note_leaver, &leavers, err);

	for (size_t i = 0; rc == 0 && i < leavers.names.len; i += 2) {
		const struct notice_row row = { .receiver = leavers.names.items[i],
			.endpoint = leavers.names.items[i + 1],
			.reason = "its endpoint is not in the configuration any more",
			.ended_at = clock_wall_ms() };

		log_error("an endpoint left the configuration before it was told",
				LOG_STR("receiver", row.receiver),
				LOG_STR("endpoint", row.endpoint));
		rc = turn_write(&core->turn, err) < 0 ? -1 : notices_forsake(core->db, &row, err);
	}
	strv_clear(&leavers.names);
	core->outbox.look = true;
	return rc;
}
