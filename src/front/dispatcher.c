/* SPDX-License-Identifier: Apache-2.0 */
#include "front/dispatcher.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "front/answer.h"
#include "front/auth.h"
#include "front/fields.h"
#include "front/guard.h"
#include "front/pending.h"
#include "front/rejected.h"
#include "front/route_match.h"
#include "front/webhook.h"
#include "sys/gunzip.h"

#define KEY_MAX     128 /* of an Idempotency-Key */
#define CORE_STAGES (1U << STAGE_DELIVER | 1U << STAGE_QUERY | 1U << STAGE_BODY)

struct dispatcher {
	struct httpd *httpd;
	struct channel *control;
	struct channel *core; /* NULL while there is none */
	struct pendings *pendings;
	struct json_reader *reader;
	struct auth auth;
	char *external_url;
	struct meter meter;
	struct rejected rejected;
};

/* One request on its way to its action. */
struct request {
	struct dispatcher *dispatcher;
	struct httpd_request *http;
	struct route_match match;
	const char *principal;
	const char *key; /* Idempotency-Key, or NULL */
	struct arena *arena;
	struct args args;
};

static struct answer_to answer_to(struct dispatcher *dispatcher, struct httpd_request *http,
		const struct route_row *row)
{
	return (struct answer_to){ &dispatcher->meter, http, row };
}

static void refuse(struct request *request, const struct err *err)
{
	struct answer_to to = answer_to(request->dispatcher, request->http, request->match.row);

	answer_error(&to, err, request->match.allow);
}

/* --- from a request to the core --- */

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static struct again again_in(const struct request *request)
{
	const struct labels *args = &request->args.values;

	return (struct again){ .delivery = request->match.ids[0],
		.dry_run = !strcmp(labels_value(args, "dry_run"), "true"),
		.override_guards = !strcmp(labels_value(args, "force"), "true"),
		.reason = copy(labels_get(args, "reason")),
		.key = copy(request->key) };
}

/* Somebody's answer is needed: wait for it. Returns the id, or 0 after a 503. */
static uint64_t wait_for(struct request *request, enum stage stage)
{
	struct dispatcher *dispatcher = request->dispatcher;
	struct err err;
	struct pending pending = {
		.request = request->http,
		.row = request->match.row,
		.principal = request->principal,
		.stage = stage,
	};
	uint64_t id = 0;

	if (stage == STAGE_BODY) {
		pending.again = again_in(request);
	}

	if (!dispatcher->core && stage != STAGE_RELOAD) {
		err_set(&err, ERR_BUSY, "core is starting");
	} else if (stage == STAGE_DELIVER && pendings_count(dispatcher->pendings, STAGE_DELIVER) >=
							     DISPATCHER_DELIVERIES_MAX) {
		err_set(&err, ERR_BUSY, "too many deliveries at once");
	} else {
		id = pendings_add(dispatcher->pendings, &pending);
		err_set(&err, ERR_BUSY, "too many requests at once");
	}
	if (id == 0) {
		pending_clear(&pending);
		refuse(request, &err);
	}
	return id;
}

/* A delivery that can never succeed: what is not accepted is an alert lost. */
static void reject(struct request *request, const char *body, size_t len, const struct err *err)
{
	struct dispatcher *dispatcher = request->dispatcher;
	uint64_t size = httpd_body_size(request->http);
	char client[HTTPD_PEER_TEXT_MAX];
	struct msg_rejected msg = {
		.principal = request->principal,
		.client = httpd_peer(request->http, client),
		.status = (uint16_t)err_http_status(err->code),
		.error = err->msg,
		.size = size > len ? size : len,
		.body = { (const unsigned char *)body, (uint32_t)len },
	};

	if (!dispatcher->core) {
		log_warn("delivery rejected, its alerts are lost", LOG_STR("client", client),
				LOG_INT("status", msg.status), LOG_STR("error", err->msg));
	}
	rejected_report(&dispatcher->rejected, dispatcher->core, &msg, clock_mono_ms());
	refuse(request, err);
}

