/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

static int bound_socket(int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(fd >= 0);
	must(bind(fd, (struct sockaddr *)&address, len) == 0);
	must(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int server_refused_port(void)
{
	int port;

	/* Bound but not listening: the kernel refuses, and gives the port to nobody else. */
	bound_socket(&port);
	return port;
}

static void read_head(int fd)
{
	char head[4096];
	size_t len = 0;

	while (len < sizeof(head) - 1) {
		ssize_t got = read(fd, head + len, sizeof(head) - 1 - len);

		if (got <= 0) {
			_exit(0);
		}
		len += (size_t)got;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n")) {
			return;
		}
	}
}

static void serve(int listen_fd, server_fn fn, bool raw)
{
	/* What the test has open must be closed when the test closes it. */
	listen_fd = dup2(listen_fd, 3);
	close_range(4, ~0U, 0);
	/* For the case that the whole test program is killed. */
	alarm(100);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			_exit(1);
		}
		if (fork() == 0) {
			close(listen_fd);
			alarm(100);
			if (!raw) {
				read_head(fd);
			}
			fn(fd);
			shutdown(fd, SHUT_WR);
			_exit(0);
		}
		close(fd);
	}
}

static int start(server_fn fn, bool raw)
{
	int port;
	int fd = bound_socket(&port);

	must(listen(fd, 1024) == 0);

	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		serve(fd, fn, raw);
	}
	close(fd);
	return port;
}

int server_start(server_fn fn)
{
	return start(fn, false);
}

int server_start_raw(server_fn fn)
{
	return start(fn, true);
}

void server_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t put = write(fd, p, len);

		if (put <= 0) {
			_exit(0);
		}
		p += put;
		len -= (size_t)put;
	}
}

void server_text(int fd, const char *text)
{
	server_write(fd, text, strlen(text));
}
