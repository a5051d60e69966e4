/* SPDX-License-Identifier: Apache-2.0 */
#include "core/upstream/holding.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/escalate/escalator.h"
#include "core/intake/absence.h"
#include "store/timeline.h"
#include "store/upstreams.h"

/* The firing alerts of one incident, and what is said of them. */
struct judging {
	struct upstream_room *room;
	struct upstream_watch *watches;
	size_t len;
	struct upstream_facts facts;
	const struct upstream_saying *why; /* the silence that ends first, say */
	int64_t looked_at;                 /* when that was asked for */
	int64_t seen_at;                   /* when one of them was delivered last */
	int64_t longest_gap_ms;
};

static enum upstream_verdict verdict_on(const struct upstream_room *room,
		const struct upstream_watch *watch, size_t *ret_by)
{
	struct upstream_word words[ALERTMANAGERS_MAX];

	for (size_t k = 0; k < room->peers_len; k++) {
		words[k] = watch->sayings[k].word;
		/* A look races with a delivery: what was delivered since then is newer. */
		if (watch->last_seen >= watch->sayings[k].looked_at) {
			words[k].answered = false;
		}
	}
	return upstream_judge(words, room->peers_len, ret_by);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Nothing can be received while nobody listens, and who is asked does not need to deliver. */
static int64_t seen_at(const struct upstream_room *room, const struct upstream_watch *watch)
{
	return later(later(watch->last_seen, watch->listed_at), room->listens_at);
}

static void note_why(struct judging *judging, const struct upstream_saying *saying, size_t peer)
{
	const struct upstream_saying *first = judging->why;

	if (!first || (saying->until && (!first->until || saying->until < first->until))) {
		judging->why = saying;
		judging->looked_at = judging->room->peers[peer].looked_at;
	}
}

/* One alert that still fires. */
static void count(struct judging *judging, const struct upstream_watch *watch,
		enum upstream_verdict verdict, size_t by)
{
	struct upstream_facts *facts = &judging->facts;
	int64_t after_ms = configs_now(&judging->room->ground->configs)->stale_after_ms;

	facts->firing++;
	facts->fires += verdict == UPSTREAM_FIRES;
	facts->delivered |= watch->hold && watch->last_seen > watch->held_at;
	if (verdict == UPSTREAM_IS_SUPPRESSED) {
		facts->suppressed++;
		note_why(judging, &watch->sayings[by], by);
	}
	facts->stale += upstream_is_stale(
			seen_at(judging->room, watch), watch->longest_gap_ms, after_ms, facts->now);
	judging->seen_at = later(judging->seen_at, watch->last_seen);
	judging->longest_gap_ms = later(judging->longest_gap_ms, watch->longest_gap_ms);
}

static int add_entry(const struct judging *judging, enum timeline_kind kind, const char *text,
		struct err *err)
{
	const struct timeline_row entry = {
		.incident_id = judging->watches->incident_id,
		.at = judging->facts.now,
		.kind = (uint8_t)kind,
		.text = text,
	};

	return timeline_add(judging->room->ground->db, &entry, err);
}

/* Other words of the same hold are only written over those before. */
static int hold(struct judging *judging, const struct upstream_held *held, struct err *err)
{
	const struct upstream_watch *watch = judging->watches;
	struct ground *ground = judging->room->ground;
	bool same_hold = watch->hold == held->hold;

	if (same_hold && strcmp(watch->held, held->why) == 0 && watch->held_until == held->until) {
		return 0;
	}
	judging->room->held = true;
	if (turn_write(&ground->turn, err) < 0 || upstreams_hold(ground->db, held, err) < 0) {
		return -1;
	}
	if (same_hold) {
		return 0;
	}
	log_info("incident is held", LOG_INT("incident", held->incident_id),
			LOG_STR("reason", held->why));
	return add_entry(judging, TIMELINE_HELD, held->why, err) < 0
			       ? -1
			       : escalator_held(judging->room->escalate, held->incident_id, err);
}

static int hold_suppressed(struct judging *judging, struct err *err)
{
	const struct upstream_held held = {
		.incident_id = judging->watches->incident_id,
		.hold = UPSTREAM_HELD,
		.why = judging->why->why ? judging->why->why : "silenced in Alertmanager",
		.at = judging->looked_at,
		.until = judging->why->until,
	};

	return hold(judging, &held, err);
}

static int hold_stale(struct judging *judging, struct err *err)
{
	int64_t gap_ms = judging->longest_gap_ms;
	int64_t after_ms = configs_now(&judging->room->ground->configs)->stale_after_ms;
	char since[CLOCK_TEXT_MAX];
	char every[CLOCK_TEXT_MAX];
	char why[UPSTREAM_WHY_MAX];
	const struct upstream_held held = {
		.incident_id = judging->watches->incident_id,
		.hold = UPSTREAM_STALE,
		.why = why,
		.at = judging->facts.now,
	};

	duration_format(gap_ms ? gap_ms : upstream_stale_after(after_ms, 0), every);
	snprintf(why, sizeof(why), "nothing received of it since %s%s%s: it may be over",
			clock_say(judging->seen_at, since),
			gap_ms ? "; Alertmanager repeats at least every " : ", for longer than ",
			every);
	return hold(judging, &held, err);
}

static int lift(struct judging *judging, struct err *err)
{
	const struct upstream_watch *watch = judging->watches;
	const struct upstream_facts *facts = &judging->facts;
	struct ground *ground = judging->room->ground;
	const char *why = "no Alertmanager says any more that it is suppressed";

	if (facts->fires || facts->delivered) {
		why = watch->hold == UPSTREAM_STALE ? "an alert of it still fires"
						    : "it fires, and is not suppressed any more";
	}
	log_info("incident is not held any more", LOG_INT("incident", watch->incident_id),
			LOG_STR("reason", why));
	if (turn_write(&ground->turn, err) < 0 ||
			upstreams_lift(ground->db, watch->incident_id, err) < 0 ||
			add_entry(judging, TIMELINE_LIFTED, why, err) < 0) {
		return -1;
	}
	return escalator_lifted(judging->room->escalate, watch->incident_id, err);
}

static int decide(struct judging *judging, struct err *err)
{
	switch (upstream_decide(&judging->facts)) {
	case UPSTREAM_HOLD_SUPPRESSED:
		return hold_suppressed(judging, err);
	case UPSTREAM_HOLD_STALE:
		return hold_stale(judging, err);
	case UPSTREAM_LIFT:
		return lift(judging, err);
	case UPSTREAM_KEEP:
		break;
	}
	return 0;
}

static int decide_incident(struct judging *judging, struct err *err)
{
	struct upstream_room *room = judging->room;
	const struct upstream_watch *first = judging->watches;

	judging->facts = (struct upstream_facts){ .anybody = room->peers_len > 0,
		.hold = first->hold,
		.until = first->held_until,
		.answered_at = room->answered_at,
		.now = room->ground->turn.wall_ms };
	for (size_t i = 0; i < judging->len; i++) {
		const struct upstream_watch *watch = &judging->watches[i];
		size_t by = 0;
		enum upstream_verdict verdict = verdict_on(room, watch, &by);

		if (verdict != UPSTREAM_IS_ABSENT) {
			count(judging, watch, verdict, by);
		} else if (absence_end(room->intake, watch->episode_id, err) < 0) {
			return -1;
		}
	}
	return decide(judging, err);
}

int holding_decide(struct upstream_room *room, struct err *err)
{
	for (size_t i = 0, len; i < room->watches_len; i += len) {
		struct judging judging = { .room = room, .watches = &room->watches[i] };

		for (len = 1; i + len < room->watches_len &&
				room->watches[i + len].incident_id == room->watches[i].incident_id;
				len++) {
		}
		judging.len = len;
		if (decide_incident(&judging, err) < 0) {
			return -1;
		}
	}
	return 0;
}
