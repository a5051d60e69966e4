/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending - the requests that wait for somebody's answer, by id.
 *
 * An id is used once; an answer to one that is gone finds nothing. All wait equally long, so the
 * oldest is always the first that is due.
 */
#ifndef FRONT_PENDING_H
#define FRONT_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/httpd.h"
#include "wire/routes.h"

#define PENDING_MAX    4096
#define PENDING_MAX_MS 15000

/* Whose answer it is, and to what. */
enum stage {
	STAGE_DELIVER, /* the core's, to a delivery */
	STAGE_QUERY,   /* the core's, to a query */
	STAGE_BODY,    /* the core's: the kept body, to be delivered again */
	STAGE_RELOAD,  /* the executor's */
	STAGES
};

/* How a kept delivery is delivered again. */
struct again {
	uint64_t delivery;
	bool dry_run;
	bool override_guards;
	char *reason; /* malloc(3)ed, or NULL */
	char *key;    /* the same: its Idempotency-Key */
};

struct pending {
	uint64_t id;
	struct httpd_request *request;
	const struct route_row *row;
	const char *principal; /* static */
	uint8_t stage;         /* enum stage */
	struct again again;    /* STAGE_BODY; belongs to who takes it */
	int64_t deadline_ms;   /* clock_mono_ms() */
};

struct pendings;

/* Caller frees with pendings_free(). */
struct pendings *pendings_new(void);
/* NULL is a no-op. Answers nobody. */
void pendings_free(struct pendings *pendings);

/* Takes over pending, when there is a place, with an id and a deadline of its own. Returns the id,
 * or 0 when all places are taken. */
uint64_t pendings_add(struct pendings *pendings, const struct pending *pending);
/* Take the one of that id out into *ret, for pending_clear(). False when it is gone. */
bool pendings_take(struct pendings *pendings, uint64_t id, struct pending *ret);
void pending_clear(struct pending *pending);
/* The oldest, or NULL. Valid until it is taken. */
const struct pending *pendings_first(const struct pendings *pendings);
/* The oldest of the given stages (a bit set of 1 << stage), or NULL. */
const struct pending *pendings_first_of(const struct pendings *pendings, unsigned stages);
/* How many are of that stage. */
size_t pendings_count(const struct pendings *pendings, enum stage stage);
size_t pendings_len(const struct pendings *pendings);

#endif
