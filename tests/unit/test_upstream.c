/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/upstream.h"

#include "test.h"

#define HOUR   (INT64_C(3600) * 1000)
#define MINUTE INT64_C(60000)
#define NOW    INT64_C(1795572840000)

/* Words of one Alertmanager. */
#define DOWN                                 \
	{                                    \
		.state = UPSTREAM_NOT_LISTED \
	}
#define DOWN_KNOWN                          \
	{                                   \
		.listed = true, .missed = 2 \
	}
#define ACTIVE                                                                              \
	{                                                                                   \
		.answered = true, .settled = true, .state = UPSTREAM_ACTIVE, .listed = true \
	}
#define SILENT                                                                                  \
	{                                                                                       \
		.answered = true, .settled = true, .state = UPSTREAM_SUPPRESSED, .listed = true \
	}
#define MISSED(n)                                                                \
	{                                                                        \
		.answered = true, .settled = true, .missed = (n), .listed = true \
	}
#define STRANGER                                               \
	{                                                      \
		.answered = true, .settled = true, .missed = 2 \
	}
#define COVERS                                                                 \
	{                                                                      \
		.answered = true, .settled = true, .missed = 2, .covers = true \
	}
#define JUST_BEGUN                                            \
	{                                                     \
		.answered = true, .missed = 2, .listed = true \
	}

TEST(the_words_of_all_alertmanagers_make_one_verdict)
{
	static const struct {
		struct upstream_word words[2];
		size_t len;
		enum upstream_verdict want;
	} cases[] = {
		{ { DOWN }, 0, UPSTREAM_UNKNOWN },
		{ { DOWN }, 1, UPSTREAM_UNKNOWN },
		{ { ACTIVE }, 1, UPSTREAM_FIRES },
		{ { SILENT }, 1, UPSTREAM_IS_SUPPRESSED },
		/* active in any of them wins */
		{ { SILENT, ACTIVE }, 2, UPSTREAM_FIRES },
		{ { SILENT, DOWN }, 2, UPSTREAM_IS_SUPPRESSED },
		{ { MISSED(2), SILENT }, 2, UPSTREAM_IS_SUPPRESSED },
		{ { MISSED(2), ACTIVE }, 2, UPSTREAM_FIRES },
		/* two looks in a row */
		{ { MISSED(1) }, 1, UPSTREAM_UNKNOWN },
		{ { MISSED(2) }, 1, UPSTREAM_IS_ABSENT },
		{ { MISSED(2), MISSED(1) }, 2, UPSTREAM_UNKNOWN },
		{ { MISSED(2), MISSED(2) }, 2, UPSTREAM_IS_ABSENT },
		/* one that has just started has no word */
		{ { JUST_BEGUN }, 1, UPSTREAM_UNKNOWN },
		{ { JUST_BEGUN, MISSED(2) }, 2, UPSTREAM_IS_ABSENT },
		/* nor has one that cannot be asked; the other's counts when it had listed it */
		{ { DOWN_KNOWN }, 1, UPSTREAM_UNKNOWN },
		{ { DOWN, MISSED(2) }, 2, UPSTREAM_IS_ABSENT },
		{ { DOWN, STRANGER }, 2, UPSTREAM_UNKNOWN },
		{ { DOWN, COVERS }, 2, UPSTREAM_UNKNOWN },
		{ { JUST_BEGUN, STRANGER }, 2, UPSTREAM_UNKNOWN },
		/* who has nothing to do with its sender cannot say that it ended */
		{ { STRANGER }, 1, UPSTREAM_UNKNOWN },
		{ { COVERS }, 1, UPSTREAM_IS_ABSENT },
		{ { STRANGER, COVERS }, 2, UPSTREAM_IS_ABSENT },
	};
	size_t by = 7;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_int(upstream_judge(cases[i].words, cases[i].len, &by), cases[i].want);
	}
	ck_int(by, 1);
}

