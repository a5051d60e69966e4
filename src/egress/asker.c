/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/asker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "egress/known.h"
#include "egress/listing.h"
#include "sys/httpc.h"

#define LISTED_MAX  256          /* alerts in one message: with UPSTREAM_WHY_MAX they fit */
#define FETCHED_MAX (128 * 1024) /* bytes of alerts in one message, about */

/* Which of its answers a look waits for. */
enum stage { STAGE_STATUS, STAGE_ALERTS, STAGE_SILENCES, STAGES };

static const char *const paths[STAGES] = {
	[STAGE_STATUS] = "/api/v2/status",
	[STAGE_ALERTS] = "/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true",
	[STAGE_SILENCES] = "/api/v2/silences",
};

/* By what an alert is suppressed: names, then what is known of them. */
struct suppression {
	struct listing_names silences;
	struct listing_names inhibitors;
	struct listing_names intervals;
	const char *inhibitor; /* the alert's name; NULL: not known */
};

struct wanted {
	uint8_t identity[DIGEST_SIZE];
	uint8_t state; /* enum upstream_state */
	struct suppression *by;
};

struct silence {
	const char *id;
	const char *created_by; /* NULL: it was not listed */
	const char *comment;
	int64_t ends_at;
};

struct look {
	struct asker *asker;
	struct look *next;
	struct look **prev;
	struct httpc_look *http;
	struct arena *arena; /* of all that follows */
	uint64_t id;
	const char *alertmanager;
	enum stage stage;
	int64_t started_at;
	struct wanted *wanted; /* ASK_ALERTS_MAX; sorted once all are there */
	size_t wanted_len;
	struct ask_group *cuts;
	size_t cuts_len;
	struct silence *silences; /* that suppress, by id */
	size_t silences_len;
	bool inhibited; /* one is, whose inhibitor has a name yet to be found */
	size_t fetched; /* alerts of groups */
	uint64_t left_out;
};

struct asker {
	struct httpc *httpc;
	const struct asker_ops *ops;
	void *arg;
	struct known known;
	struct look *first;
	size_t len;
};

static void look_free(struct look *look)
{
	*look->prev = look->next;
	if (look->next) {
		look->next->prev = look->prev;
	}
	look->asker->len--;
	arena_free(look->arena);
	free(look);
}

/* Report how it ended: error NULL: it answered. */
static void end_look(struct look *look, const char *error)
{
	struct asker *asker = look->asker;
	const struct msg_asked msg = { .id = look->id,
		.answered = error == NULL,
		.error = error ? error : "",
		.started_at = look->started_at,
		.left_out = look->left_out };

	look_free(look);
	asker->ops->asked(asker->arg, &msg);
}

/* --- what is listed --- */

static int by_identity(const void *a, const void *b)
{
	return memcmp(((const struct wanted *)a)->identity, ((const struct wanted *)b)->identity,
			DIGEST_SIZE);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct silence *)a)->id, ((const struct silence *)b)->id);
}

static struct wanted *find_wanted(const struct look *look, const uint8_t identity[DIGEST_SIZE])
{
	struct wanted key;

	if (!look->wanted_len) {
		return NULL;
	}
	memcpy(key.identity, identity, DIGEST_SIZE);
	return bsearch(&key, look->wanted, look->wanted_len, sizeof(key), by_identity);
}

static struct listing_names copy_names(struct look *look, const struct listing_names *names)
{
	struct listing_names copy = { .len = names->len };

	for (size_t i = 0; i < names->len; i++) {
		copy.items[i] = arena_strdup(look->arena, names->items[i]);
	}
	return copy;
}

static void note_suppressed(
		struct look *look, struct wanted *wanted, const struct listing_alert *alert)
{
	wanted->by = arena_alloc(look->arena, sizeof(*wanted->by));
	wanted->by->silences = copy_names(look, &alert->silenced_by);
	wanted->by->inhibitors = copy_names(look, &alert->inhibited_by);
	wanted->by->intervals = copy_names(look, &alert->muted_by);
	look->silences_len += alert->silenced_by.len;
	look->inhibited |= alert->inhibited_by.len > 0;
}

/* --- alerts of groups --- */

/* Alerts that go into one message. */
struct batch {
	struct look *look;
	const struct ask_group *group;
	struct arena *arena;
	struct alert *alerts;
	size_t len, cap;
	size_t bytes;
};

