/* SPDX-License-Identifier: Apache-2.0 */
#include "front/meter.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* All that we answer; the last one stands for what is not in the list. Keep sorted. */
static const int codes[] = { 200, 400, 401, 403, 404, 405, 409, 413, 415, 500, 503 };

static_assert(LEN(codes) <= METER_CODES_MAX, "a column for each code");

static size_t code_index(int status)
{
	size_t i = 0;

	while (i + 1 < LEN(codes) && codes[i] != status) {
		i++;
	}
	return i;
}

void meter_count(struct meter *meter, const struct route_row *row, int status)
{
	meter->counts[row ? row->id : ROUTES][code_index(status)]++;
}

/* Two methods of one pattern are one series: the first of its rows speaks for all. */
static uint64_t pattern_count(const struct meter *meter, size_t row, size_t code)
{
	const char *pattern = routes[row].pattern;
	uint64_t count = 0;

	if (row > 0 && !strcmp(routes[row - 1].pattern, pattern)) {
		return 0;
	}
	for (size_t i = row; i < ROUTES && !strcmp(routes[i].pattern, pattern); i++) {
		count += meter->counts[i][code];
	}
	return count;
}

static void write_row(struct buf *out, const char *handler, int code, uint64_t count)
{
	if (count > 0) {
		buf_addf(out,
				"playbookd_http_requests_total{code=\"%d\",handler=\"%s\"} %" PRIu64
				"\n",
				code, handler, count);
	}
}

void meter_write(const struct meter *meter, uint64_t pending, struct buf *out)
{
	buf_adds(out, "# HELP playbookd_http_requests_pending Requests that wait for an answer.\n"
		      "# TYPE playbookd_http_requests_pending gauge\n");
	buf_addf(out, "playbookd_http_requests_pending %" PRIu64 "\n", pending);
	buf_adds(out, "# HELP playbookd_http_requests_total Requests answered, by route and status.\n"
		      "# TYPE playbookd_http_requests_total counter\n");
	for (size_t code = 0; code < LEN(codes); code++) {
		for (size_t row = 0; row < ROUTES; row++) {
			write_row(out, routes[row].pattern, codes[code],
					pattern_count(meter, row, code));
		}
		write_row(out, "other", codes[code], meter->counts[ROUTES][code]);
	}
}
