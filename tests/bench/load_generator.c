/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_generator - POST the same body over N kept connections, as fast as the answers come, and
 * print how it went.
 *
 *	load_generator --port 9098 --body FILE [--path /api/v1/alerts] [--connections 16]
 *	     [--seconds 3 | --requests M] [--vary MARKER] [--late 10]
 *
 * Every connection has one request under way. With --vary, each request has a number of its own in
 * place of every MARKER in the body, of the same length. One line comes out:
 *
 *	requests=88310 seconds=3.000 rate=29436 p50_us=1891 p99_us=9631 max_us=20110 \
 *		not_200=0 missing=0 late=0
 *
 * rate counts what was answered within the time. missing: requests whose answer never came, late:
 * answers that came after more than --late seconds. Exit status: 0, or 1 when any answer was
 * missing, late or not 200, or 2.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_HEAD_MAX 16384
#define MARKS_MAX       64

struct options {
	uint16_t port;
	const char *path;
	const char *body;
	const char *vary;
	uint64_t connections;
	uint64_t requests; /* 0: until the time is over */
	double seconds;
	double late;
};

struct connection {
	int fd; /* -1: lost */
	char *request;
	size_t sent;
	uint64_t began_us; /* 0: nothing is under way */
	char head[ANSWER_HEAD_MAX];
	size_t head_len;
	uint64_t body_left;
	bool in_body;
	bool ok;
};

