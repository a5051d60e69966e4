/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/httpd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sys/conns.h"

#define TIMEOUT_S 30
/* Of a connection; libmicrohttpd clears all of it for every request. Larger ones are no faster. */
#define MEMORY_MAX ((size_t)32 * 1024)
#define EVICT_FROM (HTTPD_CONNECTIONS_MAX * 3 / 4)
#define DROPPED_MAX \
	(2 * HTTPD_BODY_MAX) /* bytes of an unwanted body that are read for an answer \
			      */
#define LOOK_MS    1000      /* between looks at who waits to be accepted */
#define BODY_FIRST ((size_t)64 * 1024)

struct listener {
	struct httpd *httpd;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	int fd;
};

struct httpd {
	struct loop *loop;
	const struct httpd_ops *ops;
	void *arg;
	struct listener listeners[HTTPD_LISTENERS_MAX];
	size_t listeners_len;
	struct conns conns;
	size_t busy;
	int64_t look_at; /* mono: at who waits to be accepted */
	bool waited;     /* somebody did at the last look */
	bool run;        /* libmicrohttpd has something to do that it does not tell */
	bool stopping;
};

struct httpd_request {
	struct httpd *httpd;
	struct conn *conn;
	struct MHD_Connection *connection;
	struct MHD_Response *response; /* the answer, until libmicrohttpd has it */
	int status;
	const char *method;
	const char *query;
	struct head head;
	size_t dropped;
	struct buf body;
	bool counted; /* its head is there: it counts as busy */
	bool suspended;
	bool answered;
	bool too_long;
	char path[]; /* and the query behind its NUL */
};

static void on_conn(void *cls, struct MHD_Connection *connection, void **context,
		enum MHD_ConnectionNotificationCode code)
{
	struct httpd *httpd = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
					 ->connect_fd;

		*context = conns_add(&httpd->conns, fd, EVICT_FROM);
		return;
	}
	conns_remove(&httpd->conns, *context);
	*context = NULL;
	httpd->run = true; /* it may accept again, see make_room() */
}

/* A request's URI, before anything is decoded: the first that is received of it. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	size_t len = uri ? strlen(uri) : 0;
	struct httpd_request *request = xcalloc(1, sizeof(*request) + len + 2);
	char *mark;

	if (len) {
		memcpy(request->path, uri, len);
	}
	mark = strchr(request->path, '?');
	request->query = request->path + len;
	if (mark) {
		*mark = '\0';
		request->query = mark + 1;
	}
	request->httpd = cls;
	request->connection = connection;
	request->conn = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
					->socket_context;
	if (len > HTTPD_URI_MAX) {
		err_set(&request->head.fault, ERR_LIMIT, "the URI is longer than %d bytes",
				HTTPD_URI_MAX);
	}
	return request;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
		size_t name_len, const char *value, size_t value_len)
{
	struct httpd_request *request = cls;

	(void)kind;
	return head_add(&request->head, name, name_len, value ? value : "", value_len) ? MHD_YES
										       : MHD_NO;
}

/* Hand the answer to libmicrohttpd. */
static enum MHD_Result queue(struct httpd_request *request)
{
	struct MHD_Response *response = TAKE(request->response);
	enum MHD_Result result = MHD_queue_response(
			request->connection, (unsigned int)request->status, response);

	conns_move(&request->httpd->conns, request->conn, CONN_REPLY);
	MHD_destroy_response(response);
	return result;
}

/* Answer before the body: it is long, its sender waits for leave, or its length is in doubt. */
static bool answer_early(const struct httpd_request *request)
{
	return request->head.fault.code != ERR_NONE || request->head.length > DROPPED_MAX ||
	       (request->too_long && request->head.fields[HEAD_EXPECT]);
}

static enum MHD_Result begin(struct httpd_request *request, const char *method, const char *version)
{
	struct httpd *httpd = request->httpd;