static void send_batch(struct batch *batch)
{
	const struct msg_fetched msg = { .id = batch->look->id,
		.group = batch->group->id,
		.alerts = batch->alerts,
		.alerts_len = batch->len };

	if (batch->len) {
		batch->look->asker->ops->fetched(batch->look->asker->arg, &msg);
	}
	free(batch->alerts);
	arena_free(batch->arena);
	*batch = (struct batch){ .look = batch->look, .group = batch->group, .arena = arena_new() };
}

static size_t bytes_of(const struct labels *labels)
{
	size_t bytes = 0;

	for (size_t i = 0; i < labels->len; i++) {
		bytes += strlen(labels->items[i].name) + strlen(labels->items[i].value) + 10;
	}
	return bytes;
}

static struct labels copy_labels(struct arena *arena, const struct labels *labels)
{
	struct labels copy = { arena_calloc(arena, labels->len, sizeof(*copy.items)), labels->len };

	for (size_t i = 0; i < labels->len; i++) {
		copy.items[i].name = arena_strdup(arena, labels->items[i].name);
		copy.items[i].value = arena_strdup(arena, labels->items[i].value);
	}
	return copy;
}

/* One that is too long goes without its annotations, or not at all. */
static void add_to_batch(struct batch *batch, const struct alert *alert)
{
	struct look *look = batch->look;
	struct labels none = { 0 };
	const struct labels *annotations = &alert->annotations;
	size_t bytes = bytes_of(&alert->labels) + strlen(alert->generator_url) + 200;
	void *items;
	struct alert *slot;

	if (bytes + bytes_of(annotations) > FETCHED_MAX) {
		annotations = &none;
	}
	bytes += bytes_of(annotations);
	if (bytes > FETCHED_MAX || look->fetched == DELIVERY_ALERTS_MAX) {
		look->left_out++;
		return;
	}
	if (batch->bytes + bytes > FETCHED_MAX) {
		send_batch(batch);
	}
	items = batch->alerts;
	slot = mem_push(&items, batch->len, &batch->cap, sizeof(*slot));
	batch->alerts = items;
	batch->len++;
	batch->bytes += bytes;
	look->fetched++;
	*slot = (struct alert){
		.status = ALERT_FIRING,
		.labels = copy_labels(batch->arena, &alert->labels),
		.annotations = copy_labels(batch->arena, annotations),
		.starts_at = alert->starts_at,
		.generator_url = arena_strdup(batch->arena, alert->generator_url),
		.fingerprint = arena_strdup(batch->arena, alert->fingerprint),
	};
}

/* --- the answer with alerts --- */

/* A walk over all of them. */
struct reading {
	struct look *look;
	struct batch batches[ASK_CUTS_MAX];
};

static void on_alert(const struct listing_alert *alert, void *arg)
{
	struct reading *reading = arg;
	struct look *look = reading->look;
	struct wanted *wanted = find_wanted(look, alert->identity);

	if (wanted) {
		wanted->state = alert->state;
	}
	if (wanted && alert->state == UPSTREAM_SUPPRESSED) {
		note_suppressed(look, wanted, alert);
	}
	for (size_t i = 0; i < look->cuts_len && alert->state == UPSTREAM_ACTIVE; i++) {
		if (listing_is_of(alert, look->cuts[i].receiver, &look->cuts[i].labels)) {
			add_to_batch(&reading->batches[i], &alert->alert);
			return;
		}
	}
}

static int read_alerts(struct look *look, const struct httpc_result *result, struct err *err)
{
	struct reading reading = { .look = look };
	int rc;

	for (size_t i = 0; i < look->cuts_len; i++) {
		reading.batches[i] = (struct batch){
			.look = look, .group = &look->cuts[i], .arena = arena_new()
		};
	}
	rc = listing_alerts(result->body, result->body_len, on_alert, &reading, err);
	for (size_t i = 0; i < look->cuts_len; i++) {
		send_batch(&reading.batches[i]);
		arena_free(reading.batches[i].arena);
	}
	return rc;
}

