/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/counters.h"

#include "test.h"

TEST(runs_are_counted_by_playbook_and_status)
{
	struct counters counters = { 0 };

	counters_run(&counters, "fix", RUN_FAILED);
	counters_run(&counters, "look", RUN_SUCCEEDED);
	counters_run(&counters, "fix", RUN_FAILED);
	counters_run(&counters, "fix", RUN_SUCCEEDED);
	ck_int(counters.runs_len, 2);
	ck_str(counters.runs[0].playbook, "fix");
	ck_int(counters.runs[0].ended[RUN_FAILED], 2);
	ck_int(counters.runs[0].ended[RUN_SUCCEEDED], 1);
	ck_str(counters.runs[1].playbook, "look");
	ck_int(counters.runs[1].ended[RUN_SUCCEEDED], 1);
	counters_clear(&counters);
	ck_int(counters.runs_len, 0);
}

TEST(notifications_are_counted_by_receiver_and_status)
{
	char name[] = "on-call";
	struct counters counters = { 0 };

	counters_notice(&counters, name, NOTICE_SENT);
	name[0] = 'x'; /* the name was copied */
	counters_notice(&counters, "on-call", NOTICE_FAILED);
	counters_notice(&counters, "on-call", NOTICE_SENT);
	ck_int(counters.notices_len, 1);
	ck_int(counters.notices[0].ended[NOTICE_SENT], 2);
	ck_int(counters.notices[0].ended[NOTICE_FAILED], 1);
	counters_clear(&counters);
	ck_int(counters.notices_len, 0);
}
