#include "core/notify/in_flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void flights_clear(struct flights *flights)
{
	for (size_t i = 0; i < flights->len; i++) {
		free(flights->items[i].name);
	}
	for (size_t i = 0; i < flights->rests_len; i++) {
		free(flights->rests[i].name);
	}
	free(flights->rests);
	*flights = (struct flights){ 0 };
}

char *flight_name(const char *receiver, const char *endpoint)
{
	return xasprintf("%s\n%s", receiver, endpoint);
}

const char *flight_endpoint(const struct flight *flight)
{
	return strchr(flight->name, '\n') + 1;
}

bool flights_have(const struct flights *flights, const char *name)
{
	for (size_t i = 0; i < flights->len; i++) {
		if (!strcmp(flights->items[i].name, name)) {
			return true;
		}
	}
	return false;
}

size_t flights_find(const struct flights *flights, int64_t id)
{
	size_t i = 0;

	while (i < flights->len && flights->items[i].id != id) {
		i++;
	}
	return i;
}

void flights_add(struct flights *flights, const struct flight *flight)
{
	assert(flights->len < FLIGHTS_MAX);
	flights->items[flights->len++] = *flight;
}

struct flight flights_take(struct flights *flights, size_t i)
{
	struct flight flight = flights->items[i];

	flights->items[i] = flights->items[--flights->len];
	return flight;
}

static struct rest *find_rest(const struct flights *flights, const char *name)
{
	for (size_t i = 0; i < flights->rests_len; i++) {
		if (!strcmp(flights->rests[i].name, name)) {
			return &flights->rests[i];
		}
	}
	return NULL;
}

int64_t flights_rest(const struct flights *flights, const char *name)
{
	const struct rest *rest = find_rest(flights, name);

	return rest ? rest->until_ms : 0;
}

void flights_failed(struct flights *flights, const char *name, int64_t now)
{
	struct rest *rest = find_rest(flights, name);
	void *items = flights->rests;

	if (!rest) {
		rest = mem_push(&items, flights->rests_len, &flights->rests_cap, sizeof(*rest));
		flights->rests = items;
		flights->rests_len++;
		rest->name = xstrdup(name);
	}
	rest->pause_ms = rest->pause_ms ? rest->pause_ms * 2 : FLIGHTS_REST_MIN_MS;
	if (rest->pause_ms > FLIGHTS_REST_MAX_MS) {
		rest->pause_ms = FLIGHTS_REST_MAX_MS;
	}
	rest->until_ms = now + rest->pause_ms;
}

void flights_answered(struct flights *flights, const char *name)
{
	struct rest *rest = find_rest(flights, name);

	if (rest) {
		free(rest->name);
		*rest = flights->rests[--flights->rests_len];
	}
}