struct load {
	const struct options *options;
	int epoll_fd;
	struct connection *connections;
	char *request; /* head and body */
	size_t request_len;
	size_t marks[MARKS_MAX]; /* where in request the marker stands */
	size_t marks_len;
	uint32_t *took_us;
	size_t answers;
	size_t answers_cap;
	size_t answers_in_time;
	uint64_t begin_us;
	uint64_t end_us;
	uint64_t started;
	uint64_t under_way;
	uint64_t lost;
	uint64_t late;
	uint64_t not_200;
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("load_generator: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void *must_alloc(void *p)
{
	if (!p) {
		die("out of memory");
	}
	return p;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- the request --- */

static char *read_body(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *text = must_alloc(malloc(64 << 20));

	if (!file) {
		die("open '%s': %s", path, strerror(errno));
	}
	*ret_len = fread(text, 1, 64 << 20, file);
	fclose(file);
	return text;
}

static void find_marks(struct load *load, size_t from)
{
	const char *marker = load->options->vary;
	size_t len = strlen(marker);
	char *p = load->request + from;

	if (len == 0 || len > 19) {
		die("--vary: a marker has 1 to 19 characters");
	}
	while ((p = memmem(p, load->request_len - (size_t)(p - load->request), marker, len))) {
		if (load->marks_len == MARKS_MAX) {
			die("--vary: more than %d markers in the body", MARKS_MAX);
		}
		load->marks[load->marks_len++] = (size_t)(p - load->request);
		p += len;
	}
	if (load->marks_len == 0) {
		die("--vary: no '%s' in the body", marker);
	}
}

static void build_request(struct load *load)
{
	const struct options *options = load->options;
	size_t body_len;
	char *body = read_body(options->body, &body_len);
	char *head;
	int head_len = asprintf(&head,
			"POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: Alertmanager/0.27.0\r\n"
			"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
			options->path, options->port, body_len);

	if (head_len < 0) {
		die("out of memory");
	}
	load->request_len = (size_t)head_len + body_len;
	load->request = must_alloc(malloc(load->request_len));
	memcpy(load->request, head, (size_t)head_len);
	memcpy(load->request + head_len, body, body_len);
	free(head);
	free(body);
	if (options->vary) {
		find_marks(load, (size_t)head_len);
	}
}

static void vary(const struct load *load, char *request)
{
	char digits[24];
	size_t len = strlen(load->options->vary);

	snprintf(digits, sizeof(digits), "%020" PRIu64, load->started);
	for (size_t i = 0; i < load->marks_len; i++) {
		memcpy(request + load->marks[i], digits + 20 - len, len);
	}
}

/* --- one connection --- */

static void watch(struct load *load, struct connection *connection, int op, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	if (epoll_ctl(load->epoll_fd, op, connection->fd, &event) < 0) {
		die("epoll_ctl: %s", strerror(errno));
	}
}

static void lose(struct load *load, struct connection *connection)
{
	if (connection->began_us != 0) {
		load->lost++;
		load->under_way--;
	}
	close(connection->fd);
	connection->fd = -1;
}

/* Send what is left. Blocking is rare: it happens with large bodies only. */
static void send_rest(struct load *load, struct connection *connection)
{
	while (connection->sent < load->request_len) {
		ssize_t n = send(connection->fd, connection->request + connection->sent,
				load->request_len - connection->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(load, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n < 0) {
			lose(load, connection);
			return;
		}
		connection->sent += (size_t)n;
	}
}

static void begin_request(struct load *load, struct connection *connection)
{
	const struct options *options = load->options;

	connection->began_us = 0;
	if (options->requests ? load->started >= options->requests : now_us() >= load->end_us) {
		return;
	}
	if (options->vary) {
		vary(load, connection->request);
	}
	load->started++;
	load->under_way++;
	connection->sent = 0;
	connection->head_len = 0;
	connection->in_body = false;
	connection->began_us = now_us();
	send_rest(load, connection);
}

static void end_request(struct load *load, struct connection *connection)
{
	uint64_t now = now_us();
	uint64_t took_us = now - connection->began_us;

	if (load->answers == load->answers_cap) {
		load->answers_cap = load->answers_cap ? load->answers_cap * 2 : 1 << 16;
		load->took_us = must_alloc(reallocarray(
				load->took_us, load->answers_cap, sizeof(*load->took_us)));
	}
	load->took_us[load->answers++] = took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
	load->answers_in_time += load->options->requests || now <= load->end_us;
	load->late += (double)took_us > load->options->late * 1e6;
	load->not_200 += !connection->ok;
	load->under_way--;
	begin_request(load, connection);
}

/* The head is complete: its status and how long the body is. */
static void read_head(struct connection *connection, const char *head_end)
{
	static const char key[] = "content-length:";

	connection->head[head_end - connection->head] = '\0';
	if (strncmp(connection->head, "HTTP/1.1 ", 9) != 0) {
		die("an answer that is not HTTP/1.1: %.40s", connection->head);
	}
	connection->ok = strncmp(connection->head + 9, "200", 3) == 0;

	const char *line = strcasestr(connection->head, key);

	if (!line) {
		die("an answer without Content-Length:\n%s", connection->head);
	}
	connection->body_left = strtoull(line + sizeof(key) - 1, NULL, 10);
	connection->in_body = true;
}

static void take_body(struct load *load, struct connection *connection, size_t len)
{
	if (len > connection->body_left) {
		die("an answer is longer than its Content-Length");
	}
	connection->body_left -= len;
	if (connection->body_left == 0) {
		end_request(load, connection);
	}
}

static void receive(struct load *load, struct connection *connection)
{
	char scrap[65536];
	char *to = connection->in_body ? scrap : connection->head + connection->head_len;
	size_t room = connection->in_body ? sizeof(scrap)
					  : ANSWER_HEAD_MAX - 1 - connection->head_len;
	ssize_t n = recv(connection->fd, to, room, 0);

	if (n < 0 && errno == EAGAIN) {
		return;
	}
	if (n <= 0 || connection->began_us == 0) {
		lose(load, connection);
		return;
	}
	if (connection->in_body) {
		take_body(load, connection, (size_t)n);
		return;
	}
	connection->head_len += (size_t)n;

	char *head_end = memmem(connection->head, connection->head_len, "\r\n\r\n", 4);

	if (head_end) {
		read_head(connection, head_end);
		take_body(load, connection,
				connection->head_len - (size_t)(head_end + 4 - connection->head));
	} else if (connection->head_len == ANSWER_HEAD_MAX - 1) {
		die("an answer with a head of more than %d bytes", ANSWER_HEAD_MAX);
	}
}

static void on_event(struct load *load, struct connection *connection, uint32_t events)
{
	if (connection->fd >= 0 && (events & EPOLLOUT)) {
		watch(load, connection, EPOLL_CTL_MOD, EPOLLIN);
		send_rest(load, connection);
	}
	if (connection->fd >= 0 && (events & ~(uint32_t)EPOLLOUT)) {
		receive(load, connection);
	}
}

static void connect_one(struct load *load, struct connection *connection)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int one = 1;

	address.sin_port = htons(load->options->port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 ||
			connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		die("connect to port %u: %s", load->options->port, strerror(errno));
	}
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(connection->fd, F_SETFL, O_NONBLOCK);
	watch(load, connection, EPOLL_CTL_ADD, EPOLLIN);
	connection->request = load->request;
	if (load->options->vary) {
		connection->request = must_alloc(malloc(load->request_len));
		memcpy(connection->request, load->request, load->request_len);
	}
}

/* --- all of it --- */

/* Until all is answered, or what is not is late. */
static void run(struct load *load)
{
	struct epoll_event events[256];
	uint64_t late_us = (uint64_t)(load->options->late * 1e6);
	uint64_t heard_us = now_us();

	while (load->under_way > 0) {
		int n = epoll_wait(load->epoll_fd, events, 256, 100);

		for (int i = 0; i < n; i++) {
			on_event(load, events[i].data.ptr, events[i].events);
		}
		if (n > 0) {
			heard_us = now_us();
		}
		/* Nothing at all for so long, or still something so long after the end. */
		if (now_us() - heard_us > late_us ||
				(!load->options->requests && now_us() > load->end_us + late_us)) {
			return;
		}
	}
}

static void start(struct load *load)
{
	uint64_t n = load->options->connections;

	load->connections = must_alloc(calloc(n, sizeof(*load->connections)));
	for (uint64_t i = 0; i < n; i++) {
		connect_one(load, &load->connections[i]);
	}
	load->begin_us = now_us();
	load->end_us = load->begin_us + (uint64_t)(load->options->seconds * 1e6);
	for (uint64_t i = 0; i < n; i++) {
		begin_request(load, &load->connections[i]);
	}
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t quantile(const struct load *load, double q)
{
	return load->answers ? load->took_us[(size_t)(q * (double)(load->answers - 1))] : 0;
}

static int report(struct load *load)
{
	double seconds = load->options->seconds;
	uint64_t missing = load->lost + load->under_way;

	if (load->options->requests) {
		seconds = (double)(now_us() - load->begin_us) / 1e6;
		missing = load->options->requests - load->answers;
	}
	if (load->answers) {
		qsort(load->took_us, load->answers, sizeof(*load->took_us), by_size);
	}
	printf("requests=%zu seconds=%.3f rate=%.0f p50_us=%u p99_us=%u max_us=%u not_200=%" PRIu64
	       " missing=%" PRIu64 " late=%" PRIu64 "\n",
			load->answers, seconds, (double)load->answers_in_time / seconds,
			quantile(load, 0.5), quantile(load, 0.99), quantile(load, 1), load->not_200,
			missing, load->late);
	return missing || load->late || load->not_200 ? 1 : 0;
}

static void parse(struct options *options, int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "path", required_argument, NULL, 'u' },
		{ "body", required_argument, NULL, 'b' },
		{ "vary", required_argument, NULL, 'v' },
		{ "connections", required_argument, NULL, 'c' },
		{ "requests", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 's' },
		{ "late", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int key;

	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (key) {
		case 'p':
			options->port = (uint16_t)atoi(optarg);
			break;
		case 'u':
			options->path = optarg;
			break;
		case 'b':
			options->body = optarg;
			break;
		case 'v':
			options->vary = optarg;
			break;
		case 'c':
			options->connections = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options->requests = strtoull(optarg, NULL, 10);
			break;
		case 's':
			options->seconds = atof(optarg);
			break;
		case 'l':
			options->late = atof(optarg);
			break;
		default:
			exit(2);
		}
	}
	if (!options->port || !options->body || !options->connections || options->seconds <= 0) {
		die("--port and --body are needed, --connections and --seconds are not 0");
	}
}

static void allow_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct options options = {
		.path = "/api/v1/alerts", .connections = 16, .seconds = 3, .late = 10
	};
	struct load load = { .options = &options };

	parse(&options, argc, argv);
	allow_descriptors();
	load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	build_request(&load);
	start(&load);
	run(&load);
	return report(&load);
}