/* Decode body and send it to the core, as again says; all 0: it came just now. */
static void deliver(
		struct request *request, const char *body, size_t len, const struct again *again)
{
	struct dispatcher *dispatcher = request->dispatcher;
	struct arena *arena = arena_new();
	struct msg_deliver msg = {
		.principal = request->principal,
		.replay_of = again->delivery,
		.dry_run = again->dry_run,
		.override_guards = again->override_guards,
		.reason = again->reason,
		.key = again->key,
		.body = { (const unsigned char *)body, (uint32_t)len },
	};
	struct err err;

	if (webhook_decode(dispatcher->reader, body, len, clock_wall_ms(), arena, &msg.delivery,
			    &err) < 0) {
		if (again->delivery) {
			refuse(request, &err);
		} else {
			reject(request, body, len, &err);
		}
	} else {
		msg.id = wait_for(request, STAGE_DELIVER);
		if (msg.id != 0) {
			message_send(dispatcher->core, MSG_DELIVER, &msg, -1);
		}
	}
	arena_free(arena);
}

static int check_media(const struct request *request, struct err *err)
{
	return route_match_media(httpd_header(request->http, HEAD_CONTENT_TYPE),
			httpd_has_body(request->http), err);
}

/* As it was before its sender compressed it: body, or inflated. */
static int read_body(const struct request *request, const char **body, size_t *len,
		struct buf *inflated, struct err *err)
{
	bool gzip;

	if (route_match_encoding(httpd_header(request->http, HEAD_CONTENT_ENCODING), &gzip, err) <
			0) {
		return -1;
	}
	if (!gzip) {
		return 0;
	}
	if (gunzip(*body, *len, HTTPD_BODY_MAX, inflated, err) < 0) {
		return -1;
	}
	*body = buf_text(inflated);
	*len = inflated->len;
	return 0;
}

static void do_deliver(struct request *request)
{
	size_t len;
	const char *body = httpd_body(request->http, &len);
	auto_buf struct buf inflated = { 0 };
	struct err err;

	if (check_media(request, &err) < 0 ||
			read_body(request, &body, &len, &inflated, &err) < 0) {
		reject(request, body, len, &err);
	} else {
		deliver(request, body, len, &(struct again){ 0 });
	}
}

static void ask_core(struct request *request, enum stage stage)
{
	struct msg_query msg = {
		.route = request->match.row->id,
		.ids = { request->match.ids[0], request->match.ids[1] },
		.principal = request->principal,
		.key = request->key,
	};

	msg.id = wait_for(request, stage);
	if (msg.id == 0) {
		return;
	}
	if (stage == STAGE_QUERY) {
		msg.args = request->args.values;
		msg.filters = request->args.filters;
		msg.filters_len = request->args.filters_len;
	}
	message_send(request->dispatcher->core, MSG_QUERY, &msg, -1);
}

static void do_query(struct request *request)
{
	ask_core(request, STAGE_QUERY);
}

static void do_replay(struct request *request)
{
	ask_core(request, STAGE_BODY);
}

static void do_reload(struct request *request)
{
	struct msg_reload msg = { .id = wait_for(request, STAGE_RELOAD),
		.principal = request->principal };

	if (msg.id != 0) {
		message_send(request->dispatcher->control, MSG_RELOAD, &msg, -1);
	}
}

static void do_healthy(struct request *request)
{
	struct answer_to to = answer_to(request->dispatcher, request->http, request->match.row);
	struct buf text = { 0 };

	buf_adds(&text, "playbookd is healthy.\n");
	answer_text(&to, request->match.row->answer.media, &text);
}

static void do_index(struct request *request)
{
	struct answer_to to = answer_to(request->dispatcher, request->http, request->match.row);
	struct buf text = { 0 };

	routes_index(&text);
	answer_text(&to, request->match.row->answer.media, &text);
}

