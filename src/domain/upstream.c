/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/upstream.h"

#include <string.h>

const char *const upstream_hold_names[UPSTREAM_HOLDS] = {
	[UPSTREAM_NOT_HELD] = "",
	[UPSTREAM_HELD] = "suppressed",
	[UPSTREAM_STALE] = "stale",
};

enum upstream_hold upstream_hold_parse(const char *name)
{
	for (int i = 1; name && i < UPSTREAM_HOLDS; i++) {
		if (strcmp(name, upstream_hold_names[i]) == 0) {
			return (enum upstream_hold)i;
		}
	}
	return UPSTREAM_NOT_HELD;
}

/*
 * Its clock may be wrong in either direction. A start that we saw happen counts from when we saw
 * it; of any other, what it says counts, unless we know of it for longer.
 */
bool upstream_is_settled(const struct upstream_start *start, int64_t settle_ms, int64_t now)
{
	int64_t since = start->started_at;

	if (start->is_restart || start->seen_at < since) {
		since = start->seen_at;
	}
	if (start->back_at > since) {
		since = start->back_at;
	}
	return now - since >= settle_ms;
}

/* Has it a word on what it does not list? */
static bool may_miss(const struct upstream_word *word)
{
	return word->answered && word->settled;
}

enum upstream_verdict upstream_judge(const struct upstream_word *words, size_t len, size_t *ret_by)
{
	bool all = true;     /* could be asked */
	bool had_it = false; /* one that could be asked had listed it */
	bool concerned = false;
	size_t asked = 0;

	for (size_t i = 0; i < len; i++) {
		if (words[i].answered && words[i].state == UPSTREAM_ACTIVE) {
			return UPSTREAM_FIRES;
		}
	}
	for (size_t i = 0; i < len; i++) {
		if (words[i].answered && words[i].state == UPSTREAM_SUPPRESSED) {
			*ret_by = i;
			return UPSTREAM_IS_SUPPRESSED;
		}
	}
	for (size_t i = 0; i < len; i++) {
		if (!may_miss(&words[i])) {
			all = false;
			continue;
		}
		if (words[i].missed < UPSTREAM_LOOKS) {
			return UPSTREAM_UNKNOWN;
		}
		asked++;
		had_it |= words[i].listed;
		concerned |= words[i].listed || words[i].covers;
	}
	return asked && (all ? concerned : had_it) ? UPSTREAM_IS_ABSENT : UPSTREAM_UNKNOWN;
}

int64_t upstream_stale_after(int64_t after_ms, int64_t longest_gap_ms)
{
	if (after_ms) {
		return after_ms;
	}
	return longest_gap_ms > UPSTREAM_STALE_MS / 3 ? 3 * longest_gap_ms : UPSTREAM_STALE_MS;
}

bool upstream_is_stale(int64_t seen_at, int64_t longest_gap_ms, int64_t after_ms, int64_t now)
{
	return now - seen_at > upstream_stale_after(after_ms, longest_gap_ms);
}

/* Nobody says any more that it is suppressed. */
static bool is_forgotten(const struct upstream_facts *facts)
{
	if (!facts->anybody) {
		return true;
	}
	if (facts->until) {
		return facts->now > facts->until;
	}
	return facts->now - facts->answered_at > UPSTREAM_PATIENCE_MS;
}

enum upstream_action upstream_decide(const struct upstream_facts *facts)
{
	bool fires = facts->fires > 0 || facts->delivered;

	if (!facts->firing) {
		return UPSTREAM_KEEP;
	}
	if (fires) {
		return facts->hold ? UPSTREAM_LIFT : UPSTREAM_KEEP;
	}
	if (facts->suppressed == facts->firing) {
		return UPSTREAM_HOLD_SUPPRESSED;
	}
	if (facts->hold == UPSTREAM_HELD && !is_forgotten(facts)) {
		return UPSTREAM_KEEP;
	}
	if (facts->stale == facts->firing) {
		return facts->hold == UPSTREAM_STALE ? UPSTREAM_KEEP : UPSTREAM_HOLD_STALE;
	}
	return facts->hold == UPSTREAM_HELD ? UPSTREAM_LIFT : UPSTREAM_KEEP;
}
