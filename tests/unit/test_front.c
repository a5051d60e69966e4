/* SPDX-License-Identifier: Apache-2.0 */
#include "front/front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "domain/approval.h"
#include "sys/loop.h"
#include "test.h"
#include "wire/message.h"

#define TOKEN    "the-operators-token"
#define JSON     "Content-Type: application/json\r\n"
#define OPERATOR "Authorization: Bearer " TOKEN "\r\n"
#define BODY     "{\"alerts\":[{\"labels\":{\"alertname\":\"A\",\"service\":\"argus\"}}]}"

/* The real role in a process of its own; the test is its executor and its core. */
struct bench {
	struct loop *loop;
	struct channel *control;
	struct channel *core;
	pid_t pid;
	struct sockaddr_in address;
	uint64_t id;     /* of the last message that came */
	uint16_t type;   /* its type, 0: none yet */
	char text[1024]; /* what the test wants to know of it */
};

static int on_deliver(void *arg, const void *payload, int fd, struct err *err)
{
	const struct msg_deliver *msg = payload;
	struct bench *bench = arg;

	(void)fd;
	(void)err;
	bench->id = msg->id;
	bench->type = MSG_DELIVER;
	snprintf(bench->text, sizeof(bench->text),
			"%s alerts=%zu service=%s body=%u of=%d dry=%d%s%s%s", msg->principal,
			msg->delivery.alerts_len,
			labels_value(&msg->delivery.alerts[0].labels, "service"), msg->body.len,
			(int)msg->replay_of, msg->dry_run, msg->override_guards ? " forced: " : "",
			msg->reason ? msg->reason : "", msg->key);
	return 0;
}

static int on_query(void *arg, const void *payload, int fd, struct err *err)
{
	const struct msg_query *msg = payload;
	struct bench *bench = arg;

	(void)fd;
	(void)err;
	bench->id = msg->id;
	bench->type = MSG_QUERY;
	snprintf(bench->text, sizeof(bench->text), "route=%d id=%d limit=%s filters=%zu%s%s",
			msg->route, (int)msg->ids[0], labels_value(&msg->args, "limit"),
			msg->filters_len, labels_get(&msg->args, "seal") ? " seal=" : "",
			labels_value(&msg->args, "seal"));
	return 0;
}

static int on_rejected(void *arg, const void *payload, int fd, struct err *err)
{
	const struct msg_rejected *msg = payload;
	struct bench *bench = arg;

	(void)fd;
	(void)err;
	bench->type = MSG_REJECTED;
	snprintf(bench->text, sizeof(bench->text), "%d %s %s size=%d kept=%d missed=%d: %.40s",
			msg->status, msg->principal, msg->client, (int)msg->size,
			(int)msg->body.len, (int)msg->missed, msg->error);
	return 0;
}

static int on_reload(void *arg, const void *payload, int fd, struct err *err)
{
	const struct msg_reload *msg = payload;
	struct bench *bench = arg;

	(void)fd;
	(void)err;
	bench->id = msg->id;
	bench->type = MSG_RELOAD;
	return 0;
}

static const struct message_handler handlers[MSG_IDS] = {
	[MSG_DELIVER] = { on_deliver },
	[MSG_QUERY] = { on_query },
	[MSG_REJECTED] = { on_rejected },
	[MSG_RELOAD] = { on_reload },
};

static int on_frame(void *arg, uint16_t type, const unsigned char *payload, size_t len, int fd,
		struct err *err)
{
	struct bench *bench = arg;

	loop_stop(bench->loop, 0);
	return message_dispatch(handlers, arg, type, payload, len, fd, err);
}

static void on_closed(void *arg, const struct err *why)
{
	struct bench *bench = arg;

	(void)why;
	loop_stop(bench->loop, 1);
}

static const struct channel_ops ops = { on_frame, on_closed };

/* A socket on a free port, for the front. */
static int listener(struct bench *bench)
{
	socklen_t len = sizeof(bench->address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bench->address.sin_family = AF_INET;
	bench->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(fd, (struct sockaddr *)&bench->address, len) == 0);
	must(listen(fd, 128) == 0);
	must(getsockname(fd, (struct sockaddr *)&bench->address, &len) == 0);
	return fd;
}

