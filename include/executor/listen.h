/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen - the sockets on which the front accepts, made before it is started.
 *
 * The executor keeps them, so a restart of the front refuses no connection.
 */
#ifndef EXECUTOR_LISTEN_H
#define EXECUTOR_LISTEN_H

#include "base/err.h"

#define LISTEN_TEXT_MAX 256

struct listener {
	int fd;
	char address[LISTEN_TEXT_MAX]; /* what it is bound to, with the real port */
	char unlink[LISTEN_TEXT_MAX];  /* socket file to remove at the end; or "" */
};

/*
 * Bind and listen on "host:port", "[::1]:port" or "unix:PATH". Nobody is asked for a password, so
 * an address that is not loopback is refused (ERR_FORBIDDEN). ERR_INPUT no address, ERR_IO:
 * "listen 127.0.0.1:9098: Address already in use". Caller closes with listen_close().
 */
int listen_open(const char *address, struct listener *ret_listener, struct err *err);
void listen_close(struct listener *listener);

#endif