static void (*const actions[ACTIONS])(struct request *request) = {
	[ACTION_INDEX] = do_index,
	[ACTION_HEALTHY] = do_healthy,
	[ACTION_DELIVER] = do_deliver,
	[ACTION_READ] = do_query,
	[ACTION_METRICS] = do_query,
	[ACTION_COMMAND] = do_query,
	[ACTION_REPLAY] = do_replay,
	[ACTION_RELOAD] = do_reload,
};

/* --- requests --- */

static bool is_delivery(const struct request *request)
{
	return request->match.row && request->match.row->action == ACTION_DELIVER;
}

/* Who asks for what, and may they? */
static int admit(struct request *request, struct err *err)
{
	struct httpd_request *http = request->http;
	const char *method = httpd_method(http);
	const struct guard_view view = {
		.host = httpd_header(http, HEAD_HOST),
		.origin = httpd_header(http, HEAD_ORIGIN),
		.fetch_site = httpd_header(http, HEAD_SEC_FETCH_SITE),
		.is_unix = httpd_is_unix(http),
		.changes = route_match_changes(method),
		.external_url = request->dispatcher->external_url,
	};

	if (guard_check(&view, err) < 0 ||
			route_match_find(method, httpd_path(http), &request->match, err) < 0) {
		return -1;
	}
	request->principal = auth_check(&request->dispatcher->auth, request->match.row->right,
			httpd_header(http, HEAD_AUTHORIZATION), err);
	return request->principal ? 0 : -1;
}

/* What the head says of the body. That of a webhook is read first, since it is kept if it cannot be
 * taken. */
static int check_body(const struct request *request, struct err *err)
{
	if (httpd_body_too_long(request->http)) {
		return err_set(err, ERR_LIMIT, "the body is longer than %zu bytes", HTTPD_BODY_MAX);
	}
	return route_match_changes(httpd_method(request->http)) ? check_media(request, err) : 0;
}

static void on_begun(void *arg, struct httpd_request *http)
{
	struct request request = { .dispatcher = arg, .http = http };
	struct err err;

	if (admit(&request, &err) < 0) {
		refuse(&request, &err);
	} else if (is_delivery(&request) && httpd_body_arrives(http)) {
		return;
	} else if (check_body(&request, &err) == 0) {
		return;
	} else if (is_delivery(&request)) {
		reject(&request, "", 0, &err);
	} else {
		refuse(&request, &err);
	}
}

/* Is the body for us to read? A webhook's is not. */
static bool has_fields(const struct request *request)
{
	return !is_delivery(request) && route_match_changes(httpd_method(request->http));
}

/* The URL of a webhook may carry anything. */
static int read_query(struct request *request, struct err *err)
{
	if (is_delivery(request)) {
		return 0;
	}
	return args_read(httpd_query(request->http), &request->match.row->args, request->arena,
			&request->args, err);
}

static int read_key(struct request *request, struct err *err)
{
	const char *key = httpd_header(request->http, HEAD_IDEMPOTENCY_KEY);

	for (size_t i = 0; key && (i == 0 || key[i]); i++) {
		if (key[i] <= ' ' || key[i] > '~' || i == KEY_MAX) {
			return err_set(err, ERR_INPUT,
					"Idempotency-Key: expected 1 to %d visible ASCII characters",
					KEY_MAX);
		}
	}
	request->key = key;
	return 0;
}

/* The core takes no approval for one unless it comes with our word for it. */
static int add_seal(struct request *request, struct err *err)
{
	static const struct arg_rule seal_rule = { "seal", ARG_DIGEST, NULL, 0 };
	char text[DIGEST_TEXT_MAX];
	const char *digest = labels_value(&request->args.values, "digest");

	if (request->match.row->id != ROUTE_RUN_APPROVE) {
		return 0;
	}
	auth_seal(&request->dispatcher->auth, digest, text);
	return args_add(&seal_rule, arena_strdup(request->arena, text), request->arena,
			&request->args, err);
}