TEST(what_is_not_listed_proves_nothing_before_it_has_settled)
{
	static const struct {
		struct upstream_start start;
		bool want;
	} cases[] = {
		{ { NOW - 4 * MINUTE, NOW, false, 0 }, false },
		{ { NOW - 5 * MINUTE, NOW, false, 0 }, true },
		/* it was seen to start anew: its clock may be behind */
		{ { NOW - 5 * HOUR, NOW - MINUTE, true, 0 }, false },
		{ { NOW - 5 * HOUR, NOW - 5 * MINUTE, true, 0 }, true },
		/* or ahead */
		{ { NOW + HOUR, NOW - 4 * MINUTE, false, 0 }, false },
		{ { NOW + HOUR, NOW - 5 * MINUTE, false, 0 }, true },
		/* it was away for longer than its alerts last */
		{ { NOW - 5 * HOUR, NOW - 4 * HOUR, false, NOW - MINUTE }, false },
		{ { NOW - 5 * HOUR, NOW - 4 * HOUR, false, NOW - 5 * MINUTE }, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_int(upstream_is_settled(&cases[i].start, 5 * MINUTE, NOW), cases[i].want);
	}
}

TEST(an_alert_is_stale_after_three_of_its_longest_gaps_and_never_under_12_hours)
{
	ck_int(upstream_stale_after(0, 0), 12 * HOUR);
	ck_int(upstream_stale_after(0, 4 * HOUR), 12 * HOUR);
	ck_int(upstream_stale_after(0, 5 * HOUR), 15 * HOUR);
	ck_int(upstream_stale_after(HOUR, 5 * HOUR), HOUR);
	ck(!upstream_is_stale(NOW - 12 * HOUR, 0, 0, NOW));
	ck(upstream_is_stale(NOW - 12 * HOUR - 1, 0, 0, NOW));
	ck(!upstream_is_stale(NOW - 14 * HOUR, 5 * HOUR, 0, NOW));
	ck(upstream_is_stale(NOW - 2 * HOUR, 5 * HOUR, HOUR, NOW));
}

#define ASKED .anybody = true, .answered_at = NOW, .now = NOW

TEST(the_verdicts_on_its_alerts_decide_about_its_pages)
{
	static const struct {
		struct upstream_facts facts;
		enum upstream_action want;
	} cases[] = {
		{ { ASKED }, UPSTREAM_KEEP },
		{ { ASKED, .firing = 1, .fires = 1 }, UPSTREAM_KEEP },
		{ { ASKED, .firing = 1 }, UPSTREAM_KEEP },
		{ { ASKED, .firing = 2, .suppressed = 2 }, UPSTREAM_HOLD_SUPPRESSED },
		{ { ASKED, .firing = 2, .suppressed = 1 }, UPSTREAM_KEEP },
		{ { ASKED, .firing = 2, .suppressed = 1, .fires = 1 }, UPSTREAM_KEEP },
		/* held, and then */
		{ { ASKED, .hold = UPSTREAM_HELD, .firing = 1, .suppressed = 1 },
				UPSTREAM_HOLD_SUPPRESSED },
		{ { ASKED, .hold = UPSTREAM_HELD, .firing = 2, .suppressed = 1, .fires = 1 },
				UPSTREAM_LIFT },
		{ { ASKED, .hold = UPSTREAM_HELD, .firing = 1, .delivered = true }, UPSTREAM_LIFT },
		/* nobody answers: a silence ends in its time, anything else after some minutes */
		{ { ASKED, .hold = UPSTREAM_HELD, .firing = 1, .until = NOW }, UPSTREAM_KEEP },
		{ { ASKED, .hold = UPSTREAM_HELD, .firing = 1, .until = NOW - 1 }, UPSTREAM_LIFT },
		{ { .anybody = true,
				  .now = NOW,
				  .answered_at = NOW - 5 * MINUTE,
				  .hold = UPSTREAM_HELD,
				  .firing = 1 },
				UPSTREAM_KEEP },
		{ { .anybody = true,
				  .now = NOW,
				  .answered_at = NOW - 5 * MINUTE - 1,
				  .hold = UPSTREAM_HELD,
				  .firing = 1 },
				UPSTREAM_LIFT },
		/* nobody is asked any more */
		{ { .hold = UPSTREAM_HELD, .firing = 1, .until = NOW + HOUR, .now = NOW },
				UPSTREAM_LIFT },
		/* stale */
		{ { .now = NOW, .firing = 2, .stale = 1 }, UPSTREAM_KEEP },
		{ { .now = NOW, .firing = 2, .stale = 2 }, UPSTREAM_HOLD_STALE },
		{ { .now = NOW, .firing = 2, .stale = 2, .hold = UPSTREAM_STALE }, UPSTREAM_KEEP },
		{ { .now = NOW, .firing = 2, .hold = UPSTREAM_STALE }, UPSTREAM_KEEP },
		{ { .now = NOW, .firing = 2, .hold = UPSTREAM_STALE, .delivered = true },
				UPSTREAM_LIFT },
		{ { ASKED, .firing = 1, .fires = 1, .hold = UPSTREAM_STALE }, UPSTREAM_LIFT },
		{ { ASKED, .firing = 1, .suppressed = 1, .hold = UPSTREAM_STALE },
				UPSTREAM_HOLD_SUPPRESSED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_int(upstream_decide(&cases[i].facts), cases[i].want);
	}
}

TEST(holds_have_names)
{
	ck_int(upstream_hold_parse(NULL), UPSTREAM_NOT_HELD);
	ck_int(upstream_hold_parse("suppressed"), UPSTREAM_HELD);
	ck_int(upstream_hold_parse(upstream_hold_names[UPSTREAM_STALE]), UPSTREAM_STALE);
}
