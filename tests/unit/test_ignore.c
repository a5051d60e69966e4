/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/ignore.h"

#include <string.h>

#include "domain/plan.h"
#include "test.h"

static struct matcher matcher(struct arena *arena, const char *text)
{
	struct matcher matcher;
	struct err err;

	must_ok(matcher_parse(text, arena, &matcher, &err), err);
	return matcher;
}

/* Which rule an alert of that name and severity falls under; NULL: none. */
static const struct ignore_rule *find(
		const struct ignore *ignore, const char *alertname, const char *severity)
{
	struct label labels[] = { { "alertname", alertname }, { "severity", severity } };
	const struct ignore_rule *rule;
	struct err err;

	must_ok(ignore_find(ignore, &(struct labels){ labels, 2 }, &rule, &err), err);
	return rule;
}

TEST(what_always_fires_is_ignored_by_default)
{
	struct arena *arena = arena_new();
	struct ignore ignore = ignore_default(arena);

	ck(find(&ignore, "Watchdog", "none") == &ignore.rules[0]);
	ck(find(&ignore, "InfoInhibitor", "none") == &ignore.rules[1]);
	ck(!find(&ignore, "Watchdogs", "none"));
	ck(!find(&ignore, "watchdog", "none"));
	ck(!find(&ignore, "Down", "none"));
	arena_free(arena);
}

TEST(all_matchers_of_a_rule_must_match_and_the_first_rule_counts)
{
	struct arena *arena = arena_new();
	struct matcher both[] = { matcher(arena, "alertname=Down"),
		matcher(arena, "severity=~none|info") };
	struct matcher any[] = { matcher(arena, "alertname=~D.*") };
	struct ignore_rule rules[] = { { both, 2, NULL }, { any, 1, NULL } };
	const struct ignore ignore = { rules, 2 };

	ck(find(&ignore, "Down", "info") == &rules[0]);
	ck(find(&ignore, "Down", "critical") == &rules[1]);
	ck(!find(&ignore, "Up", "info"));
	ck(!find(&(struct ignore){ 0 }, "Watchdog", "none"));
	matcher_clear(&both[1]);
	matcher_clear(&any[0]);
	arena_free(arena);
}

TEST(the_reason_names_the_rule)
{
	struct arena *arena = arena_new();
	struct matcher matchers[] = { matcher(arena, "alertname=Down"),
		matcher(arena, "severity!~a|b") };
	char huge[4096];
	struct ignore_rule rule = { matchers, 2, NULL };
	char text[PLAN_REASON_MAX];

	ignore_say(&rule, text, sizeof(text));
	ck_str(text, "the configuration ignores alertname=Down, severity!~a|b");
	rule.reason = "for dashboards";
	ignore_say(&rule, text, sizeof(text));
	ck_str(text, "the configuration ignores alertname=Down, severity!~a|b: for dashboards");
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	rule.reason = huge;
	ignore_say(&rule, text, sizeof(text));
	ck_int(strlen(text), sizeof(text) - 1);
	matcher_clear(&matchers[1]);
	arena_free(arena);
}
