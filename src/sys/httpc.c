/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/httpc.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sys/httpc_send.h"
#include "sys/httpc_target.h"

struct httpc {
	CURLM *multi;
	/*
	 * libcurl's sockets have an epoll of their own, which the loop watches: libcurl 7.88 closes
	 * sockets that are not connected yet before it says that it has no more use for them.
	 */
	int epoll_fd;
	struct loop_watch *watch;
	int64_t due_ms; /* mono; when libcurl wants to be called, or -1 */
	bool reporting; /* a done() is running */
	struct httpc_look *looks;
};

enum cut { CUT_NOTHING, CUT_BODY, CUT_HEADERS };

struct httpc_look {
	struct httpc *httpc;
	struct httpc_look *next;
	struct httpc_look **prev;
	void (*done)(void *arg, const struct httpc_result *result);
	void *arg;
	CURL *easy;
	char *peer; /* "host:port", for messages */
	int64_t timeout_ms;
	struct sending *sending; /* NULL: it only looks */
	curl_socket_t talks_on;  /* of a mail, once it is connected; -1: not yet */
	bool ready;              /* to talk */
	int64_t talks_until;     /* mono */
	enum cut cut;            /* which limit ended it */
	size_t headers_len;
	size_t body_max;
	struct buf body;
	char refused[INET6_ADDRSTRLEN]; /* an address that is never connected to, or "" */
	char message[CURL_ERROR_SIZE];  /* libcurl's own words */
};

/* --- libcurl's callbacks --- */

static void watch_socket(struct httpc *httpc, curl_socket_t fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(httpc->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT) {
		epoll_ctl(httpc->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	}
}

/* libcurl says what it waits for on a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct httpc *httpc = arg;

	(void)easy;
	(void)assigned;
	if (what == CURL_POLL_REMOVE) {
		/* Fails when libcurl has closed it already, which took it out of the epoll too. */
		epoll_ctl(httpc->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	} else {
		watch_socket(httpc, fd,
				(what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0U) |
						(what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0U));
	}
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct httpc *httpc = arg;

	(void)multi;
	httpc->due_ms = timeout_ms < 0 ? -1 : clock_mono_ms() + timeout_ms;
	return 0;
}

static int curl_events(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
	       (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
	       (events & EPOLLERR ? CURL_CSELECT_ERR : 0);
}

/* A mail server has something to say. libcurl does not know its socket any more. */
static void note_ready(struct httpc *httpc, curl_socket_t fd)
{
	for (struct httpc_look *look = httpc->looks; look; look = look->next) {
		look->ready |= look->talks_on == fd;
	}
}

/* Some socket is ready. What has ended by it is reported by the tick, which follows. An event of a
 * socket that was closed in the same batch does no harm: libcurl does not know it. */
static void on_ready(void *arg, uint32_t loop_events)
{
	struct httpc *httpc = arg;
	struct epoll_event events[64];
	int n = epoll_wait(httpc->epoll_fd, events, 64, 0);
	int running = 0;

	(void)loop_events;
	for (int i = 0; i < n; i++) {
		note_ready(httpc, events[i].data.fd);
		curl_multi_socket_action(httpc->multi, events[i].data.fd,
				curl_events(events[i].events), &running);
	}
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct httpc_look *look = arg;
	size_t len = size * count;

	if (len > look->body_max - look->body.len) {
		look->cut = CUT_BODY;
		return CURL_WRITEFUNC_ERROR;
	}
	buf_add(&look->body, data, len);
	return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct httpc_look *look = arg;
	size_t len = size * count;

	(void)data;
	if (len > HTTPC_HEADERS_MAX - look->headers_len) {
		look->cut = CUT_HEADERS;
		return CURL_WRITEFUNC_ERROR;
	}
	look->headers_len += len;
	return len;
}

/* After the name is resolved and before anything is sent: the only place to judge the address. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct httpc_look *look = arg;
	char text[INET6_ADDRSTRLEN];

	(void)purpose;
	if (!httpc_target_allowed(address->family, &address->addr, text)) {
		memcpy(look->refused, text, sizeof(text));
		return CURL_SOCKET_BAD;
	}

	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
			address->protocol);

	/* When it has the number of one that libcurl still takes for open and connecting, then
	 * libcurl would not ask for it to be watched. */
	if (fd >= 0) {
		watch_socket(look->httpc, fd, EPOLLOUT);
	}
	return fd;
}

