/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define HELD_MAX  2000
#define CROWD_MAX 900
#define PATIENCE  20 /* seconds; a stall is longer */

/*
 * The server, a process of its own: /now answers at once, /late/N waits until N of them are there,
 * /held/N waits until N of them wait, /early answers before the body. The answer is the body's
 * length. It ends with its control pipe.
 */
struct app {
	struct loop *loop;
	struct httpd *httpd;
	struct httpd_request *held[HELD_MAX];
	size_t held_len;
	struct httpd_request *watcher; /* NULL: nobody waits for … */
	size_t watched_len;            /* … so many of held */
};

static void answer(struct httpd_request *request, int status)
{
	const struct httpd_answer plain = { status, "text/plain", NULL, false };
	struct buf text = { 0 };
	size_t len;

	httpd_body(request, &len);
	buf_addf(&text, "%zu\n", len);
	httpd_reply(request, &plain, &text);
	buf_clear(&text);
}

static void tell_watcher(struct app *app)
{
	if (app->watcher && app->held_len == app->watched_len) {
		answer(app->watcher, 200);
		app->watcher = NULL;
	}
}

static void on_begun(void *arg, struct httpd_request *request)
{
	(void)arg;
	if (!strcmp(httpd_path(request), "/early")) {
		answer(request, 403);
	}
}

static void on_whole(void *arg, struct httpd_request *request)
{
	struct app *app = arg;
	const char *path = httpd_path(request);

	if (strncmp(path, "/held/", 6) == 0) {
		app->watcher = request;
		app->watched_len = (size_t)atoi(path + 6);
		tell_watcher(app);
		return;
	}
	if (strncmp(path, "/late/", 6) != 0) {
		answer(request, 200);
		return;
	}
	app->held[app->held_len++] = request;
	tell_watcher(app);
	if (app->held_len < (size_t)atoi(path + 6)) {
		return;
	}
	while (app->held_len > 0) {
		answer(app->held[--app->held_len], 200);
	}
}

static void on_broken(void *arg, struct httpd_request *request, const struct err *why)
{
	(void)arg;
	answer(request, why->code == ERR_LIMIT ? 413 : 400);
}

static void on_control(void *arg, uint32_t events)
{
	struct app *app = arg;

	(void)events;
	loop_stop(app->loop, 0);
}

static int64_t on_tick(void *arg)
{
	struct app *app = arg;

	return httpd_tick(app->httpd);
}

static int serve(int listener, int control)
{
	static const struct httpd_ops ops = { on_begun, on_whole, on_broken };
	struct app app = { 0 };
	struct err err;

	app.loop = loop_new(&err);
	app.httpd = httpd_new(app.loop, &ops, &app);
	must_ok(httpd_listen(app.httpd, listener, &err), err);
	loop_add(app.loop, control, EPOLLIN, on_control, &app);

	int status = loop_run(app.loop, on_tick, &app);

	httpd_free(app.httpd);
	loop_free(app.loop);
	return status;
}

struct server {
	pid_t pid;
	int control;
	struct sockaddr_in address;
};

static struct server start(void)
{
	struct server server = { .address = { .sin_family = AF_INET } };
	socklen_t len = sizeof(server.address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct rlimit files = { 4096, 4096 };
	int ends[2];

	setrlimit(RLIMIT_NOFILE, &files);
	server.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(listener, (struct sockaddr *)&server.address, len) == 0);
	must(listen(listener, 1024) == 0);
	must(getsockname(listener, (struct sockaddr *)&server.address, &len) == 0);
	must(pipe(ends) == 0);
	server.pid = fork();
	if (server.pid == 0) {
		close(ends[1]);
		exit(serve(listener, ends[0]));
	}
	close(listener);
	close(ends[0]);
	server.control = ends[1];
	return server;
}

/* It ends well: no leak, no bad access, nothing left suspended. */
static void stop(struct server *server)
{
	int status = -1;

	close(server->control);
	must(waitpid(server->pid, &status, 0) == server->pid);
	ck_int(status, 0);
}

static int dial(const struct server *server)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	must(connect(fd, (const struct sockaddr *)&server->address, sizeof(server->address)) == 0);
	return fd;
}

/* False when the other side does not take it. */
static bool send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0) {
			return false;
		}
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_text(int fd, const char *text)
{
	return send_all(fd, text, strlen(text));
}

