/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/deadline.h"

#include "test.h"

TEST(the_nearest_moment_of_all_is_waited_for)
{
	struct deadline next = { DEADLINE_NEVER };

	deadline_by(&next, 700);
	ck_int(deadline_wait(&next, 500), 200);
	deadline_by(&next, 900);
	ck_int(deadline_wait(&next, 500), 200);
	deadline_by(&next, 600);
	ck_int(deadline_wait(&next, 500), 100);
}

/* Never less than 0: what is late is done at once. */
TEST(a_moment_that_has_passed_is_now)
{
	struct deadline next = { 500 };

	ck_int(deadline_wait(&next, 500), 0);
	ck_int(deadline_wait(&next, 503), 0);
	ck_int(deadline_wait(&next, INT64_MAX), 0);
}

TEST(without_a_moment_nothing_is_waited_for)
{
	struct deadline next = { DEADLINE_NEVER };

	ck_int(deadline_wait(&next, 500), -1);
	deadline_by(&next, DEADLINE_NEVER);
	ck_int(deadline_wait(&next, 500), -1);
}