/* --- one look --- */

static void look_free(struct httpc_look *look)
{
	if (look->talks_on >= 0) {
		epoll_ctl(look->httpc->epoll_fd, EPOLL_CTL_DEL, look->talks_on, NULL);
	}
	if (look->easy) {
		curl_multi_remove_handle(look->httpc->multi, look->easy);
		curl_easy_cleanup(look->easy);
	}
	if (look->prev) {
		*look->prev = look->next;
	}
	if (look->next) {
		look->next->prev = look->prev;
	}
	httpc_send_free(look->sending);
	buf_clear(&look->body);
	free(look->peer);
	free(look);
}

static char *connect_failure(const struct httpc_look *look)
{
	long sys_errno = 0;

	if (look->refused[0] != '\0') {
		return xasprintf("connect to %s: the address %s is not allowed", look->peer,
				look->refused);
	}
	curl_easy_getinfo(look->easy, CURLINFO_OS_ERRNO, &sys_errno);
	return xasprintf("connect to %s: %s", look->peer,
			sys_errno != 0 ? strerror((int)sys_errno) : look->message);
}

static char *failure_text(const struct httpc_look *look, CURLcode code)
{
	char duration[CLOCK_TEXT_MAX];

	if (httpc_send_is_mail(look->sending) &&
			httpc_send_smtp(look->sending)->state == SMTP_REFUSED) {
		return xasprintf("%s: %s", look->peer, httpc_send_smtp(look->sending)->error);
	}
	if (look->cut == CUT_HEADERS) {
		return xasprintf("the answer's headers are longer than %d KiB",
				HTTPC_HEADERS_MAX / 1024);
	}
	if (look->cut == CUT_BODY || code == CURLE_FILESIZE_EXCEEDED) {
		return xasprintf("the answer is longer than %zu KiB", look->body_max / 1024);
	}
	if (code == CURLE_OPERATION_TIMEDOUT) {
		return xasprintf("timed out after %s", duration_format(look->timeout_ms, duration));
	}
	if (code == CURLE_COULDNT_CONNECT) {
		return connect_failure(look);
	}
	if (code == CURLE_COULDNT_RESOLVE_HOST) {
		return xasprintf("connect to %s: the name does not resolve", look->peer);
	}
	/* What libcurl says when there is no status line: an answer in HTTP/0.9. */
	if (!httpc_send_is_mail(look->sending) &&
			(code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY)) {
		return xasprintf("%s does not speak HTTP", look->peer);
	}

	const char *text = look->message[0] != '\0' ? look->message : curl_easy_strerror(code);
	const char *where = strstr(text, ". CAfile:"); /* means nothing to operators */

	return xasprintf("%s: %.*s", look->peer, where ? (int)(where - text) : CURL_ERROR_SIZE,
			text);
}

/* The answer to a POST is its status, however much follows it. */
static bool answered(const struct httpc_look *look, CURLcode code)
{
	bool enough = look->cut == CUT_BODY || code == CURLE_FILESIZE_EXCEEDED;

	return code == CURLE_OK || (enough && httpc_send_is_post(look->sending));
}

static int status_of(const struct httpc_look *look)
{
	long status = 0;

	if (httpc_send_is_mail(look->sending)) {
		return httpc_send_smtp(look->sending)->code;
	}
	curl_easy_getinfo(look->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* The look is freed before done() is called, which so may do what it likes. */
static void look_report(struct httpc_look *look, CURLcode code)
{
	struct httpc *httpc = look->httpc;
	void (*done)(void *arg, const struct httpc_result *result) = look->done;
	void *arg = look->arg;
	auto_free char *error = NULL;
	auto_buf struct buf body = { 0 };
	struct httpc_result result = { .ok = answered(look, code), .body = "", .error = "" };

	if (result.ok || httpc_send_is_mail(look->sending)) {
		result.status = status_of(look);
	}
	if (result.ok) {
		body = look->body;
		look->body = (struct buf){ 0 };
		result.body = buf_text(&body);
		result.body_len = body.len;
	} else {
		error = failure_text(look, code);
		result.error = error;
	}
	look_free(look);

	httpc->reporting = true;
	done(arg, &result);
	httpc->reporting = false;
}

/* Every option here matters for safety; none of them can fail but for an option that this libcurl
 * does not know, which the first look would show. */
static CURLcode set_options(struct httpc_look *look, const char *url)
{
	CURL *easy = look->easy;
	CURLcode rc = CURLE_OK;

#define SET(option, value)                                          \
	do {                                                        \
		if (rc == CURLE_OK) {                               \
			rc = curl_easy_setopt(easy, option, value); \
		}                                                   \
	} while (0)
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_USERAGENT, "playbookd");
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* The end of a look does not wait for the thread that resolves its name. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)look->timeout_ms);
	SET(CURLOPT_MAXFILESIZE, (long)look->body_max);
	SET(CURLOPT_BUFFERSIZE, 16384L);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, look);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, look);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, look);
	SET(CURLOPT_ERRORBUFFER, look->message);
	SET(CURLOPT_PRIVATE, look);