/* An alert that inhibits: its name goes to all that it inhibits. */
static void on_inhibitor(const struct listing_alert *alert, void *arg)
{
	struct look *look = arg;
	const char *name = labels_value(&alert->alert.labels, "alertname");
	const char *place = labels_value(&alert->alert.labels, "instance");

	for (size_t i = 0; i < look->wanted_len; i++) {
		struct suppression *by = look->wanted[i].by;

		if (!by || by->inhibitor || !by->inhibitors.len ||
				strcmp(by->inhibitors.items[0], alert->alert.fingerprint) != 0) {
			continue;
		}
		by->inhibitor = arena_printf(
				look->arena, "%.128s%s%.128s", name, *place ? " on " : "", place);
	}
}

/* The silences that are to be looked up. */
static void collect_silences(struct look *look)
{
	size_t len = 0;

	look->silences = arena_calloc(look->arena, look->silences_len, sizeof(*look->silences));
	for (size_t i = 0; i < look->wanted_len; i++) {
		const struct suppression *by = look->wanted[i].by;

		for (size_t j = 0; by && j < by->silences.len; j++) {
			look->silences[len++].id = by->silences.items[j];
		}
	}
	qsort(look->silences, len, sizeof(*look->silences), by_id);
}

/* Two alerts may be silenced by the same: all its entries are filled in. */
static void on_silence(const struct listing_silence *silence, void *arg)
{
	struct look *look = arg;
	const struct silence key = { .id = silence->id };
	struct silence *found =
			bsearch(&key, look->silences, look->silences_len, sizeof(key), by_id);

	while (found && found > look->silences && by_id(found - 1, &key) == 0) {
		found--;
	}
	for (; found && found < look->silences + look->silences_len && by_id(found, &key) == 0;
			found++) {
		found->created_by = arena_strdup(look->arena, silence->created_by);
		found->comment = arena_strdup(look->arena, silence->comment);
		found->ends_at = silence->ends_at;
	}
}

/* --- what is said of it --- */

/* The one of an alert's silences that lasts longest, or NULL. */
static const struct silence *last_silence(const struct look *look, const struct listing_names *ids)
{
	const struct silence *last = NULL;

	for (size_t i = 0; i < ids->len; i++) {
		const struct silence key = { .id = ids->items[i] };
		const struct silence *found = bsearch(
				&key, look->silences, look->silences_len, sizeof(key), by_id);

		if (found && found->created_by && (!last || found->ends_at > last->ends_at)) {
			last = found;
		}
	}
	return last;
}

/* "2026-11-28T10:00:00Z" */
static const char *time_text(int64_t ms, char *text)
{
	clock_format(ms, text);
	memcpy(text + 19, "Z", 2);
	return text;
}

/* Text that somebody wrote, as one line. */
static void add_line(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	uint32_t code;
	size_t n;

	for (size_t at = 0; at < len && (n = utf8_next(text + at, len - at, &code)); at += n) {
		if (utf8_is_control(code)) {
			buf_addch(out, ' ');
		} else {
			buf_add(out, text + at, n);
		}
	}
}

static void say_silence(const struct silence *silence, struct buf *out)
{
	char text[CLOCK_TEXT_MAX];

	buf_adds(out, "silenced in Alertmanager");
	if (!silence) {
		return;
	}
	buf_adds(out, *silence->created_by ? " by " : "");
	add_line(out, silence->created_by);
	buf_addf(out, " until %s", time_text(silence->ends_at, text));
	buf_adds(out, *silence->comment ? ": " : "");
	add_line(out, silence->comment);
}

/* In words, and until when. */
static int64_t say_why(const struct look *look, const struct suppression *by, struct buf *out)
{
	const struct silence *silence = last_silence(look, &by->silences);

	if (by->silences.len) {
		say_silence(silence, out);
		return silence ? silence->ends_at : 0;
	}
	if (by->inhibitors.len) {
		buf_adds(out, "inhibited in Alertmanager by ");
		add_line(out, by->inhibitor ? by->inhibitor : "another alert");
		return 0;
	}
	buf_adds(out, "muted in Alertmanager by a time interval");
	for (size_t i = 0; i < by->intervals.len; i++) {
		buf_adds(out, i ? ", " : ": ");
		add_line(out, by->intervals.items[i]);
	}
	return 0;
}

