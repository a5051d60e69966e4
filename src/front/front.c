#include "front/front.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "front/answer.h"
#include "front/auth.h"
#include "front/guard.h"
#include "front/pending.h"
#include "front/webhook.h"
#include "sys/channel.h"

#define STOP_MAX_MS 15000
#define FILES_MAX   20000 /* descriptors that all listeners' connections may need */
#define CORE_STAGES (1U << STAGE_DELIVER | 1U << STAGE_QUERY | 1U << STAGE_BODY)

struct front {
	struct loop *loop;
	struct httpd *httpd;
	struct channel *control;
	struct channel *core; /* NULL while there is none */
	struct pendings *pendings;
	struct json_reader *reader;
	struct auth auth;
	char *external_url;
	struct meter meter;
	int64_t stop_by_ms; /* 0: not stopping */
};

/* One request on its way to its deed. */
struct exchange {
	struct front *front;
	struct httpd_request *request;
	struct route_match match;
	const char *principal;
	struct arena *arena;
	struct args args;
};

static struct answer_to answer_to(
		struct front *front, struct httpd_request *request, const struct route_row *row)
{
	return (struct answer_to){ &front->meter, request, row };
}

static void refuse(struct exchange *x, const struct err *err)
{
	struct answer_to to = answer_to(x->front, x->request, x->match.row);

	answer_error(&to, err, x->match.allow);
}

/* --- from a request to the core --- */

