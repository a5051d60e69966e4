/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server - small real servers for tests: a child process that serves one script to every comer.
 *
 * The children end with the test's process group.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>

/* Serves one connection whose request head was read; the connection is closed after it. */
typedef void (*server_fn)(int fd);

/* Listen on a free port of 127.0.0.1 and serve every connection, each in a process of its own.
 * Returns the port. */
int server_start(server_fn fn);
/* The same, for a fn that wants to read the request itself. */
int server_start_raw(server_fn fn);
/* A port of 127.0.0.1 where nobody listens. */
int server_refused_port(void);

/* Write all of it; ends the process when the other side is gone. */
void server_write(int fd, const void *data, size_t len);
void server_text(int fd, const char *text);

#endif
