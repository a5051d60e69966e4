#include "front/desk.h"

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
#include "front/route_match.h"
#include "front/webhook.h"

#define KEY_MAX     128 /* of an Idempotency-Key */
#define CORE_STAGES (1U << STAGE_DELIVER | 1U << STAGE_QUERY | 1U << STAGE_BODY)

struct desk {
	struct httpd *httpd;
	struct channel *control;
	struct channel *core; /* NULL while there is none */
	struct pendings *pendings;
	struct json_reader *reader;
	struct auth auth;
	char *external_url;
	struct meter meter;
};

/* One request on its way to its deed. */
struct exchange {
	struct desk *desk;
	struct httpd_request *request;
	struct route_match match;
	const char *principal;
	const char *key; /* Idempotency-Key, or NULL */
	struct arena *arena;
	struct args args;
};

static struct answer_to answer_to(
		struct desk *desk, struct httpd_request *request, const struct route_row *row)
{
	return (struct answer_to){ &desk->meter, request, row };
}

static void refuse(struct exchange *x, const struct err *err)
{
	struct answer_to to = answer_to(x->desk, x->request, x->match.row);

	answer_error(&to, err, x->match.allow);
}

/* --- from a request to the core --- */

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static struct again again_in(const struct exchange *x)
{
	const struct labels *args = &x->args.values;

	return (struct again){ .delivery = x->match.ids[0],
		.dry_run = !strcmp(labels_value(args, "dry_run"), "true"),
		.forced = !strcmp(labels_value(args, "force"), "true"),
		.reason = copy(labels_get(args, "reason")),
		.key = copy(x->key) };
}

/* Somebody's answer is needed: wait for it. Returns the id, or 0 after a 503. */
static uint64_t wait_for(struct exchange *x, enum stage stage)
{
	struct desk *desk = x->desk;
	struct err err;
	struct pending pending = {
		.request = x->request,
		.row = x->match.row,
		.principal = x->principal,
		.stage = stage,
	};
	uint64_t id = 0;

	if (stage == STAGE_BODY) {
		pending.again = again_in(x);
	}

	if (!desk->core && stage != STAGE_RELOAD) {
		err_set(&err, ERR_BUSY, "core is starting");
	} else if (stage == STAGE_DELIVER &&
			pendings_count(desk->pendings, STAGE_DELIVER) >= DESK_DELIVERIES_MAX) {
		err_set(&err, ERR_BUSY, "too many deliveries at once");
	} else {
		id = pendings_add(desk->pendings, &pending);
		err_set(&err, ERR_BUSY, "too many requests at once");
	}
	if (id == 0) {
		pending_clear(&pending);
		refuse(x, &err);
	}
	return id;
}

/* What is not accepted is an alert lost, when its sender does not try again. */
static void refuse_delivery(struct exchange *x, const struct err *err)
{
	char peer[HTTPD_PEER_TEXT_MAX];

	log_warn("delivery refused", LOG_STR("peer", httpd_peer(x->request, peer)),
			LOG_STR("error", err->msg));
	refuse(x, err);
}

/* Decode body and send it to the core, as again says; all 0: it came just now. */
static void deliver(struct exchange *x, const char *body, size_t len, const struct again *again)
{
	struct desk *desk = x->desk;
	struct arena *arena = arena_new();
	struct msg_deliver msg = {
		.principal = x->principal,
		.replay_of = again->delivery,
		.dry_run = again->dry_run,
		.forced = again->forced,
		.reason = again->reason,
		.key = again->key,
		.body = { (const unsigned char *)body, (uint32_t)len },
	};
	struct err err;

	if (webhook_decode(desk->reader, body, len, clock_wall_ms(), arena, &msg.delivery, &err) <
			0) {
		refuse_delivery(x, &err);
	} else {
		msg.id = wait_for(x, STAGE_DELIVER);
		if (msg.id != 0) {
			message_send(desk->core, MSG_DELIVER, &msg, -1);
		}
	}
	arena_free(arena);
}

