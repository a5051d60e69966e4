/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/dispatch.h"

#include "test.h"

TEST(the_core_has_a_handler_for_just_the_routes_that_it_answers)
{
	for (unsigned i = 0; i < ROUTES; i++) {
		if (dispatch_answers(i) != routes_core_answers(i)) {
			test_fail(__FILE__, __LINE__, "%s %s", routes[i].method, routes[i].pattern);
		}
	}
}