	request->counted = true;
	httpd->busy++;
	request->conn->request = request;
	request->method = method;
	conns_move(&request->httpd->conns, request->conn, CONN_BODY);
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, on_header, request);
	head_check(&request->head, method, version);
	request->too_long = request->head.length > HTTPD_BODY_MAX;
	if (request->head.fault.code == ERR_NONE) {
		httpd->ops->begun(httpd->arg, request);
	} else {
		httpd->ops->broken(httpd->arg, request, &request->head.fault);
		assert(request->answered);
	}
	if (request->answered && answer_early(request)) {
		MHD_add_response_header(request->response, "Connection", "close");
		return queue(request);
	}
	return MHD_YES;
}

/* It turns out to be too long: only its beginning stays, in memory of its size. */
static void keep_beginning(struct httpd_request *request)
{
	struct buf whole = request->body;

	request->too_long = true;
	request->body = (struct buf){ 0 };
	request->dropped = whole.len;
	buf_add(&request->body, buf_text(&whole),
			whole.len < HTTPD_BEGINNING_MAX ? whole.len : HTTPD_BEGINNING_MAX);
	buf_clear(&whole);
}

/* Read only so much of it that an answer can be given. */
static enum MHD_Result drop_body(struct httpd_request *request, const char *data, size_t len)
{
	size_t room = HTTPD_BEGINNING_MAX - request->body.len;

	if (request->answered) {
		buf_clear(&request->body);
	} else {
		buf_add(&request->body, data, len < room ? len : room);
	}
	request->dropped += len;
	return request->dropped <= DROPPED_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result take_body(struct httpd_request *request, const char *data, size_t len)
{
	if (!request->answered && !request->too_long && request->body.len + len > HTTPD_BODY_MAX) {
		keep_beginning(request);
	}
	if (request->answered || request->too_long) {
		return drop_body(request, data, len);
	}
	if (!request->body.data && request->head.length > 0) {
		buf_reserve(&request->body, request->head.length < BODY_FIRST ? request->head.length
									      : BODY_FIRST);
	}
	buf_add(&request->body, data, len);
	return MHD_YES;
}

static void hand_over(struct httpd_request *request)
{
	struct httpd *httpd = request->httpd;
	struct err err;

	if (!request->too_long) {
		httpd->ops->whole(httpd->arg, request);
		return;
	}
	err_set(&err, ERR_LIMIT, "the body is longer than %zu bytes", HTTPD_BODY_MAX);
	httpd->ops->broken(httpd->arg, request, &err);
	assert(request->answered);
}

/* The body is there, or the answer is and the connection was resumed for it. */
static enum MHD_Result finish(struct httpd_request *request)
{
	if (!request->answered) {
		conns_move(&request->httpd->conns, request->conn, CONN_WORK);
		hand_over(request);
	}
	if (request->answered) {
		return queue(request);
	}
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *connection, const char *url,
		const char *method, const char *version, const char *upload, size_t *upload_len,
		void **context)
{
	struct httpd_request *request = *context;
	size_t len = *upload_len;

	(void)cls;
	(void)connection;
	(void)url;
	if (!request->counted) {
		return begin(request, method, version);
	}
	if (len > 0) {
		*upload_len = 0;
		return take_body(request, upload, len);
	}
	return finish(request);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
		enum MHD_RequestTerminationCode code)
{
	struct httpd_request *request = *context;
	struct httpd *httpd = cls;

	(void)connection;
	(void)code;
	if (!request) {
		return;
	}
	if (request->counted) {
		httpd->busy--;
	}
	if (request->response) {
		MHD_destroy_response(request->response);
	}
	request->conn->request = NULL;
	if (request->conn->phase != CONN_DOOMED) {
		conns_move(&request->httpd->conns, request->conn, CONN_HEAD);
	}
	buf_clear(&request->body);
	free(request);
	*context = NULL;
}

struct httpd *httpd_new(struct loop *loop, const struct httpd_ops *ops, void *arg)
{
	struct httpd *httpd = xcalloc(1, sizeof(*httpd));

