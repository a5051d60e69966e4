/* SPDX-License-Identifier: Apache-2.0 */
/*
 * in_flight - the notifications that egress was asked to send and has not answered yet, one of an
 * endpoint at a time, and the backoff of endpoints: after a failure nothing is sent to one for 1 s,
 * then 2 s, 4 s … IN_FLIGHT_BACKOFF_MAX_MS, until it takes something. Only in memory: what matters
 * is in the store.
 */
#ifndef CORE_IN_FLIGHT_H
#define CORE_IN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IN_FLIGHT_MAX            32
#define IN_FLIGHT_BACKOFF_MIN_MS 1000
#define IN_FLIGHT_BACKOFF_MAX_MS 10000

struct sending {
	int64_t id;
	char *name;     /* "RECEIVER\nENDPOINT", on the heap */
	int64_t due_ms; /* mono: egress is given up */
	int64_t attempts;
	int64_t created_at;
};

/* An endpoint that failed last. */
struct backoff {
	char *name; /* of its notifications */
	int64_t until_ms;
	int64_t pause_ms;
};

/* Zeroed is empty. */
struct in_flight {
	struct sending items[IN_FLIGHT_MAX];
	size_t len;
	struct backoff *backoffs;
	size_t backoffs_len, backoffs_cap;
};

/* Empty and usable after. */
void in_flight_clear(struct in_flight *in_flight);

/* Caller frees with free(). */
char *in_flight_name(const char *receiver, const char *endpoint);
/* The second part of its name. */
const char *in_flight_endpoint(const struct sending *sending);

/* Is one of that name on its way? */
bool in_flight_has(const struct in_flight *in_flight, const char *name);
/* The position of the one with this id, or len. */
size_t in_flight_find(const struct in_flight *in_flight, int64_t id);
/* Takes sending.name. There must be room. */
void in_flight_add(struct in_flight *in_flight, const struct sending *sending);
/* Remove and return it; the caller frees its name. */
struct sending in_flight_take(struct in_flight *in_flight, size_t i);

/* Until when (mono) nothing is sent to the endpoint; 0: it may be. */
int64_t in_flight_backoff(const struct in_flight *in_flight, const char *name);
/* It failed, or answered in another way. */
void in_flight_failed(struct in_flight *in_flight, const char *name, int64_t now);
void in_flight_answered(struct in_flight *in_flight, const char *name);

#endif
