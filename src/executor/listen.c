/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define UNIX_PREFIX "unix:"
#define RETRIES     20
#define RETRY_MS    25

static int fail(const char *address, struct err *err)
{
	return err_set(err, ERR_IO, "listen %s: %s", address, strerror(errno));
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}

	struct sockaddr_in6 in6;

	memcpy(&in6, sa, sizeof(in6));
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

/* A socket file that nobody listens on is left from a daemon that was killed. */
static void remove_stale(const struct sockaddr_un *sun)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd >= 0 && lstat(sun->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
			connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0 &&
			errno == ECONNREFUSED) {
		unlink(sun->sun_path);
	}
}

static int open_unix(const char *address, struct listener *ret, struct err *err)
{
	const char *path = address + strlen(UNIX_PREFIX);
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	auto_fd int fd = -1;

	if (!*path || strlen(path) >= sizeof(sun.sun_path)) {
		return err_set(err, ERR_INPUT,
				"listen %s: the path is empty or longer than %zu bytes", address,
				sizeof(sun.sun_path) - 1);
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	remove_stale(&sun);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		return fail(address, err);
	}
	if (chmod(path, 0660) < 0 || listen(fd, SOMAXCONN) < 0) {
		int saved = errno;

		unlink(path);
		errno = saved;
		return fail(address, err);
	}
	snprintf(ret->address, sizeof(ret->address), "%s", address);
	snprintf(ret->unlink, sizeof(ret->unlink), "%s", path);
	ret->fd = take_fd(&fd);
	return 0;
}

/* "host:port" or "[host]:port" in its two parts; host has LISTEN_TEXT_MAX. */
static int split(const char *address, char *host, const char **ret_port, struct err *err)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;
	bool bracketed = len >= 2 && address[0] == '[' && address[len - 1] == ']';
	char *end;

	if (!colon || len >= LISTEN_TEXT_MAX || (memchr(address, ':', len) && !bracketed)) {
		return err_set(err, ERR_INPUT,
				"listen %s: expected HOST:PORT, [IPV6]:PORT or unix:PATH", address);
	}

	unsigned long port = strtoul(colon + 1, &end, 10);

	if (colon[1] < '0' || colon[1] > '9' || *end || port > 65535) {
		return err_set(err, ERR_INPUT, "listen %s: '%s' is not a port", address, colon + 1);
	}
	snprintf(host, LISTEN_TEXT_MAX, "%.*s", (int)(bracketed ? len - 2 : len),
			address + bracketed);
	*ret_port = colon + 1;
	return 0;
}

static int describe(int fd, char *text)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0 ||
			getnameinfo((const struct sockaddr *)&sa, len, host, sizeof(host), port,
					sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		return -1;
	}
	snprintf(text, LISTEN_TEXT_MAX, sa.ss_family == AF_INET6 ? "[%.*s]:%s" : "%.*s:%s", 128,
			host, port);
	return 0;
}

/* The front of a daemon that was killed a moment ago may still be about to end. */
static int bind_patiently(int fd, const struct addrinfo *info)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };

	for (int tries = 0; bind(fd, info->ai_addr, info->ai_addrlen) < 0; tries++) {
		if (errno != EADDRINUSE || tries >= RETRIES) {
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int bind_tcp(const char *address, const struct addrinfo *info, struct listener *ret,
		struct err *err)
{
	const int on = 1;

	if (!is_loopback(info->ai_addr)) {
		return err_set(err, ERR_FORBIDDEN,
				"listen %s: it is not a loopback address; reading needs no password, so only 127.0.0.0/8, [::1] and unix:PATH are allowed",
				address);
	}

	auto_fd int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
			bind_patiently(fd, info) < 0 || listen(fd, SOMAXCONN) < 0 ||
			describe(fd, ret->address) < 0) {
		return fail(address, err);
	}
	ret->fd = take_fd(&fd);
	return 0;
}

static int open_tcp(const char *address, struct listener *ret, struct err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *info;
	char host[LISTEN_TEXT_MAX];
	const char *port = NULL;

	if (split(address, host, &port, err) < 0) {
		return -1;
	}

	int failed = getaddrinfo(*host ? host : NULL, port, &hints, &info);

	if (failed) {
		return err_set(err, ERR_INPUT, "listen %s: %s", address, gai_strerror(failed));
	}

	int result = bind_tcp(address, info, ret, err);

	freeaddrinfo(info);
	return result;
}

int listen_open(const char *address, struct listener *ret_listener, struct err *err)
{
	struct listener listener = { .fd = -1 };
	bool is_unix = strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0;

	if ((is_unix ? open_unix : open_tcp)(address, &listener, err) < 0) {
		return -1;
	}
	*ret_listener = listener;
	return 0;
}

void listen_close(struct listener *listener)
{
	if (listener->fd >= 0) {
		close(listener->fd);
		listener->fd = -1;
	}
	if (*listener->unlink) {
		unlink(listener->unlink);
		*listener->unlink = '\0';
	}
}