static void start(struct bench *bench)
{
	const struct msg_setup setup = { .storage_path = "/", .operator_token = TOKEN };
	const struct msg_listen where = { "here" };
	struct err err;
	int fds[2];

	must_ok(channel_pair(fds, &err), err);
	bench->pid = fork();
	if (bench->pid == 0) {
		close(fds[0]);
		exit(front_main(fds[1]));
	}
	close(fds[1]);
	bench->loop = loop_new(&err);
	bench->control = channel_new(bench->loop, fds[0], MESSAGE_SMALL_MAX, &ops, bench);
	message_send(bench->control, MSG_SETUP, &setup, -1);

	int fd = listener(bench);

	message_send(bench->control, MSG_LISTEN, &where, fd);
	close(fd);
}

static void connect_core(struct bench *bench)
{
	const struct msg_peer peer = { ROLE_CORE };
	struct err err;
	int fds[2];

	must_ok(channel_pair(fds, &err), err);
	message_send(bench->control, MSG_PEER, &peer, fds[1]);
	close(fds[1]);
	channel_free(bench->core);
	bench->core = channel_new(bench->loop, fds[0], MESSAGE_LARGE_MAX, &ops, bench);
}

/* The next message of the front's. */
static void expect(struct bench *bench, enum message_id type)
{
	bench->type = 0;
	loop_run(bench->loop, NULL, NULL);
	ck_int(bench->type, type);
}

static void answer(struct bench *bench, enum err_code code, const char *content_type,
		const char *content)
{
	const struct msg_answer msg = {
		.id = bench->id,
		.code = (uint8_t)code,
		.error = code == ERR_NONE ? "" : content,
		.content_type = content_type,
		.content = { (const unsigned char *)content, (uint32_t)strlen(content) },
	};

	message_send(bench->core, MSG_ANSWER, &msg, -1);
}

/* Send a request; its answer is read with got(). */
static int ask(const struct bench *bench, const char *line, const char *headers, const char *body)
{
	const struct timeval patience = { .tv_sec = 30 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[4096];
	int len = snprintf(text, sizeof(text),
			"%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s"
			"Content-Length: %zu\r\n\r\n%s",
			line, headers, strlen(body), body);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	must(connect(fd, (const struct sockaddr *)&bench->address, sizeof(bench->address)) == 0);
	must(send(fd, text, (size_t)len, 0) == len);
	return fd;
}

static const char *got(int fd)
{
	static char text[16384];
	size_t used = 0;
	ssize_t n;

	while ((n = recv(fd, text + used, sizeof(text) - 1 - used, 0)) > 0) {
		used += (size_t)n;
	}
	ck_int(n, 0);
	text[used] = '\0';
	close(fd);
	return text;
}

/* It ends with the control channel, in order. */
static void stop(struct bench *bench)
{
	int status = -1;

	channel_free(bench->control);
	must(waitpid(bench->pid, &status, 0) == bench->pid);
	ck_int(status, 0);
	channel_free(bench->core);
	loop_free(bench->loop);
}

TEST(without_a_core_the_front_says_so)
{
	struct bench bench = { 0 };

	start(&bench);
	ck_has(got(ask(&bench, "GET /-/healthy", "", "")), "\r\n\r\nplaybookd is healthy.\n");

	const char *text = got(ask(&bench, "GET /-/ready", "", ""));

	ck_has(text, "HTTP/1.1 503 ");
	ck_has(text, "Retry-After: 5\r\n");
	ck_has(text, "\"error\":\"core is starting\"");
	ck_has(got(ask(&bench, "POST /", JSON, BODY)), "HTTP/1.1 503 ");
	stop(&bench);
}

TEST(a_delivery_goes_to_the_core_and_its_answer_back)
{
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);

	int fd = ask(&bench, "POST /api/v1/alerts", JSON, BODY);

	expect(&bench, MSG_DELIVER);
	ck_str(bench.text, "anonymous alerts=1 service=argus body=59 of=0 dry=0");
	answer(&bench, ERR_NONE, "", "{\"deliveryId\":7}");

	const char *text = got(fd);

	ck_has(text, "HTTP/1.1 200 ");
	ck_has(text, "X-Content-Type-Options: nosniff\r\n");
	ck_has(text, "\r\n\r\n{\"status\":\"success\",\"data\":{\"deliveryId\":7}}");
	ck(!strstr(text, "Access-Control"));
	fd = ask(&bench, "POST /webhook", JSON, BODY);
	expect(&bench, MSG_DELIVER);
	answer(&bench, ERR_DB, "", "disk \"full\"");
	text = got(fd);
	ck_has(text, "HTTP/1.1 503 ");
	ck_has(text, "{\"status\":\"error\",\"errorType\":\"unavailable\",\"error\":\"disk \\\"full\\\"\"}");
	stop(&bench);
}