#undef SET
	return rc;
}

/* Give the handle its options and hand it to libcurl. */
static int look_run(struct httpc_look *look, CURLU *url, bool connect_only, struct err *err)
{
	char *text = NULL;

	if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK) {
		return err_set(err, ERR_INPUT, "the URL is wrong");
	}

	CURLcode code = set_options(look, text);

	curl_free(text);
	if (code == CURLE_OK && look->sending) {
		code = (CURLcode)httpc_send_set(look->sending, look->easy);
	}
	if (code == CURLE_OK && connect_only) {
		code = curl_easy_setopt(look->easy, CURLOPT_CONNECT_ONLY, 1L);
	}
	if (code != CURLE_OK) {
		return err_set(err, ERR_IO, "libcurl: %s", curl_easy_strerror(code));
	}

	CURLMcode rc = curl_multi_add_handle(look->httpc->multi, look->easy);

	return rc == CURLM_OK ? 0 : err_set(err, ERR_IO, "libcurl: %s", curl_multi_strerror(rc));
}

static int look_begin(struct httpc_look *look, const struct httpc_request *request, CURLU *url,
		struct err *err)
{
	if (httpc_target_set(url, request, err) < 0) {
		return -1;
	}
	if (request->send) {
		look->sending = httpc_send_new(request->send, err);
		if (!look->sending) {
			return -1;
		}
	}
	look->peer = httpc_target_peer(url);
	look->easy = curl_easy_init();
	if (!look->easy) {
		return err_set(err, ERR_IO, "libcurl: no handle");
	}
	return look_run(look, url, request->address && !request->send, err);
}

static void look_link(struct httpc_look *look)
{
	struct httpc *httpc = look->httpc;

	look->next = httpc->looks;
	look->prev = &httpc->looks;
	if (look->next) {
		look->next->prev = &look->next;
	}
	httpc->looks = look;
}

struct httpc_look *httpc_start(
		struct httpc *httpc, const struct httpc_request *request, struct err *err)
{
	assert(!request->url != !request->address);
	assert(!request->send || !request->send->from == !request->address);
	if (request->timeout_ms < 1 || request->timeout_ms > HTTPC_TIMEOUT_MAX_MS) {
		err_set(err, ERR_INPUT, "the timeout is not between 1 ms and %d ms",
				HTTPC_TIMEOUT_MAX_MS);
		return NULL;
	}

	struct httpc_look *look = xcalloc(1, sizeof(*look));
	CURLU *url = curl_url();

	look->httpc = httpc;
	look->done = request->done;
	look->arg = request->arg;
	look->timeout_ms = request->timeout_ms;
	look->body_max = request->body_max ? request->body_max : HTTPC_BODY_MAX;
	look->talks_on = -1;
	look->talks_until = clock_mono_ms() + request->timeout_ms;

	int rc = url ? look_begin(look, request, url, err)
		     : err_set(err, ERR_IO, "libcurl: no URL");

	if (rc < 0) {
		look_free(look);
		look = NULL;
	} else {
		look_link(look);
	}
	curl_url_cleanup(url);
	return look;
}

void httpc_cancel(struct httpc_look *look)
{
	if (look) {
		look_free(look);
	}
}

/* --- all of them --- */

static void httpc_close(struct httpc *httpc)
{
	loop_remove(httpc->watch);
	if (httpc->multi) {
		curl_multi_cleanup(httpc->multi);
	}
	if (httpc->epoll_fd >= 0) {
		close(httpc->epoll_fd);
	}
	free(httpc);
	curl_global_cleanup();
}

