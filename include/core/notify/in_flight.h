/*
 * flights - the notices that egress was asked to send and has not answered yet, one of an endpoint
 * at a time, and the endpoints that rest: after a failure nothing is sent to one for a while, 1 s,
 * then 2 s, 4 s … FLIGHTS_REST_MAX_MS, until it takes something. Only in memory: what matters is in
 * the store.
 */
#ifndef CORE_IN_FLIGHT_H
#define CORE_IN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLIGHTS_MAX         32
#define FLIGHTS_REST_MIN_MS 1000
#define FLIGHTS_REST_MAX_MS 10000

struct flight {
	int64_t id;
	char *name;     /* "RECEIVER\nENDPOINT", on the heap */
	int64_t due_ms; /* mono: egress is given up */
	int64_t attempts;
	int64_t created_at;
};

/* An endpoint that failed last. */
struct rest {
	char *name; /* of its flights */
	int64_t until_ms;
	int64_t pause_ms;
};

/* Zeroed is empty. */
struct flights {
	struct flight items[FLIGHTS_MAX];
	size_t len;
	struct rest *rests;
	size_t rests_len, rests_cap;
};

/* Empty and usable after. */
void flights_clear(struct flights *flights);

/* Caller frees with free(). */
char *flight_name(const char *receiver, const char *endpoint);
/* The second part of a flight's name. */
const char *flight_endpoint(const struct flight *flight);

/* Is one of that name on its way? */
bool flights_have(const struct flights *flights, const char *name);
/* The position of the one with this id, or len. */
size_t flights_find(const struct flights *flights, int64_t id);
/* Takes flight.name. There must be room. */
void flights_add(struct flights *flights, const struct flight *flight);
/* Remove and return it; the caller frees its name. */
struct flight flights_take(struct flights *flights, size_t i);

/* Until when (mono) the endpoint rests; 0: it does not. */
int64_t flights_rest(const struct flights *flights, const char *name);
/* It failed, or answered otherwise. */
void flights_failed(struct flights *flights, const char *name, int64_t now);
void flights_answered(struct flights *flights, const char *name);

#endif