TEST(a_webhooks_url_may_end_with_anything)
{
	static const char *const lines[] = { "POST /webhook/", "POST /webhook//", "POST /?x=1",
		"POST /webhook?team=a&x=%00", "POST /api/v1/alerts/?",
		"POST /api/v1/alerts?limit=x" };
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int fd = ask(&bench, lines[i], JSON, BODY);

		expect(&bench, MSG_DELIVER);
		answer(&bench, ERR_NONE, "", "{}");
		ck_has(got(fd), " 200 ");
	}
	stop(&bench);
}

TEST(a_delivery_that_can_never_succeed_is_reported_to_the_core)
{
	static const struct {
		const char *line;
		const char *headers;
		const char *body;
		const char *answer;
		const char *report;
	} rows[] = {
		{ "POST /", JSON, "{\"x\":1}", " 400 ",
				"400 anonymous 127.0.0.1 size=7 kept=7 missed=0: alerts: missing" },
		{ "POST /", "", BODY, " 415 ",
				"415 anonymous 127.0.0.1 size=59 kept=59 missed=0: expected Content-Type" },
		{ "POST /webhook/", "Content-Type: application/x-www-form-urlencoded\r\n" OPERATOR,
				BODY, " 415 ",
				"415 anonymous 127.0.0.1 size=59 kept=59 missed=0: expected" },
		{ "POST /webhook", JSON "Content-Encoding: br\r\n", BODY, " 415 ",
				"415 anonymous 127.0.0.1 size=59 kept=59 missed=0: expected Content-Encoding" },
		{ "POST /webhook", JSON "Content-Encoding: gzip\r\n", BODY, " 400 ",
				"400 anonymous 127.0.0.1 size=59 kept=59 missed=0: the body is not the gzip" },
		{ "POST /webhook", JSON "Expect: 100-continue\r\n", "", " 400 ", "size=0 kept=0" },
	};
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = ask(&bench, rows[i].line, rows[i].headers, rows[i].body);

		expect(&bench, MSG_REJECTED);
		ck_has(bench.text, rows[i].report);
		ck_has(got(fd), rows[i].answer);
	}
	stop(&bench);
}

TEST(a_query_carries_its_checked_arguments)
{
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);

	int fd = ask(&bench, "GET /api/v1/incidents?limit=5&filter=a%3Db&filter=c%3D~d", "", "");
	char expected[64];

	expect(&bench, MSG_QUERY);
	snprintf(expected, sizeof(expected), "route=%d id=0 limit=5 filters=2", ROUTE_INCIDENTS);
	ck_str(bench.text, expected);
	answer(&bench, ERR_NONE, "", "{}");
	ck_has(got(fd), "\"data\":{}}");
	ck_has(got(ask(&bench, "GET /api/v1/incidents?limit=0", "", "")), "limit: expected");
	fd = ask(&bench, "GET /metrics", "", "");
	expect(&bench, MSG_QUERY);
	answer(&bench, ERR_NONE, "text/plain; version=0.0.4", "core_metric 1\n");

	const char *text = got(fd);

	ck_has(text, "Content-Type: text/plain; version=0.0.4\r\n");
	ck_has(text, "\r\n\r\ncore_metric 1\n# HELP");
	ck_has(text, "playbookd_http_requests_total{code=\"400\",handler=\"/api/v1/incidents\"} 1\n");
	stop(&bench);
}