struct httpc *httpc_new(struct loop *loop, struct err *err)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		err_set(err, ERR_IO, "libcurl does not start");
		return NULL;
	}

	struct httpc *httpc = xcalloc(1, sizeof(*httpc));

	httpc->due_ms = -1;
	httpc->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	httpc->multi = curl_multi_init();
	if (httpc->epoll_fd < 0 || !httpc->multi) {
		err_set(err, ERR_IO, "libcurl: no multi handle or epoll for it");
		httpc_close(httpc);
		return NULL;
	}
	httpc->watch = loop_add(loop, httpc->epoll_fd, EPOLLIN, on_ready, httpc);
	curl_multi_setopt(httpc->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(httpc->multi, CURLMOPT_SOCKETDATA, httpc);
	curl_multi_setopt(httpc->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(httpc->multi, CURLMOPT_TIMERDATA, httpc);
	return httpc;
}

void httpc_free(struct httpc *httpc)
{
	if (!httpc) {
		return;
	}
	assert(!httpc->reporting);
	while (httpc->looks) {
		look_free(httpc->looks);
	}
	httpc_close(httpc);
}

/* --- the talk with a mail server --- */

/* It is connected, and libcurl has nothing more to do with it. */
static CURLcode begin_talk(struct httpc_look *look)
{
	CURLcode rc = curl_easy_getinfo(look->easy, CURLINFO_ACTIVESOCKET, &look->talks_on);

	look->message[0] = '\0';
	look->ready = true;
	return rc == CURLE_OK && look->talks_on < 0 ? CURLE_COULDNT_CONNECT : rc;
}

/* Go on with it; true when it is over, and reported. */
static bool talk(struct httpc_look *look)
{
	CURLcode rc = (CURLcode)httpc_send_talk(look->sending, look->easy);
	enum smtp_state state = httpc_send_smtp(look->sending)->state;

	look->ready = false;
	if (rc == CURLE_OK && state == SMTP_GOES_ON) {
		if (clock_mono_ms() < look->talks_until) {
			watch_socket(look->httpc, look->talks_on,
					EPOLLIN | (httpc_send_wants_write(look->sending)
										  ? (uint32_t)EPOLLOUT
										  : 0U));
			return false;
		}
		rc = CURLE_OPERATION_TIMEDOUT;
	}
	look_report(look, rc == CURLE_OK && state == SMTP_REFUSED ? CURLE_SEND_ERROR : rc);
	return true;
}

/* done() may have done anything to the list: from its beginning after each report. */
static int64_t talk_all(struct httpc *httpc)
{
	int64_t now = clock_mono_ms();
	int64_t due = -1;

	for (struct httpc_look *look = httpc->looks; look;) {
		if (look->talks_on < 0) {
			look = look->next;
		} else if ((look->ready || look->talks_until <= now) && talk(look)) {
			look = httpc->looks;
			due = -1;
		} else {
			due = due < 0 || look->talks_until < due ? look->talks_until : due;
			look = look->next;
		}
	}
	return due;
}

static void end_look(struct httpc_look *look, CURLcode code)
{
	if (code == CURLE_OK && httpc_send_is_mail(look->sending)) {
		code = begin_talk(look);
		if (code == CURLE_OK) {
			return;
		}
	}
	look_report(look, code);
}

static void report_ended(struct httpc *httpc)
{
	CURLMsg *msg;
	int left = 0;

	while ((msg = curl_multi_info_read(httpc->multi, &left))) {
		struct httpc_look *look = NULL;
		CURLcode code = msg->data.result;

		if (msg->msg == CURLMSG_DONE) {
			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &look);
			end_look(look, code);
		}
	}
}

int64_t httpc_tick(struct httpc *httpc)
{
	int running = 0;

	if (httpc->due_ms >= 0 && clock_mono_ms() >= httpc->due_ms) {
		httpc->due_ms = -1;
		curl_multi_socket_action(httpc->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	report_ended(httpc);

	int64_t due = talk_all(httpc);

	if (due < 0 || (httpc->due_ms >= 0 && httpc->due_ms < due)) {
		due = httpc->due_ms;
	}
	if (due < 0) {
		return -1;
	}

	int64_t wait_ms = due - clock_mono_ms();

	return wait_ms > 0 ? wait_ms : 0;
}