/* One answer: its status, 0 for the end of the stream, -1 when none came in time. */
static int read_status(int fd)
{
	char text[4096];
	size_t used = 0;

	while (used < sizeof(text) - 1) {
		ssize_t n = recv(fd, text + used, sizeof(text) - 1 - used, 0);

		if (n <= 0) {
			return n == 0 || errno == ECONNRESET ? 0 : -1;
		}
		used += (size_t)n;
		text[used] = '\0';

		const char *body = strstr(text, "\r\n\r\n");

		if (body && strchr(body + 4, '\n')) {
			return atoi(text + 9);
		}
	}
	return -1;
}

static int ask(const struct server *server, const char *text)
{
	int fd = dial(server);

	send_text(fd, text);

	int status = read_status(fd);

	close(fd);
	return status;
}

/* count keep-alive connections, all held at once and answered in one turn, again and again. */
static void crowd(const struct server *server, size_t count, int rounds)
{
	static int fds[CROWD_MAX];
	char text[128];

	snprintf(text, sizeof(text),
			"POST /late/%zu HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", count);
	for (size_t i = 0; i < count; i++) {
		fds[i] = dial(server);
	}
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			must(send_text(fds[i], text));
		}
		for (size_t i = 0; i < count; i++) {
			if (read_status(fds[i]) != 200) {
				test_abort(__FILE__, __LINE__, "%zu of %zu, round %d", i, count,
						round);
			}
		}
	}
	for (size_t i = 0; i < count; i++) {
		close(fds[i]);
	}
}

/* libmicrohttpd's own wait stalls when exactly 128·k events come at once. */
TEST(a_crowd_of_128_is_answered_like_any_other)
{
	static const size_t counts[] = { 1, 127, 128, 129, 256 };
	struct server server = start();

	for (size_t i = 0; i < 5; i++) {
		crowd(&server, counts[i], 10);
	}
	stop(&server);
}

TEST(thousands_can_be_suspended_and_resumed)
{
	struct server server = start();

	crowd(&server, 700, 8);
	stop(&server);
}

/* So few that those before them, which a busy server has not closed yet, push out none. */
TEST(clients_that_vanish_while_they_wait_are_forgotten)
{
	static const char late[] = "GET /late/201 HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char held[] = "GET /held/200 HTTP/1.1\r\nHost: x\r\n\r\n";
	struct server server = start();

	for (int round = 0; round < 5; round++) {
		static int fds[200];

		for (int i = 0; i < 200; i++) {
			fds[i] = dial(&server);
			must(send_text(fds[i], late));
		}
		ck_int(ask(&server, held), 200);
		for (int i = 0; i < 200; i += 2) {
			close(fds[i]);
		}
		ck_int(ask(&server, late), 200);
		for (int i = 1; i < 200; i += 2) {
			ck_int(read_status(fds[i]), 200);
			close(fds[i]);
		}
	}
	stop(&server);
}