/* What only somebody with the token can have said, and for this digest alone. */
TEST(an_approval_goes_to_the_core_with_the_seal_of_its_digest)
{
	struct bench bench = { 0 };
	uint8_t digest[DIGEST_SIZE];
	uint8_t seal[DIGEST_SIZE];
	uint8_t key[DIGEST_SIZE];
	char hex[DIGEST_TEXT_MAX];
	char expected[200];
	char body[200];
	int fd;

	digest_sha256("x", 1, digest);
	digest_sha256(TOKEN, strlen(TOKEN), key);
	approval_seal(key, digest, seal);
	snprintf(body, sizeof(body), "{\"digest\":\"%s\"}", digest_text(digest, hex));
	start(&bench);
	connect_core(&bench);
	fd = ask(&bench, "POST /api/v1/runs/7/approve", OPERATOR JSON, body);
	expect(&bench, MSG_QUERY);
	snprintf(expected, sizeof(expected), "route=%d id=7 limit= filters=0 seal=%s",
			ROUTE_RUN_APPROVE, digest_text(seal, hex));
	ck_str(bench.text, expected);
	answer(&bench, ERR_NONE, "", "{}");
	ck_has(got(fd), " 200 ");
	fd = ask(&bench, "POST /api/v1/runs/7/reject", OPERATOR JSON, body);
	expect(&bench, MSG_QUERY);
	snprintf(expected, sizeof(expected), "route=%d id=7 limit= filters=0", ROUTE_RUN_REJECT);
	ck_str(bench.text, expected);
	answer(&bench, ERR_NONE, "", "{}");
	ck_has(got(fd), " 200 ");
	ck_has(got(ask(&bench, "POST /api/v1/runs/7/approve", OPERATOR JSON, "{\"digest\":\"x\"}")),
			"digest: expected 64 hex digits");
	stop(&bench);
}

TEST(a_core_that_is_lost_leaves_nobody_waiting)
{
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);

	int fd = ask(&bench, "POST /", JSON, BODY);

	expect(&bench, MSG_DELIVER);
	channel_free(bench.core);
	bench.core = NULL;
	ck_has(got(fd), "the core restarted; send again");
	connect_core(&bench);
	answer(&bench, ERR_NONE, "", "{}"); /* too late: ignored */
	fd = ask(&bench, "POST /", JSON, BODY);
	expect(&bench, MSG_DELIVER);
	answer(&bench, ERR_NONE, "", "{\"n\":2}");
	ck_has(got(fd), "\"data\":{\"n\":2}}");
	stop(&bench);
}

/* A core that answers nonsense is broken; its sender hears that it must send again. */
TEST(a_core_that_breaks_the_protocol_is_dropped)
{
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);

	int fd = ask(&bench, "POST /", JSON, BODY);

	expect(&bench, MSG_DELIVER);
	answer(&bench, (enum err_code)200, "", "x");
	ck_has(got(fd), "the core restarted; send again");
	ck_has(got(ask(&bench, "GET /-/ready", "", "")), "core is starting");
	stop(&bench);
}

TEST(a_replay_is_a_delivery_of_the_kept_body)
{
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);
	ck_has(got(ask(&bench, "POST /api/v1/deliveries/3/replay", "", "")), "HTTP/1.1 401 ");

	int fd = ask(&bench, "POST /api/v1/deliveries/3/replay?dry_run=true", OPERATOR, "");

	expect(&bench, MSG_QUERY);
	answer(&bench, ERR_NONE, "application/json", BODY);
	expect(&bench, MSG_DELIVER);
	ck_str(bench.text, "operator alerts=1 service=argus body=59 of=3 dry=1");
	answer(&bench, ERR_NONE, "", "{}");
	ck_has(got(fd), "HTTP/1.1 200 ");
	fd = ask(&bench, "POST /api/v1/deliveries/3/replay",
			OPERATOR JSON "Idempotency-Key: k1\r\n",
			"{\"force\":true,\"reason\":\"now, \"}");
	expect(&bench, MSG_QUERY);
	answer(&bench, ERR_NONE, "application/json", BODY);
	expect(&bench, MSG_DELIVER);
	ck_str(bench.text, "operator alerts=1 service=argus body=59 of=3 dry=0 forced: now, k1");
	answer(&bench, ERR_NONE, "", "{}");
	ck_has(got(fd), "HTTP/1.1 200 ");
	fd = ask(&bench, "POST /api/v1/deliveries/4/replay", OPERATOR, "");
	expect(&bench, MSG_QUERY);
	answer(&bench, ERR_NOT_FOUND, "", "there is no delivery 4");
	ck_has(got(fd), "HTTP/1.1 404 ");
	stop(&bench);
}