	httpd->loop = loop;
	httpd->ops = ops;
	httpd->arg = arg;
	conns_init(&httpd->conns);
	return httpd;
}

static void on_ready(void *arg, uint32_t events)
{
	struct listener *listener = arg;

	(void)events;
	listener->httpd->conns.now_ms = clock_mono_ms();
	MHD_run(listener->daemon);
}

/*
 * No thread of libmicrohttpd's: its own wait stalls when exactly 128·k events are ready (0.9.75),
 * a MHD_run() from our loop does not.
 */
static struct MHD_Daemon *start(struct httpd *httpd, int fd)
{
	const struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, HTTPD_CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)MEMORY_MAX, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access,
			httpd, MHD_OPTION_ARRAY, options, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
			httpd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd,
			MHD_OPTION_NOTIFY_CONNECTION, on_conn, httpd, MHD_OPTION_END);
}

int httpd_listen(struct httpd *httpd, int fd, struct err *err)
{
	struct listener *listener = &httpd->listeners[httpd->listeners_len];
	auto_fd int taken = fd;

	if (httpd->listeners_len == HTTPD_LISTENERS_MAX) {
		return err_set(err, ERR_LIMIT, "more than %d listeners", HTTPD_LISTENERS_MAX);
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		return err_set(err, ERR_IO, "listening socket: %s", strerror(errno));
	}
	listener->daemon = start(httpd, fd);
	if (!listener->daemon) {
		return err_set(err, ERR_IO, "libmicrohttpd does not start: %s", strerror(errno));
	}
	listener->httpd = httpd;
	listener->fd = take_fd(&taken);
	listener->watch = loop_add(httpd->loop,
			MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
			EPOLLIN, on_ready, listener);
	httpd->listeners_len++;
	return 0;
}

void httpd_stop(struct httpd *httpd)
{
	httpd->stopping = true;
	for (size_t i = 0; i < httpd->listeners_len; i++) {
		struct listener *listener = &httpd->listeners[i];

		if (listener->fd >= 0) {
			MHD_quiesce_daemon(listener->daemon);
			close(take_fd(&listener->fd));
		}
	}
	conns_doom_idle(&httpd->conns);
}

static bool somebody_waits(const struct httpd *httpd)
{
	for (size_t i = 0; i < httpd->listeners_len; i++) {
		struct pollfd waiting = { .fd = httpd->listeners[i].fd, .events = POLLIN };

		if (poll(&waiting, 1, 0) == 1) {
			return true;
		}
	}
	return false;
}

/*
 * Once there was no descriptor for a new connection, libmicrohttpd accepts no other until one of
 * its own is closed. Idle ones may stay for ever: the oldest gives way to who still waits.
 */
static int64_t make_room(struct httpd *httpd)
{
	int64_t now = httpd->conns.now_ms;

	if (httpd->conns.len == 0) {
		httpd->waited = false;
		return INT64_MAX;
	}
	if (now >= httpd->look_at) {
		bool waits = somebody_waits(httpd);

		if (waits && httpd->waited) {
			conns_doom_oldest(&httpd->conns);
		}
		httpd->waited = waits;
		httpd->look_at = now + LOOK_MS;
	}
	return httpd->look_at - now;
}

/* 0.9.75 neither counts resumed connections as work to do nor wakes for them, and forgets the
 * listening socket when it has room again: run says so. */
static int64_t listener_tick(struct listener *listener, bool run)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;

	if (run) {
		MHD_run(listener->daemon);
	}
	if (MHD_get_timeout(listener->daemon, &ms) != MHD_YES) {
		return INT64_MAX;
	}
	if (ms == 0) {
		MHD_run(listener->daemon);
	}
	return (int64_t)ms;
}

int64_t httpd_tick(struct httpd *httpd)
{
	bool run = httpd->run;
	int64_t wait;
	int64_t look;

	httpd->run = false;
	httpd->conns.now_ms = clock_mono_ms();
	wait = conns_sweep(&httpd->conns);
	look = make_room(httpd);
	wait = look < wait ? look : wait;
	for (size_t i = 0; i < httpd->listeners_len; i++) {
		int64_t ms = listener_tick(&httpd->listeners[i], run);

		wait = ms < wait ? ms : wait;
	}
	/* What was closed meanwhile may have made room. */
	return httpd->run ? 0 : wait == INT64_MAX ? -1 : wait;
}

