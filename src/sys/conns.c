/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/conns.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"

/* How long, or 0: as long as it takes. */
static const int64_t phase_max_ms[CONN_PHASES] = {
	[CONN_HEAD] = CONN_HEAD_MS,
	[CONN_BODY] = CONN_BODY_MS,
	[CONN_REPLY] = CONN_REPLY_MS,
};

void conns_init(struct conns *conns)
{
	*conns = (struct conns){ .now_ms = clock_mono_ms() };
	for (size_t i = 0; i < CONN_PHASES; i++) {
		TAILQ_INIT(&conns->phases[i]);
	}
}

void conns_move(struct conns *conns, struct conn *conn, enum conn_phase phase)
{
	TAILQ_REMOVE(&conns->phases[conn->phase], conn, link);
	conn->phase = phase;
	conn->since_ms = conns->now_ms;
	TAILQ_INSERT_TAIL(&conns->phases[phase], conn, link);
}

void conns_doom(struct conns *conns, struct conn *conn)
{
	shutdown(conn->fd, SHUT_RDWR);
	conns_move(conns, conn, CONN_DOOMED);
}

void conns_doom_oldest(struct conns *conns)
{
	struct conn *oldest = TAILQ_FIRST(&conns->phases[CONN_HEAD]);

	if (oldest) {
		conns_doom(conns, oldest);
	}
}

struct conn *conns_add(struct conns *conns, int fd, size_t evict_from)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));

	if (++conns->len > evict_from) {
		conns_doom_oldest(conns);
	}
	conn->phase = CONN_HEAD;
	conn->since_ms = conns->now_ms;
	conn->fd = fd;
	TAILQ_INSERT_TAIL(&conns->phases[CONN_HEAD], conn, link);
	return conn;
}

void conns_remove(struct conns *conns, struct conn *conn)
{
	TAILQ_REMOVE(&conns->phases[conn->phase], conn, link);
	conns->len--;
	free(conn);
}

void conns_doom_idle(struct conns *conns)
{
	struct conn *conn;

	while ((conn = TAILQ_FIRST(&conns->phases[CONN_HEAD]))) {
		conns_doom(conns, conn);
	}
}

int64_t conns_sweep(struct conns *conns)
{
	int64_t wait = INT64_MAX;

	for (size_t i = 0; i < CONN_PHASES; i++) {
		struct conn *conn;

		while (phase_max_ms[i] && (conn = TAILQ_FIRST(&conns->phases[i]))) {
			int64_t left = conn->since_ms + phase_max_ms[i] - conns->now_ms;

			if (left > 0) {
				wait = left < wait ? left : wait;
				break;
			}
			conns_doom(conns, conn);
		}
	}
	return wait;
}