TEST(a_reload_is_the_executors_to_answer)
{
	struct msg_reloaded reloaded = { .error = "" };
	struct bench bench = { 0 };

	start(&bench);
	ck_has(got(ask(&bench, "POST /-/reload", "", "")), "WWW-Authenticate: Bearer");

	int fd = ask(&bench, "POST /-/reload", OPERATOR, "");

	expect(&bench, MSG_RELOAD);
	reloaded.id = bench.id;
	message_send(bench.control, MSG_RELOADED, &reloaded, -1);
	ck_has(got(fd), "HTTP/1.1 200 ");
	fd = ask(&bench, "POST /-/reload", OPERATOR, "");
	expect(&bench, MSG_RELOAD);
	reloaded = (struct msg_reloaded){ bench.id, ERR_INPUT, "a.yml:1:2: error: x" };
	message_send(bench.control, MSG_RELOADED, &reloaded, -1);
	ck_has(got(fd), "HTTP/1.1 400 ");
	fd = ask(&bench, "POST /-/reload", OPERATOR, "");
	expect(&bench, MSG_RELOAD);
	reloaded = (struct msg_reloaded){ bench.id, ERR_BUSY, "not taken over yet" };
	message_send(bench.control, MSG_RELOADED, &reloaded, -1);
	ck_has(got(fd), "\"error\":\"not taken over yet\"");
	stop(&bench);
}

TEST(what_must_not_be_sent_is_refused_before_it_has_an_effect)
{
	static const struct {
		const char *line;
		const char *headers;
		const char *body;
		const char *says;
	} rows[] = {
		{ "POST /", JSON "Origin: https://evil.test\r\n", BODY, " 403 " },
		{ "POST /", JSON "Sec-Fetch-Site: cross-site\r\n", BODY, " 403 " },
		{ "POST /api/v1/pause", OPERATOR, BODY, " 415 " },
		{ "POST /api/v1/pause?x=1", JSON OPERATOR, "{}", "unknown parameter 'x'" },
		{ "PUT /webhook", JSON, BODY, "/webhook takes POST" },
		{ "PUT /webhook/", JSON, BODY, "Allow: POST\r\n" },
		{ "OPTIONS /", JSON, "", "Allow: GET, HEAD, POST\r\n" },
		{ "DELETE /api/v1/runs", JSON, "", " 405 " },
		{ "GET /%2e%2e/metrics", "", "", " 400 " },
		{ "GET /nothing", "", "", " 404 " },
		{ "POST /api/v1/deliveries/1/replay", "Authorization: Bearer x\r\n", "", " 401 " },
	};
	struct bench bench = { 0 };

	start(&bench);
	connect_core(&bench);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_has(got(ask(&bench, rows[i].line, rows[i].headers, rows[i].body)), rows[i].says);
	}

	/* The next thing that the core hears is this, so of those it heard nothing. */
	int fd = ask(&bench, "GET /-/ready", "", "");
	char expected[64];

	expect(&bench, MSG_QUERY);
	snprintf(expected, sizeof(expected), "route=%d id=0 limit= filters=0", ROUTE_READY);
	ck_str(bench.text, expected);
	answer(&bench, ERR_NONE, "text/plain", "ready\n");
	got(fd);
	stop(&bench);
}

TEST(told_to_end_it_answers_what_waits)
{
	struct bench bench = { 0 };
	int status = -1;

	start(&bench);
	connect_core(&bench);

	int fd = ask(&bench, "POST /", JSON, BODY);

	expect(&bench, MSG_DELIVER);
	kill(bench.pid, SIGTERM);
	answer(&bench, ERR_NONE, "", "{\"n\":1}");
	ck_has(got(fd), "\"data\":{\"n\":1}}");
	must(waitpid(bench.pid, &status, 0) == bench.pid);
	ck_int(status, 0);
	channel_free(bench.control);
	channel_free(bench.core);
	loop_free(bench.loop);
}