static void do_deliver(struct exchange *x)
{
	size_t len;
	const char *body = httpd_body(x->request, &len);

	deliver(x, body, len, &(struct again){ 0 });
}

static void ask_core(struct exchange *x, enum stage stage)
{
	struct msg_query msg = {
		.route = x->match.row->id,
		.ids = { x->match.ids[0], x->match.ids[1] },
		.principal = x->principal,
		.key = x->key,
	};

	msg.id = wait_for(x, stage);
	if (msg.id == 0) {
		return;
	}
	if (stage == STAGE_QUERY) {
		msg.args = x->args.values;
		msg.filters = x->args.filters;
		msg.filters_len = x->args.filters_len;
	}
	message_send(x->desk->core, MSG_QUERY, &msg, -1);
}

static void do_query(struct exchange *x)
{
	ask_core(x, STAGE_QUERY);
}

static void do_replay(struct exchange *x)
{
	ask_core(x, STAGE_BODY);
}

static void do_reload(struct exchange *x)
{
	struct msg_reload msg = { .id = wait_for(x, STAGE_RELOAD), .principal = x->principal };

	if (msg.id != 0) {
		message_send(x->desk->control, MSG_RELOAD, &msg, -1);
	}
}

static void do_healthy(struct exchange *x)
{
	struct answer_to to = answer_to(x->desk, x->request, x->match.row);
	struct buf text = { 0 };

	buf_adds(&text, "playbookd is healthy.\n");
	answer_text(&to, "text/plain; charset=utf-8", &text);
}

static void do_index(struct exchange *x)
{
	struct answer_to to = answer_to(x->desk, x->request, x->match.row);
	struct buf text = { 0 };

	routes_index(&text);
	answer_text(&to, "text/plain; charset=utf-8", &text);
}

