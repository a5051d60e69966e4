/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notify/in_flight.h"

#include <stdlib.h>

#include "test.h"

TEST(a_notification_is_in_flight_until_it_is_taken_out)
{
	struct in_flight in_flight = { 0 };
	char *name = in_flight_name("on-call", "webhook http://a");
	struct sending sending;

	ck_str(name, "on-call\nwebhook http://a");
	ck(!in_flight_has(&in_flight, name));
	in_flight_add(&in_flight, &(struct sending){ .id = 7, .name = name, .attempts = 2 });
	ck(in_flight_has(&in_flight, "on-call\nwebhook http://a"));
	ck(!in_flight_has(&in_flight, "on-call\nwebhook http://b"));
	ck_int(in_flight_find(&in_flight, 7), 0);
	ck_int(in_flight_find(&in_flight, 8), in_flight.len);
	sending = in_flight_take(&in_flight, 0);
	ck_int(sending.id, 7);
	ck_str(in_flight_endpoint(&sending), "webhook http://a");
	ck(!in_flight_has(&in_flight, name));
	ck_int(in_flight.len, 0);
	free(sending.name);
}

TEST(the_others_stay_in_flight)
{
	struct in_flight in_flight = { 0 };

	for (int64_t id = 1; id <= IN_FLIGHT_MAX; id++) {
		in_flight_add(&in_flight,
				&(struct sending){ .id = id, .name = in_flight_name("r", "e") });
	}
	free(in_flight_take(&in_flight, in_flight_find(&in_flight, 1)).name);
	ck_int(in_flight.len, IN_FLIGHT_MAX - 1);
	for (int64_t id = 2; id <= IN_FLIGHT_MAX; id++) {
		ck(in_flight_find(&in_flight, id) < in_flight.len);
	}
	in_flight_clear(&in_flight);
	ck_int(in_flight.len, 0);
}

TEST(the_backoff_of_an_endpoint_that_fails_grows_and_ends)
{
	static const int64_t backoffs[] = { 1, 2, 4, 8, 10, 10 };
	struct in_flight in_flight = { 0 };

	for (size_t i = 0; i < sizeof(backoffs) / sizeof(backoffs[0]); i++) {
		in_flight_failed(&in_flight, "a", 100);
		ck_int(in_flight_backoff(&in_flight, "a"), 100 + backoffs[i] * 1000);
	}
	in_flight_failed(&in_flight, "b", 100);
	ck_int(in_flight_backoff(&in_flight, "b"), 1100);
	in_flight_answered(&in_flight, "a");
	in_flight_answered(&in_flight, "c");
	ck_int(in_flight_backoff(&in_flight, "a"), 0);
	ck_int(in_flight_backoff(&in_flight, "b"), 1100);
	in_flight_clear(&in_flight);
}