/* What stands for a name in the path. */
static int read_name(struct request *request, struct err *err)
{
	const struct arg_rule name_rule = { .name = request->match.name_key, .kind = ARG_TEXT };

	return *request->match.name ? args_add(&name_rule, request->match.name, request->arena,
						      &request->args, err)
				    : 0;
}

/* What stands in the body of a command. */
static int read_command(struct request *request, struct err *err)
{
	size_t len = 0;
	const char *body = httpd_body(request->http, &len);

	if (!has_fields(request)) {
		return 0;
	}
	if (read_key(request, err) < 0 ||
			fields_read(request->dispatcher->reader, body, len,
					&request->match.row->fields, request->arena, &request->args,
					err) < 0) {
		return -1;
	}
	return add_seal(request, err);
}

static void on_whole(void *arg, struct httpd_request *http)
{
	struct request request = { .dispatcher = arg, .http = http };
	struct err err;

	if (admit(&request, &err) < 0 ||
			(!is_delivery(&request) && check_body(&request, &err) < 0)) {
		refuse(&request, &err);
		return;
	}
	if (!*httpd_query(http) && !*request.match.name && !has_fields(&request)) {
		actions[request.match.row->action](&request);
		return;
	}
	request.arena = arena_new();
	if (read_query(&request, &err) < 0 || read_name(&request, &err) < 0 ||
			read_command(&request, &err) < 0) {
		refuse(&request, &err);
	} else {
		actions[request.match.row->action](&request);
	}
	args_clear(&request.args);
	arena_free(request.arena);
}

static void on_broken(void *arg, struct httpd_request *http, const struct err *why)
{
	struct request request = { .dispatcher = arg, .http = http };
	struct err ignored;
	size_t len;

	if (httpd_body_too_long(http) && admit(&request, &ignored) == 0 && is_delivery(&request)) {
		const char *body = httpd_body(http, &len);

		reject(&request, body, len, why);
		return;
	}
	route_match_find(httpd_method(http), httpd_path(http), &request.match, &ignored);
	refuse(&request, why);
}

static const struct httpd_ops http_ops = { on_begun, on_whole, on_broken };

/* --- answers --- */

/* The kept body has come: deliver it as if it had been sent now. */
static void replay(struct dispatcher *dispatcher, const struct pending *pending, struct bytes body)
{
	struct request request = {
		.dispatcher = dispatcher,
		.http = pending->request,
		.match = { .row = pending->row },
		.principal = pending->principal,
	};

	deliver(&request, (const char *)body.data, body.len, &pending->again);
}

static void answer_content(struct dispatcher *dispatcher, const struct pending *pending,
		const struct msg_answer *msg)
{
	struct answer_to to = answer_to(dispatcher, pending->request, pending->row);
	struct buf text = { 0 };

	if (!*msg->content_type) {
		answer_data(&to, msg->content);
		return;
	}
	buf_add(&text, msg->content.data, msg->content.len);
	if (pending->row->action == ACTION_METRICS) {
		meter_write(&dispatcher->meter, pendings_len(dispatcher->pendings), &text);
	}
	answer_text(&to, msg->content_type, &text);
}

static void fail_pending(
		struct dispatcher *dispatcher, const struct pending *pending, const struct err *err)
{
	struct answer_to to = answer_to(dispatcher, pending->request, pending->row);

	answer_error(&to, err, NULL);
}

int dispatcher_answer(struct dispatcher *dispatcher, const struct msg_answer *msg, struct err *err)
{
	struct pending pending;
	struct err failure;

	if (msg->code > ERR_BUG) {
		return err_set(err, ERR_INPUT, "answer: code %d", msg->code);
	}
	if (!pendings_take(dispatcher->pendings, msg->id, &pending)) {
		return 0; /* it came too late */
	}
	if (pending.stage == STAGE_RELOAD) {
		err_set(&failure, ERR_BUG, "the core answered for the executor");
		fail_pending(dispatcher, &pending, &failure);
	} else if (msg->code != ERR_NONE) {
		err_set(&failure, msg->code, "%s", msg->error);
		fail_pending(dispatcher, &pending, &failure);
	} else if (pending.stage == STAGE_BODY) {
		replay(dispatcher, &pending, msg->content);
	} else {
		answer_content(dispatcher, &pending, msg);
	}
	pending_clear(&pending);
	return 0;
}