TEST(what_still_waits_at_the_end_is_answered_503)
{
	struct server server = start();
	int fd = dial(&server);

	must(send_text(fd, "GET /late/9 HTTP/1.1\r\nHost: x\r\n\r\n"));
	ck_int(ask(&server, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
	stop(&server);

	char text[64] = "";

	must(recv(fd, text, sizeof(text) - 1, 0) > 0);
	ck_has(text, "HTTP/1.1 503 ");
	close(fd);
}

/* POST of len bytes to path; chunked or with a length. */
static int post(const struct server *server, const char *path, size_t len, bool chunked)
{
	size_t part = 1024 * 1024;
	char *bytes = calloc(1, part);
	int fd = dial(server);
	char head[256];

	snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: x\r\n%s%.0zu\r\n\r\n", path,
			chunked ? "Transfer-Encoding: chunked" : "Content-Length: ",
			chunked ? 0 : len);
	must(send_text(fd, head));
	for (size_t left = len; left > 0; left -= part) {
		part = left < part ? left : part;
		if (chunked) {
			snprintf(head, sizeof(head), "%zx\r\n", part);
			send_text(fd, head);
		}
		if (!send_all(fd, bytes, part) || (chunked && !send_text(fd, "\r\n"))) {
			break;
		}
	}
	if (chunked) {
		send_text(fd, "0\r\n\r\n");
	}

	int status = read_status(fd);

	close(fd);
	free(bytes);
	return status;
}

TEST(a_body_at_the_cap_is_taken_and_one_byte_more_is_413)
{
	struct server server = start();

	for (int chunked = 0; chunked < 2; chunked++) {
		ck_int(post(&server, "/now", HTTPD_BODY_MAX, chunked), 200);
		ck_int(post(&server, "/now", HTTPD_BODY_MAX + 1, chunked), 413);
		ck_int(post(&server, "/early", 1000, chunked), 403);
		ck_int(post(&server, "/early", HTTPD_BODY_MAX, chunked), 403);
	}
	ck_int(post(&server, "/now", 8 * HTTPD_BODY_MAX, true), 0);
	ck_int(ask(&server, "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"),
			403);
	ck_int(ask(&server, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
	stop(&server);
}

/* What two readers of one stream could see differently: 400, and the connection is closed. */
TEST(doubtful_requests_are_refused_and_end_the_connection)
{
#define HOST " HTTP/1.1\r\nHost: x\r\n"
	static const char *const rows[] = {
		"POST /now" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
		"POST /now" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /now" HOST "Content-Length: +4\r\n\r\n",
		"POST /now" HOST "Content-Length: 4, 4\r\n\r\n",
		"POST /now" HOST "Content-Length: 0x4\r\n\r\n",
		"POST /now" HOST "Content-Length: 18446744073709551616\r\n\r\n",
		"POST /now" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"POST /now" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"POST /now" HOST
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
		"POST /now HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET /now" HOST "Host: y\r\n\r\n",
		"GET /now HTTP/1.1\r\n\r\n",
		"GET /now" HOST "A b: c\r\n\r\n",
		"GET /now" HOST "Content-Length : 4\r\n\r\n",
		"GET /now" HOST "X: a\x01\r\n\r\n",
		"G@T /now" HOST "\r\n",
		"GET /now HTTP/2.0\r\nHost: x\r\n\r\n",
		"GET /now HTTP/1.1 x\r\nHost: x\r\n\r\n",
	};
	struct server server = start();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];
		char got[8192] = "";
		size_t used = 0;
		ssize_t n;
		int fd = dial(&server);

		snprintf(text, sizeof(text), "%sGET /now" HOST "\r\n", rows[i]);
		send_text(fd, text);
		while ((n = recv(fd, got + used, sizeof(got) - 1 - used, 0)) > 0) {
			used += (size_t)n;
		}
		got[used] = '\0';
		if (n < 0 && errno != ECONNRESET) {
			test_fail(__FILE__, __LINE__, "row %zu: not closed", i);
		}
		if (strstr(got, " 200 ") ||
				(used > 0 && !strstr(got, " 400 ") && !strstr(got, " 413 ") &&
						!strstr(got, " 505 "))) {
			test_fail(__FILE__, __LINE__, "row %zu: %s", i, got);
		}
		close(fd);
	}
	stop(&server);
}

TEST(a_uri_or_head_beyond_all_measure_is_refused)
{
	struct server server = start();
	auto_buf struct buf text = { 0 };

	buf_addf(&text, "GET /%0*d HTTP/1.1\r\nHost: x\r\n\r\n", HTTPD_URI_MAX, 7);
	ck_int(ask(&server, buf_text(&text)), 413);
	buf_reset(&text);
	buf_adds(&text, "GET /now HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < HEAD_FIELDS_MAX; i++) {
		buf_addf(&text, "X-%d: y\r\n", i);
	}
	buf_adds(&text, "\r\n");
	ck_int(ask(&server, buf_text(&text)), 400);
	stop(&server);
}

/* A flood of idle connections does not keep out who has something to say. */
TEST(the_oldest_idle_connection_makes_room)
{
	static int idle[CROWD_MAX];
	struct server server = start();
	char end;

	for (int i = 0; i < CROWD_MAX; i++) {
		idle[i] = dial(&server);
		if (i % 100 == 99) { /* all of them are accepted by now */
			ck_int(ask(&server, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
		}
	}
	ck_int(recv(idle[0], &end, 1, 0), 0);
	ck_int(recv(idle[CROWD_MAX - 1], &end, 1, MSG_DONTWAIT), -1);
	stop(&server);
}