static void (*const actions[ACTIONS])(struct exchange *x) = {
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

/* All that can be said before the body is there. */
static int admit(struct exchange *x, struct err *err)
{
	struct httpd_request *request = x->request;
	const char *method = httpd_method(request);
	const struct guard_view view = {
		.host = httpd_header(request, HEAD_HOST),
		.origin = httpd_header(request, HEAD_ORIGIN),
		.fetch_site = httpd_header(request, HEAD_SEC_FETCH_SITE),
		.is_unix = httpd_is_unix(request),
		.changes = route_match_changes(method),
		.external_url = x->desk->external_url,
	};

	if (guard_check(&view, err) < 0 ||
			route_match_find(method, httpd_path(request), &x->match, err) < 0) {
		return -1;
	}
	x->principal = auth_check(&x->desk->auth, x->match.row->right,
			httpd_header(request, HEAD_AUTHORIZATION), err);
	if (!x->principal) {
		return -1;
	}
	if (httpd_body_too_long(request)) {
		return err_set(err, ERR_LIMIT, "the body is longer than %zu bytes", HTTPD_BODY_MAX);
	}
	return view.changes ? route_match_media(httpd_header(request, HEAD_CONTENT_TYPE),
					      httpd_has_body(request), err)
			    : 0;
}

static void on_begun(void *arg, struct httpd_request *request)
{
	struct exchange x = { .desk = arg, .request = request };
	struct err err;

	if (admit(&x, &err) < 0) {
		refuse(&x, &err);
	}
}

/* Is the body for us to read? A webhook's is not. */
static bool has_fields(const struct exchange *x)
{
	return x->match.row->action != ACTION_DELIVER &&
	       route_match_changes(httpd_method(x->request));
}

static int read_query(struct exchange *x, struct err *err)
{
	return args_read(httpd_query(x->request), &x->match.row->args, x->arena, &x->args, err);
}

static int read_key(struct exchange *x, struct err *err)
{
	const char *key = httpd_header(x->request, HEAD_IDEMPOTENCY_KEY);

	for (size_t i = 0; key && (i == 0 || key[i]); i++) {
		if (key[i] <= ' ' || key[i] > '~' || i == KEY_MAX) {
			return err_set(err, ERR_INPUT,
					"Idempotency-Key: expected 1 to %d visible ASCII "
					"characters",
					KEY_MAX);
		}
	}
	x->key = key;
	return 0;
}

/* The core takes no approval for one unless it comes with our word for it. */
static int add_seal(struct exchange *x, struct err *err)
{
	static const struct arg_rule seal_rule = { "seal", ARG_DIGEST, NULL, 0 };
	char text[DIGEST_TEXT_MAX];
	const char *digest = labels_value(&x->args.values, "digest");

	if (x->match.row->id != ROUTE_RUN_APPROVE) {
		return 0;
	}
	auth_seal(&x->desk->auth, digest, text);
	return args_add(&seal_rule, arena_strdup(x->arena, text), x->arena, &x->args, err);
}

/* What stands for a name in the path. */
static int read_name(struct exchange *x, struct err *err)
{
	const struct arg_rule name_rule = { .name = x->match.name_key, .kind = ARG_TEXT };

	return *x->match.name ? args_add(&name_rule, x->match.name, x->arena, &x->args, err) : 0;
}

/* What stands in the body of an order. */
static int read_order(struct exchange *x, struct err *err)
{
	size_t len = 0;
	const char *body = httpd_body(x->request, &len);

	if (!has_fields(x)) {
		return 0;
	}
	if (read_key(x, err) < 0 || fields_read(x->desk->reader, body, len, &x->match.row->fields,
						    x->arena, &x->args, err) < 0) {
		return -1;
	}
	return add_seal(x, err);
}

static void on_whole(void *arg, struct httpd_request *request)
{
	struct exchange x = { .desk = arg, .request = request };
	struct err err;

	if (admit(&x, &err) < 0) {
		refuse(&x, &err);
		return;
	}
	if (!*httpd_query(request) && !*x.match.name && !has_fields(&x)) {
		actions[x.match.row->action](&x);
		return;
	}
	x.arena = arena_new();
	if (read_query(&x, &err) < 0 || read_name(&x, &err) < 0 || read_order(&x, &err) < 0) {
		refuse(&x, &err);
	} else {
		actions[x.match.row->action](&x);
	}
	args_clear(&x.args);
	arena_free(x.arena);
}

static void on_broken(void *arg, struct httpd_request *request, const struct err *why)
{
	struct exchange x = { .desk = arg, .request = request };
	struct err ignored;

	route_match_find(httpd_method(request), httpd_path(request), &x.match, &ignored);
	refuse(&x, why);
}

static const struct httpd_ops http_ops = { on_begun, on_whole, on_broken };

/* --- answers --- */

/* The kept body has come: deliver it as if it had been sent now. */
static void replay(struct desk *desk, const struct pending *pending, struct bytes body)
{
	struct exchange x = {
		.desk = desk,
		.request = pending->request,
		.match = { .row = pending->row },
		.principal = pending->principal,
	};

	deliver(&x, (const char *)body.data, body.len, &pending->again);
}

static void answer_content(
		struct desk *desk, const struct pending *pending, const struct msg_answer *msg)
{
	struct answer_to to = answer_to(desk, pending->request, pending->row);
	struct buf text = { 0 };

	if (!*msg->content_type) {
		answer_data(&to, msg->content);
		return;
	}
	buf_add(&text, msg->content.data, msg->content.len);
	if (pending->row->action == ACTION_METRICS) {
		meter_write(&desk->meter, pendings_len(desk->pendings), &text);
	}
	answer_text(&to, msg->content_type, &text);
}

static void fail_pending(struct desk *desk, const struct pending *pending, const struct err *err)
{
	struct answer_to to = answer_to(desk, pending->request, pending->row);

	answer_error(&to, err, NULL);
}

int desk_answer(struct desk *desk, const struct msg_answer *msg, struct err *err)
{
	struct pending pending;
	struct err failure;

	if (msg->code > ERR_BUG) {
		return err_set(err, ERR_INPUT, "answer: code %d", msg->code);
	}
	if (!pendings_take(desk->pendings, msg->id, &pending)) {
		return 0; /* it came too late */
	}
	if (pending.stage == STAGE_RELOAD) {
		err_set(&failure, ERR_BUG, "the core answered for the executor");
		fail_pending(desk, &pending, &failure);
	} else if (msg->code != ERR_NONE) {
		err_set(&failure, msg->code, "%s", msg->error);
		fail_pending(desk, &pending, &failure);
	} else if (pending.stage == STAGE_BODY) {
		replay(desk, &pending, msg->content);
	} else {
		answer_content(desk, &pending, msg);
	}
	pending_clear(&pending);
	return 0;
}

void desk_set_core(struct desk *desk, struct channel *core)
{
	const struct pending *first;
	struct pending pending;
	struct err err;

	desk->core = core;
	err_set(&err, ERR_BUSY, "the core restarted; send again");
	while ((first = pendings_first_of(desk->pendings, CORE_STAGES))) {
		pendings_take(desk->pendings, first->id, &pending);
		fail_pending(desk, &pending, &err);
		pending_clear(&pending);
	}
}

/* The report is a line for each mistake; an answer is one line. */
static void report_error(const char *report, struct err *err)
{
	err_set(err, ERR_INPUT, "the configuration was not taken, the old one stays in force: %s",
			report);
	for (char *c = err->msg; *c; c++) {
		if (*c == '\n') {
			*c = c[1] ? ';' : '\0';
		}
	}
}

void desk_reloaded(struct desk *desk, const struct msg_reloaded *msg)
{
	struct pending pending;
	struct err failure;

	if (!pendings_take(desk->pendings, msg->id, &pending)) {
		return;
	}
	if (msg->ok) {
		struct answer_to to = answer_to(desk, pending.request, pending.row);

		answer_data(&to, (struct bytes){ NULL, 0 });
		return;
	}
	report_error(msg->report, &failure);
	fail_pending(desk, &pending, &failure);
}

/* --- the desk itself --- */

struct desk *desk_new(struct loop *loop, struct channel *control)
{
	struct desk *desk = xcalloc(1, sizeof(*desk));

	desk->control = control;
	desk->external_url = xstrdup("");
	desk->pendings = pendings_new();
	desk->reader = json_reader_new();
	desk->httpd = httpd_new(loop, &http_ops, desk);
	return desk;
}

void desk_free(struct desk *desk)
{
	if (!desk) {
		return;
	}
	httpd_free(desk->httpd);
	pendings_free(desk->pendings);
	json_reader_free(desk->reader);
	free(desk->external_url);
	free(desk);
}

void desk_setup(struct desk *desk, const struct msg_setup *msg)
{
	free(desk->external_url);
	desk->external_url = xstrdup(msg->external_url);
	auth_set_token(&desk->auth, msg->operator_token);
}

int desk_listen(struct desk *desk, int fd, struct err *err)
{
	return httpd_listen(desk->httpd, fd, err);
}

/* Answer those that waited too long. Returns the wait until the next, or -1. */
static int64_t expire(struct desk *desk)
{
	int64_t now = clock_mono_ms();
	const struct pending *first;
	struct pending pending;
	struct err err;

	while ((first = pendings_first(desk->pendings)) && first->deadline_ms <= now) {
		pendings_take(desk->pendings, first->id, &pending);
		err_set(&err, ERR_BUSY, "no answer within %d s; send again", PENDING_MAX_MS / 1000);
		fail_pending(desk, &pending, &err);
		pending_clear(&pending);
	}
	return first ? first->deadline_ms - now : -1;
}

int64_t desk_tick(struct desk *desk)
{
	int64_t due = expire(desk);
	int64_t wait = httpd_tick(desk->httpd);

	return due >= 0 && (wait < 0 || due < wait) ? due : wait;
}

void desk_stop(struct desk *desk)
{
	httpd_stop(desk->httpd);
}

bool desk_is_idle(const struct desk *desk)
{
	return httpd_busy(desk->httpd) == 0;
}
