/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conns - the connections of an HTTP server and what each is waiting for, with a deadline for all
 * that depends on the client alone.
 *
 * A connection that is too slow is shut down; whoever reads it sees the end of the stream.
 */
#ifndef SYS_CONNS_H
#define SYS_CONNS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define CONN_HEAD_MS  30000
#define CONN_BODY_MS  15000
#define CONN_REPLY_MS 30000

/* What a connection is waiting for. */
enum conn_phase {
	CONN_HEAD,   /* a request's head; also while it is idle */
	CONN_BODY,   /* the rest of the request */
	CONN_WORK,   /* us; no deadline here */
	CONN_REPLY,  /* the client to read the answer */
	CONN_DOOMED, /* its end, after shutdown(2) */
	CONN_PHASES
};

struct conn {
	TAILQ_ENTRY(conn) link;
	void *request; /* the owner's, while there is one */
	enum conn_phase phase;
	int64_t since_ms; /* clock_mono_ms() */
	int fd;
};

TAILQ_HEAD(conn_list, conn);

struct conns {
	struct conn_list phases[CONN_PHASES]; /* each by since_ms */
	size_t len;
	int64_t now_ms; /* clock_mono_ms(), set by the owner each turn */
};

void conns_init(struct conns *conns);
/* A new one, waiting for a head; above evict_from the oldest that waits for one is doomed. Borrows
 * fd. The owner removes it with conns_remove(). */
struct conn *conns_add(struct conns *conns, int fd, size_t evict_from);
/* Frees conn. */
void conns_remove(struct conns *conns, struct conn *conn);
void conns_move(struct conns *conns, struct conn *conn, enum conn_phase phase);
/* Shut it down; its owner hears of it from the socket. */
void conns_doom(struct conns *conns, struct conn *conn);
/* Doom the one that has waited longest for a head, if any does. */
void conns_doom_oldest(struct conns *conns);
/* Doom all that wait for a head. */
void conns_doom_idle(struct conns *conns);
/* Doom what is too slow. Returns the milliseconds until the next would be, or INT64_MAX. */
int64_t conns_sweep(struct conns *conns);

#endif