size_t httpd_busy(const struct httpd *httpd)
{
	return httpd->busy;
}

/* libmicrohttpd must not be stopped with suspended connections. */
static void answer_all(struct httpd *httpd)
{
	struct conn *conn;
	struct conn *next;

	for (conn = TAILQ_FIRST(&httpd->conns.phases[CONN_WORK]); conn; conn = next) {
		static const struct httpd_answer gone = { 503, "text/plain", NULL, true };
		struct buf none = { 0 };
		struct httpd_request *request = conn->request;

		next = TAILQ_NEXT(conn, link);
		if (request && !request->answered) {
			httpd_reply(request, &gone, &none);
		}
	}
	for (size_t i = 0; i < httpd->listeners_len; i++) {
		MHD_run(httpd->listeners[i].daemon);
	}
}

void httpd_free(struct httpd *httpd)
{
	if (!httpd) {
		return;
	}
	httpd_stop(httpd);
	answer_all(httpd);
	for (size_t i = 0; i < httpd->listeners_len; i++) {
		loop_remove(httpd->listeners[i].watch);
		MHD_stop_daemon(httpd->listeners[i].daemon);
	}
	free(httpd);
}

const char *httpd_method(const struct httpd_request *request)
{
	return request->method;
}

const char *httpd_path(const struct httpd_request *request)
{
	return request->path;
}

const char *httpd_query(const struct httpd_request *request)
{
	return request->query;
}

const char *httpd_header(const struct httpd_request *request, enum head_field header)
{
	return request->head.fields[header];
}

bool httpd_has_body(const struct httpd_request *request)
{
	return request->head.length > 0 || request->head.fields[HEAD_TRANSFER_ENCODING];
}

bool httpd_body_too_long(const struct httpd_request *request)
{
	return request->too_long;
}

bool httpd_body_arrives(const struct httpd_request *request)
{
	return !answer_early(request);
}

uint64_t httpd_body_size(const struct httpd_request *request)
{
	return request->head.length ? request->head.length
	       : request->too_long  ? request->dropped
				    : request->body.len;
}

const char *httpd_body(const struct httpd_request *request, size_t *ret_len)
{
	*ret_len = request->body.len;
	return buf_text(&request->body);
}

static const struct sockaddr *peer_address(const struct httpd_request *request)
{
	return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			->client_addr;
}

bool httpd_is_unix(const struct httpd_request *request)
{
	return peer_address(request)->sa_family == AF_UNIX;
}

const char *httpd_peer(const struct httpd_request *request, char *text)
{
	union {
		const struct sockaddr *any;
		const struct sockaddr_in *v4;
		const struct sockaddr_in6 *v6;
	} from = { .any = peer_address(request) };
	const void *address = NULL;

	if (from.any->sa_family == AF_INET) {
		address = &from.v4->sin_addr;
	} else if (from.any->sa_family == AF_INET6) {
		address = &from.v6->sin6_addr;
	}
	if (!address || !inet_ntop(from.any->sa_family, address, text, HTTPD_PEER_TEXT_MAX)) {
		memcpy(text, "unix", sizeof("unix"));
	}
	return text;
}

void httpd_reply(struct httpd_request *request, const struct httpd_answer *answer, struct buf *body)
{
	struct httpd *httpd = request->httpd;
	size_t len = body->len;

	assert(!request->answered);
	request->response = MHD_create_response_from_buffer(
			len, buf_detach(body), MHD_RESPMEM_MUST_FREE);
	if (!request->response) {
		abort(); /* out of memory */
	}
	request->answered = true;
	request->status = answer->status;
	MHD_add_response_header(request->response, "Content-Type", answer->content_type);
	for (const struct httpd_field *f = answer->fields; f && f->name; f++) {
		MHD_add_response_header(request->response, f->name, f->value);
	}
	if (answer->close || httpd->stopping) {
		MHD_add_response_header(request->response, "Connection", "close");
	}
	if (request->suspended) {
		request->suspended = false;
		httpd->run = true;
		MHD_resume_connection(request->connection);
	}
}