/* Somebody's answer is needed: wait for it. Returns the id, or 0 after a 503. */
static uint64_t wait_for(struct exchange *x, enum stage stage, bool dry_run)
{
	struct front *front = x->front;
	struct err err;
	struct pending pending = {
		.request = x->request,
		.row = x->match.row,
		.principal = x->principal,
		.stage = stage,
		.delivery = x->match.ids[0],
		.dry_run = dry_run,
	};
	uint64_t id = 0;

	if (!front->core && stage != STAGE_RELOAD) {
		err_set(&err, ERR_BUSY, "core is starting");
	} else if (stage == STAGE_DELIVER &&
			pendings_count(front->pendings, STAGE_DELIVER) >= FRONT_DELIVERIES_MAX) {
		err_set(&err, ERR_BUSY, "too many deliveries at once");
	} else {
		id = pendings_add(front->pendings, &pending);
		err_set(&err, ERR_BUSY, "too many requests at once");
	}
	if (id == 0) {
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

/* Decode body and send it to the core. replay_of 0: it came just now. */
static void deliver(
		struct exchange *x, const char *body, size_t len, uint64_t replay_of, bool dry_run)
{
	struct front *front = x->front;
	struct arena *arena = arena_new();
	struct msg_deliver msg = {
		.principal = x->principal,
		.replay_of = replay_of,
		.dry_run = dry_run,
		.body = { (const unsigned char *)body, (uint32_t)len },
	};
	struct err err;

	if (webhook_decode(front->reader, body, len, clock_wall_ms(), arena, &msg.delivery, &err) <
			0) {
		refuse_delivery(x, &err);
	} else {
		msg.id = wait_for(x, STAGE_DELIVER, dry_run);
		if (msg.id != 0) {
			message_send(front->core, MSG_DELIVER, &msg, -1);
		}
	}
	arena_free(arena);
}

static void do_deliver(struct exchange *x)
{
	size_t len;
	const char *body = httpd_body(x->request, &len);

	deliver(x, body, len, 0, false);
}

static void ask_core(struct exchange *x, enum stage stage, bool dry_run)
{
	struct msg_query msg = {
		.route = x->match.row->query,
		.ids = { x->match.ids[0], x->match.ids[1] },
		.principal = x->principal,
	};

	msg.id = wait_for(x, stage, dry_run);
	if (msg.id == 0) {
		return;
	}
	if (stage == STAGE_QUERY) {
		msg.args = x->args.values;
		msg.filters = x->args.filters;
		msg.filters_len = x->args.filters_len;
	}
	message_send(x->front->core, MSG_QUERY, &msg, -1);
}

static void do_query(struct exchange *x)
{
	ask_core(x, STAGE_QUERY, false);
}

static void do_replay(struct exchange *x)
{
	ask_core(x, STAGE_BODY, !strcmp(labels_value(&x->args.values, "dry_run"), "true"));
}

static void do_reload(struct exchange *x)
{
	struct msg_reload msg = { .id = wait_for(x, STAGE_RELOAD, false) };

	if (msg.id != 0) {
		message_send(x->front->control, MSG_RELOAD, &msg, -1);
	}
}

static void do_healthy(struct exchange *x)
{
	struct answer_to to = answer_to(x->front, x->request, x->match.row);
	struct buf text = { 0 };

	buf_adds(&text, "playbookd is healthy.\n");
	answer_text(&to, "text/plain; charset=utf-8", &text);
}

static void do_index(struct exchange *x)
{
	struct answer_to to = answer_to(x->front, x->request, x->match.row);
	struct buf text = { 0 };

	route_index(&text);
	answer_text(&to, "text/plain; charset=utf-8", &text);
}

static void (*const deeds[DEEDS])(struct exchange *x) = {
	[DEED_DELIVER] = do_deliver,
	[DEED_QUERY] = do_query,
	[DEED_METRICS] = do_query,
	[DEED_REPLAY] = do_replay,
	[DEED_RELOAD] = do_reload,
	[DEED_HEALTHY] = do_healthy,
	[DEED_INDEX] = do_index,
};

/* --- requests --- */

/* All that can be said before the body is there. */
static int admit(struct exchange *x, struct err *err)
{
	struct httpd_request *request = x->request;
	const char *method = httpd_method(request);
	const struct guard_view view = {
		.host = httpd_header(request, HTTPD_HOST),
		.origin = httpd_header(request, HTTPD_ORIGIN),
		.fetch_site = httpd_header(request, HTTPD_SEC_FETCH_SITE),
		.is_unix = httpd_is_unix(request),
		.changes = route_method_changes(method),
		.external_url = x->front->external_url,
	};

	if (guard_check(&view, err) < 0 ||
			route_find(method, httpd_path(request), &x->match, err) < 0) {
		return -1;
	}
	x->principal = auth_check(&x->front->auth, x->match.row->right,
			httpd_header(request, HTTPD_AUTHORIZATION), err);
	if (!x->principal) {
		return -1;
	}
	if (httpd_body_too_long(request)) {
		return err_set(err, ERR_LIMIT, "the body is longer than %zu bytes", HTTPD_BODY_MAX);
	}
	return view.changes ? route_media(httpd_header(request, HTTPD_CONTENT_TYPE),
					      httpd_has_body(request), err)
			    : 0;
}

static void on_begun(void *arg, struct httpd_request *request)
{
	struct exchange x = { .front = arg, .request = request };
	struct err err;

	if (admit(&x, &err) < 0) {
		refuse(&x, &err);
	}
}

static void on_whole(void *arg, struct httpd_request *request)
{
	struct exchange x = { .front = arg, .request = request };
	const char *query = httpd_query(request);
	struct err err;

	if (admit(&x, &err) < 0) {
		refuse(&x, &err);
		return;
	}
	if (!*query) {
		deeds[x.match.row->deed](&x);
		return;
	}
	x.arena = arena_new();
	if (args_read(query, x.match.row->args, x.match.row->args_len, x.arena, &x.args, &err) <
			0) {
		refuse(&x, &err);
	} else {
		deeds[x.match.row->deed](&x);
	}
	args_clear(&x.args);
	arena_free(x.arena);
}

static void on_broken(void *arg, struct httpd_request *request, const struct err *why)
{
	struct exchange x = { .front = arg, .request = request };
	struct err ignored;

	route_find(httpd_method(request), httpd_path(request), &x.match, &ignored);
	refuse(&x, why);
}

static const struct httpd_ops http_ops = { on_begun, on_whole, on_broken };

/* --- answers --- */

/* The kept body has come: deliver it as if it had been sent now. */
static void replay(struct front *front, const struct pending *pending, struct bytes body)
{
	struct exchange x = {
		.front = front,
		.request = pending->request,
		.match = { .row = pending->row, .ids = { pending->delivery } },
		.principal = pending->principal,
	};

	deliver(&x, (const char *)body.data, body.len, pending->delivery, pending->dry_run);
}

static void answer_content(
		struct front *front, const struct pending *pending, const struct msg_answer *msg)
{
	struct answer_to to = answer_to(front, pending->request, pending->row);
	struct buf text = { 0 };

	if (!*msg->content_type) {
		answer_data(&to, msg->content);
		return;
	}
	buf_add(&text, msg->content.data, msg->content.len);
	if (pending->row->deed == DEED_METRICS) {
		meter_write(&front->meter, pendings_len(front->pendings), &text);
	}
	answer_text(&to, msg->content_type, &text);
}

static void fail_pending(struct front *front, const struct pending *pending, const struct err *err)
{
	struct answer_to to = answer_to(front, pending->request, pending->row);

	answer_error(&to, err, NULL);
}

static int on_answer(void *arg, const void *payload, int fd, struct err *err)
{
	struct front *front = arg;
	const struct msg_answer *msg = payload;
	struct pending pending;
	struct err failure;

	if (fd >= 0) {
		close(fd);
		return err_set(err, ERR_INPUT, "answer: a descriptor came with it");
	}
	if (msg->code > ERR_BUG) {
		return err_set(err, ERR_INPUT, "answer: code %d", msg->code);
	}
	if (!pendings_take(front->pendings, msg->id, &pending)) {
		return 0; /* it came too late */
	}
	if (pending.stage == STAGE_RELOAD) {
		err_set(&failure, ERR_BUG, "the core answered for the executor");
		fail_pending(front, &pending, &failure);
	} else if (msg->code != ERR_NONE) {
		err_set(&failure, msg->code, "%s", msg->error);
		fail_pending(front, &pending, &failure);
	} else if (pending.stage == STAGE_BODY) {
		replay(front, &pending, msg->content);
	} else {
		answer_content(front, &pending, msg);
	}
	return 0;
}

static const struct message_handler core_handlers[MSG_IDS] = {
	[MSG_ANSWER] = { on_answer },
};

static int on_core_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	return message_dispatch(core_handlers, arg, type, payload, len, fd, err);
}

/* What the old core may or may not have done, nobody knows: the sender tries again. */
static void drop_core(struct front *front)
{
	const struct pending *first;
	struct pending pending;
	struct err err;

	channel_free(front->core);
	front->core = NULL;
	err_set(&err, ERR_BUSY, "the core restarted; send again");
	while ((first = pendings_first_of(front->pendings, CORE_STAGES))) {
		pendings_take(front->pendings, first->id, &pending);
		fail_pending(front, &pending, &err);
	}
}

static void on_core_closed(void *arg, const struct err *why)
{
	if (why) {
		log_error("the core broke the protocol", LOG_STR("error", why->msg));
	}
	drop_core(arg);
}

/* --- the executor --- */

static int on_setup(void *arg, const void *payload, int fd, struct err *err)
{
	struct front *front = arg;
	const struct msg_setup *msg = payload;

	if (fd >= 0) {
		close(fd);
		return err_set(err, ERR_INPUT, "setup: a descriptor came with it");
	}
	free(front->external_url);
	front->external_url = xstrdup(msg->external_url);
	auth_set_token(&front->auth, msg->operator_token);
	return 0;
}

static int on_listen(void *arg, const void *payload, int fd, struct err *err)
{
	struct front *front = arg;
	const struct msg_listen *msg = payload;

	if (fd < 0) {
		return err_set(err, ERR_INPUT, "listen: no socket came with it");
	}
	if (httpd_listen(front->httpd, fd, err) < 0) {
		return err_wrap(err, "listen on '%s'", msg->address);
	}
	log_info("listening", LOG_STR("address", msg->address));
	return 0;
}

static int on_peer(void *arg, const void *payload, int fd, struct err *err)
{
	static const struct channel_ops core_ops = { on_core_frame, on_core_closed };
	struct front *front = arg;
	const struct msg_peer *msg = payload;

	if (fd < 0) {
		return err_set(err, ERR_INPUT, "peer: no socket came with it");
	}
	if (msg->role != ROLE_CORE) {
		close(fd);
		return err_set(err, ERR_INPUT, "peer: role %d", msg->role);
	}
	drop_core(front);
	front->core = channel_new(front->loop, fd, MESSAGE_LARGE_MAX, &core_ops, front);
	return 0;
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

static int on_reloaded(void *arg, const void *payload, int fd, struct err *err)
{
	struct front *front = arg;
	const struct msg_reloaded *msg = payload;
	struct pending pending;
	struct err failure;

	if (fd >= 0) {
		close(fd);
		return err_set(err, ERR_INPUT, "reloaded: a descriptor came with it");
	}
	if (!pendings_take(front->pendings, msg->id, &pending)) {
		return 0;
	}
	if (msg->ok) {
		struct answer_to to = answer_to(front, pending.request, pending.row);

		answer_data(&to, (struct bytes){ NULL, 0 });
		return 0;
	}
	report_error(msg->report, &failure);
	fail_pending(front, &pending, &failure);
	return 0;
}

static const struct message_handler control_handlers[MSG_IDS] = {
	[MSG_SETUP] = { on_setup },
	[MSG_LISTEN] = { on_listen },
	[MSG_PEER] = { on_peer },
	[MSG_RELOADED] = { on_reloaded },
};

static int on_control_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len,
		int fd, struct err *err)
{
	return message_dispatch(control_handlers, arg, type, payload, len, fd, err);
}

static void on_control_closed(void *arg, const struct err *why)
{
	struct front *front = arg;

	if (why) {
		log_error("the executor broke the protocol", LOG_STR("error", why->msg));
	}
	loop_stop(front->loop, why ? 1 : 0);
}

/* --- the role --- */

static void on_signal(void *arg, int signo)
{
	struct front *front = arg;

	if (signo == SIGTERM && front->stop_by_ms == 0) {
		front->stop_by_ms = clock_mono_ms() + STOP_MAX_MS;
		httpd_stop(front->httpd);
	}
}

/* Answer those that waited too long. Returns the wait until the next, or -1. */
static int64_t expire(struct front *front)
{
	int64_t now = clock_mono_ms();
	const struct pending *first;
	struct pending pending;
	struct err err;

	while ((first = pendings_first(front->pendings)) && first->deadline_ms <= now) {
		pendings_take(front->pendings, first->id, &pending);
		err_set(&err, ERR_BUSY, "no answer within %d s; send again", PENDING_MAX_MS / 1000);
		fail_pending(front, &pending, &err);
	}
	return first ? first->deadline_ms - now : -1;
}

static int64_t sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0) {
		return a < 0 ? b : a;
	}
	return a < b ? a : b;
}

