/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notify/in_flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void in_flight_clear(struct in_flight *in_flight)
{
	for (size_t i = 0; i < in_flight->len; i++) {
		free(in_flight->items[i].name);
	}
	for (size_t i = 0; i < in_flight->backoffs_len; i++) {
		free(in_flight->backoffs[i].name);
	}
	free(in_flight->backoffs);
	*in_flight = (struct in_flight){ 0 };
}

char *in_flight_name(const char *receiver, const char *endpoint)
{
	return xasprintf("%s\n%s", receiver, endpoint);
}

const char *in_flight_endpoint(const struct sending *sending)
{
	return strchr(sending->name, '\n') + 1;
}

bool in_flight_has(const struct in_flight *in_flight, const char *name)
{
	for (size_t i = 0; i < in_flight->len; i++) {
		if (!strcmp(in_flight->items[i].name, name)) {
			return true;
		}
	}
	return false;
}

size_t in_flight_find(const struct in_flight *in_flight, int64_t id)
{
	size_t i = 0;

	while (i < in_flight->len && in_flight->items[i].id != id) {
		i++;
	}
	return i;
}

void in_flight_add(struct in_flight *in_flight, const struct sending *sending)
{
	assert(in_flight->len < IN_FLIGHT_MAX);
	in_flight->items[in_flight->len++] = *sending;
}

struct sending in_flight_take(struct in_flight *in_flight, size_t i)
{
	struct sending sending = in_flight->items[i];

	in_flight->items[i] = in_flight->items[--in_flight->len];
	return sending;
}

static struct backoff *find_backoff(const struct in_flight *in_flight, const char *name)
{
	for (size_t i = 0; i < in_flight->backoffs_len; i++) {
		if (!strcmp(in_flight->backoffs[i].name, name)) {
			return &in_flight->backoffs[i];
		}
	}
	return NULL;
}

int64_t in_flight_backoff(const struct in_flight *in_flight, const char *name)
{
	const struct backoff *backoff = find_backoff(in_flight, name);

	return backoff ? backoff->until_ms : 0;
}

void in_flight_failed(struct in_flight *in_flight, const char *name, int64_t now)
{
	struct backoff *backoff = find_backoff(in_flight, name);
	void *items = in_flight->backoffs;

	if (!backoff) {
		backoff = mem_push(&items, in_flight->backoffs_len, &in_flight->backoffs_cap,
				sizeof(*backoff));
		in_flight->backoffs = items;
		in_flight->backoffs_len++;
		backoff->name = xstrdup(name);
	}
	backoff->pause_ms = backoff->pause_ms ? backoff->pause_ms * 2 : IN_FLIGHT_BACKOFF_MIN_MS;
	if (backoff->pause_ms > IN_FLIGHT_BACKOFF_MAX_MS) {
		backoff->pause_ms = IN_FLIGHT_BACKOFF_MAX_MS;
	}
	backoff->until_ms = now + backoff->pause_ms;
}

void in_flight_answered(struct in_flight *in_flight, const char *name)
{
	struct backoff *backoff = find_backoff(in_flight, name);

	if (backoff) {
		free(backoff->name);
		*backoff = in_flight->backoffs[--in_flight->backoffs_len];
	}
}