/* At most UPSTREAM_WHY_MAX - 1 bytes of it, whole characters. */
static const char *shorten(struct arena *arena, const struct buf *why)
{
	size_t len = why->len < UPSTREAM_WHY_MAX ? why->len : UPSTREAM_WHY_MAX - 1;

	while (len < why->len && len > 0 && (why->data[len] & 0xC0) == 0x80) {
		len--;
	}
	return arena_strndup(arena, buf_text(why), len);
}

static void send_listed(struct look *look)
{
	struct listed *rows = arena_calloc(look->arena, LISTED_MAX, sizeof(*rows));
	struct msg_listed msg = { .id = look->id, .alerts = rows };
	auto_buf struct buf why = { 0 };

	for (size_t i = 0; i < look->wanted_len; i++) {
		const struct wanted *wanted = &look->wanted[i];
		struct listed *row = &rows[msg.alerts_len];

		if (wanted->state == UPSTREAM_NOT_LISTED) {
			continue;
		}
		*row = (struct listed){ .state = wanted->state, .why = "" };
		memcpy(row->identity, wanted->identity, DIGEST_SIZE);
		if (wanted->state == UPSTREAM_SUPPRESSED) {
			buf_reset(&why);
			row->until = say_why(look, wanted->by, &why);
			row->why = shorten(look->arena, &why);
		}
		if (++msg.alerts_len == LISTED_MAX) {
			look->asker->ops->listed(look->asker->arg, &msg);
			msg.alerts_len = 0;
		}
	}
	if (msg.alerts_len) {
		look->asker->ops->listed(look->asker->arg, &msg);
	}
}

/* --- its requests --- */

static const struct endpoint *find_alertmanager(const struct asker *asker, const char *name)
{
	const struct msg_receivers *all = &asker->known.all;

	for (size_t i = 0; i < all->alertmanagers_len; i++) {
		if (strcmp(all->alertmanagers[i].http.name, name) == 0) {
			return &all->alertmanagers[i].http;
		}
	}
	return NULL;
}

static void on_done(void *arg, const struct httpc_result *result);

static int request(struct look *look, enum stage stage, struct err *err)
{
	const struct endpoint *http = find_alertmanager(look->asker, look->alertmanager);
	auto_free char *authorization = NULL;
	auto_free char *url = NULL;

	if (!http) {
		return err_set(err, ERR_NOT_FOUND, "egress does not know this Alertmanager yet");
	}
	authorization = http->credentials ? xasprintf("%s %s", http->auth_type, http->credentials)
					  : NULL;
	url = xasprintf("%s%s", http->url, paths[stage]);

	const struct httpc_send send = {
		.authorization = authorization,
		.username = http->username,
		.password = http->password,
		.ca = http->ca,
	};
	const struct httpc_request get = {
		.url = url,
		.send = &send,
		.timeout_ms = http->timeout_ms,
		.body_max = ASKER_BODY_MAX,
		.done = on_done,
		.arg = look,
	};

	look->stage = stage;
	look->http = httpc_start(look->asker->httpc, &get, err);
	if (authorization) {
		explicit_bzero(authorization, strlen(authorization));
	}
	return look->http ? 0 : -1;
}

static void finish(struct look *look)
{
	send_listed(look);
	end_look(look, NULL);
}

/* What an answer means, and what is asked next; 1: nothing, all is known. */
static int take_answer(struct look *look, const struct httpc_result *result, struct err *err)
{
	switch (look->stage) {
	case STAGE_STATUS:
		return listing_status(result->body, result->body_len, &look->started_at, err) < 0
				       ? -1
				       : request(look, STAGE_ALERTS, err);
	case STAGE_ALERTS:
		if (read_alerts(look, result, err) < 0) {
			return -1;
		}
		if (look->inhibited) {
			listing_alerts(result->body, result->body_len, on_inhibitor, look, err);
		}
		collect_silences(look);
		return look->silences_len ? request(look, STAGE_SILENCES, err) : 1;
	case STAGE_SILENCES:
		return listing_silences(result->body, result->body_len, on_silence, look, err) < 0
				       ? -1
				       : 1;
	case STAGES:
		break;
	}
	return -1;
}

/* By whom it is silenced may remain unsaid; that it is, is known. */
static void give_up(struct look *look, const struct err *err)
{
	char error[ERR_MSG_MAX];

	if (look->stage == STAGE_SILENCES) {
		finish(look);
		return;
	}
	memcpy(error, err->msg, sizeof(error));
	end_look(look, error);
}