static int64_t on_tick(void *arg)
{
	struct front *front = arg;
	int64_t wait = sooner(expire(front), httpd_tick(front->httpd));

	if (front->stop_by_ms == 0) {
		return wait;
	}

	int64_t left = front->stop_by_ms - clock_mono_ms();

	if (httpd_busy(front->httpd) == 0 || left <= 0) {
		loop_stop(front->loop, 0);
		return 0;
	}
	return sooner(wait, left);
}

static int front_open(struct front *front, int control_fd, struct err *err)
{
	static const struct channel_ops control_ops = { on_control_frame, on_control_closed };
	static const int signals[] = { SIGTERM, SIGINT, 0 };

	front->loop = loop_new(err);
	if (!front->loop) {
		close(control_fd);
		return -1;
	}
	front->control = channel_new(
			front->loop, control_fd, MESSAGE_SMALL_MAX, &control_ops, front);
	front->external_url = xstrdup("");
	front->pendings = pendings_new();
	front->reader = json_reader_new();
	front->httpd = httpd_new(front->loop, &http_ops, front);
	return loop_signals(front->loop, signals, on_signal, front, err);
}

static void front_close(struct front *front)
{
	httpd_free(front->httpd);
	channel_free(front->core);
	channel_free(front->control);
	pendings_free(front->pendings);
	json_reader_free(front->reader);
	free(front->external_url);
	loop_free(front->loop);
}

/* Every connection is a descriptor; the usual 1024 would starve them. */
static void raise_files_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FILES_MAX) {
		limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int front_main(int control_fd)
{
	struct front front = { 0 };
	struct err err;
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	raise_files_limit();
	if (front_open(&front, control_fd, &err) < 0) {
		log_error("front does not start", LOG_STR("error", err.msg));
	} else {
		status = loop_run(front.loop, on_tick, &front);
	}
	front_close(&front);
	return status;
}