void dispatcher_set_core(struct dispatcher *dispatcher, struct channel *core)
{
	const struct pending *first;
	struct pending pending;
	struct err err;

	dispatcher->core = core;
	err_set(&err, ERR_BUSY, "the core restarted; send again");
	while ((first = pendings_first_of(dispatcher->pendings, CORE_STAGES))) {
		pendings_take(dispatcher->pendings, first->id, &pending);
		fail_pending(dispatcher, &pending, &err);
		pending_clear(&pending);
	}
}

void dispatcher_reloaded(struct dispatcher *dispatcher, const struct msg_reloaded *msg)
{
	struct pending pending;
	struct err failure;

	if (!pendings_take(dispatcher->pendings, msg->id, &pending)) {
		return;
	}
	if (msg->code == ERR_NONE) {
		struct answer_to to = answer_to(dispatcher, pending.request, pending.row);

		answer_data(&to, (struct bytes){ NULL, 0 });
		return;
	}
	err_set(&failure, msg->code, "%s", msg->error);
	fail_pending(dispatcher, &pending, &failure);
}

/* --- the dispatcher itself --- */

struct dispatcher *dispatcher_new(struct loop *loop, struct channel *control)
{
	struct dispatcher *dispatcher = xcalloc(1, sizeof(*dispatcher));

	dispatcher->control = control;
	dispatcher->external_url = xstrdup("");
	dispatcher->pendings = pendings_new();
	dispatcher->reader = json_reader_new();
	dispatcher->httpd = httpd_new(loop, &http_ops, dispatcher);
	return dispatcher;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
	if (!dispatcher) {
		return;
	}
	httpd_free(dispatcher->httpd);
	pendings_free(dispatcher->pendings);
	json_reader_free(dispatcher->reader);
	free(dispatcher->external_url);
	free(dispatcher);
}

void dispatcher_setup(struct dispatcher *dispatcher, const struct msg_setup *msg)
{
	free(dispatcher->external_url);
	dispatcher->external_url = xstrdup(msg->external_url);
	auth_set_token(&dispatcher->auth, msg->operator_token);
}

int dispatcher_listen(struct dispatcher *dispatcher, int fd, struct err *err)
{
	return httpd_listen(dispatcher->httpd, fd, err);
}

/* Answer those that waited too long. Returns the wait until the next, or -1. */
static int64_t expire(struct dispatcher *dispatcher)
{
	int64_t now = clock_mono_ms();
	const struct pending *first;
	struct pending pending;
	struct err err;

	while ((first = pendings_first(dispatcher->pendings)) && first->deadline_ms <= now) {
		pendings_take(dispatcher->pendings, first->id, &pending);
		err_set(&err, ERR_BUSY, "no answer within %d s; send again", PENDING_MAX_MS / 1000);
		fail_pending(dispatcher, &pending, &err);
		pending_clear(&pending);
	}
	return first ? first->deadline_ms - now : -1;
}

int64_t dispatcher_tick(struct dispatcher *dispatcher)
{
	int64_t due = expire(dispatcher);
	int64_t wait = httpd_tick(dispatcher->httpd);

	return due >= 0 && (wait < 0 || due < wait) ? due : wait;
}

void dispatcher_stop(struct dispatcher *dispatcher)
{
	httpd_stop(dispatcher->httpd);
}

bool dispatcher_is_idle(const struct dispatcher *dispatcher)
{
	return httpd_busy(dispatcher->httpd) == 0;
}