static void on_done(void *arg, const struct httpc_result *result)
{
	struct look *look = arg;
	struct err err = { 0 };
	int rc;

	look->http = NULL;
	if (!result->ok) {
		rc = err_set(&err, ERR_IO, "%s", result->error);
	} else if (result->status != 200) {
		rc = err_set(&err, ERR_IO, "status %d", result->status);
	} else {
		rc = take_answer(look, result, &err);
	}
	if (rc == 1) {
		finish(look);
	} else if (rc < 0) {
		err_wrap(&err, "%.*s", (int)strcspn(paths[look->stage], "?"), paths[look->stage]);
		give_up(look, &err);
	}
}

/* --- looks --- */

static struct look *find_look(const struct asker *asker, uint64_t id)
{
	struct look *look = asker->first;

	while (look && look->id != id) {
		look = look->next;
	}
	return look;
}

static struct look *look_new(struct asker *asker, const struct msg_ask *msg)
{
	struct look *look = xcalloc(1, sizeof(*look));

	look->asker = asker;
	look->id = msg->id;
	look->arena = arena_new();
	look->alertmanager = arena_strdup(look->arena, msg->alertmanager);
	look->wanted = arena_calloc(look->arena, ASK_ALERTS_MAX, sizeof(*look->wanted));
	look->next = asker->first;
	look->prev = &asker->first;
	if (look->next) {
		look->next->prev = &look->next;
	}
	asker->first = look;
	asker->len++;
	return look;
}

static void add_cuts(struct look *look, const struct msg_ask *msg)
{
	look->cuts_len = msg->cuts_len;
	look->cuts = arena_calloc(look->arena, msg->cuts_len, sizeof(*look->cuts));
	for (size_t i = 0; i < msg->cuts_len; i++) {
		look->cuts[i].id = msg->cuts[i].id;
		look->cuts[i].receiver = arena_strdup(look->arena, msg->cuts[i].receiver);
		look->cuts[i].labels = copy_labels(look->arena, &msg->cuts[i].labels);
	}
}

int asker_ask(struct asker *asker, const struct msg_ask *msg, struct err *err)
{
	struct look *look = find_look(asker, msg->id);
	size_t len = msg->identities.len / DIGEST_SIZE;
	size_t before = look ? look->wanted_len : 0;
	struct err why;

	if (msg->identities.len % DIGEST_SIZE || len > ASK_ALERTS_MAX - before ||
			msg->cuts_len > ASK_CUTS_MAX || (look && look->http) ||
			(!look && asker->len == ASKER_LOOKS_MAX)) {
		return err_set(err, ERR_INPUT, "ask: too much at once");
	}
	look = look ? look : look_new(asker, msg);
	for (size_t i = 0; i < len; i++) {
		memcpy(look->wanted[look->wanted_len++].identity,
				msg->identities.data + i * DIGEST_SIZE, DIGEST_SIZE);
	}
	if (msg->more) {
		return 0;
	}
	qsort(look->wanted, look->wanted_len, sizeof(*look->wanted), by_identity);
	add_cuts(look, msg);
	if (request(look, STAGE_STATUS, &why) < 0) {
		end_look(look, why.msg);
	}
	return 0;
}

void asker_cancel(struct asker *asker)
{
	while (asker->first) {
		httpc_cancel(asker->first->http);
		look_free(asker->first);
	}
}

void asker_alertmanagers(struct asker *asker, const struct msg_receivers *known)
{
	known_set(&asker->known, known);
}

struct asker *asker_new(struct loop *loop, const struct asker_ops *ops, void *arg, struct err *err)
{
	struct httpc *httpc = httpc_new(loop, err);
	struct asker *asker;

	if (!httpc) {
		return NULL;
	}
	asker = xcalloc(1, sizeof(*asker));
	asker->httpc = httpc;
	asker->ops = ops;
	asker->arg = arg;
	return asker;
}

void asker_free(struct asker *asker)
{
	if (asker) {
		asker_cancel(asker);
		httpc_free(asker->httpc);
		known_clear(&asker->known);
		free(asker);
	}
}

int64_t asker_tick(struct asker *asker)
{
	return httpc_tick(asker->httpc);
}
