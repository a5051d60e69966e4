/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream - what Alertmanager says about alerts that fire here: are they silenced, and have they
 * ended without a word?
 *
 * Alertmanager tells nothing of a silenced, inhibited or muted alert, not even its end. So it is
 * asked, while incidents are open:
 *
 *	upstream_judge()     the words of all Alertmanagers about one alert → a verdict
 *	upstream_decide()    the verdicts of an incident's firing alerts → hold its pages, or go on
 *	upstream_is_stale()  nobody can be asked, and nothing was received for too long
 *
 * Pure: no clock, no socket, no SQL. Times are wall ms of this machine, except where it says so.
 */
#ifndef DOMAIN_UPSTREAM_H
#define DOMAIN_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/receiver.h"

#define ALERTMANAGERS_MAX    16
#define UPSTREAM_LOOKS       2                           /* in a row, that must miss an alert */
#define UPSTREAM_STALE_MS    (INT64_C(12) * 3600 * 1000) /* never stale sooner, by itself */
#define UPSTREAM_PATIENCE_MS (INT64_C(5) * 60 * 1000)    /* see upstream_decide() */
#define UPSTREAM_WHY_MAX     512

/* One that is asked, as the configuration has it. */
struct alertmanager {
	struct endpoint http; /* name: its URL without a slash at the end, as is url */
	int64_t ask_every_ms;
	int64_t settle_ms; /* for so long after its start, what it does not list proves nothing */
};

/* What one Alertmanager lists an alert as. */
enum upstream_state { UPSTREAM_NOT_LISTED, UPSTREAM_ACTIVE, UPSTREAM_SUPPRESSED, UPSTREAM_STATES };

/* When an Alertmanager has all alerts, as far as can be known. */
struct upstream_start {
	int64_t started_at; /* by its own clock */
	int64_t seen_at;    /* when we first had an answer of this start */
	bool is_restart;    /* there was an answer of another start before */
	int64_t back_at;    /* when it answered again after a silence of settle_ms; 0: never */
};

/* Does what it does not list prove anything at now? */
bool upstream_is_settled(const struct upstream_start *start, int64_t settle_ms, int64_t now);

/* What one Alertmanager said of one alert in its last look. */
struct upstream_word {
	bool answered;  /* it could be asked, and about this alert */
	bool settled;   /* upstream_is_settled() */
	uint8_t state;  /* enum upstream_state; its last word when it did not answer */
	uint8_t missed; /* looks in a row that did not list it; stays at UPSTREAM_LOOKS */
	bool listed;    /* it has listed it before, or it is the one that delivered it */
	bool covers;    /* it has listed other alerts of whoever delivered this one */
};

enum upstream_verdict {
	UPSTREAM_UNKNOWN, /* nobody can say */
	UPSTREAM_FIRES,   /* one lists it as active */
	UPSTREAM_IS_SUPPRESSED,
	UPSTREAM_IS_ABSENT,
};

/*
 * Active in any of them wins, then suppressed. It is absent when all that could be asked have
 * missed it UPSTREAM_LOOKS times in a row. Without the word of all, that counts only when one of
 * them had listed it. One that has just started, or cannot be asked, has no word; and if none of
 * them has to do with whoever delivered the alert, none can say that it has ended. *ret_by is the
 * one that says that it is suppressed.
 */
enum upstream_verdict upstream_judge(const struct upstream_word *words, size_t len, size_t *ret_by);

/*
 * Has an alert that was last delivered, or listed, at seen_at been silent for too long?
 * after_ms: global.stale_after; 0: three times the longest gap between its deliveries, at least
 * UPSTREAM_STALE_MS.
 */
int64_t upstream_stale_after(int64_t after_ms, int64_t longest_gap_ms);
bool upstream_is_stale(int64_t seen_at, int64_t longest_gap_ms, int64_t after_ms, int64_t now);

/* Why an incident's pages are held; the words are in the store. */
enum upstream_hold { UPSTREAM_NOT_HELD, UPSTREAM_HELD, UPSTREAM_STALE, UPSTREAM_HOLDS };
/* "", "suppressed", "stale". */
extern const char *const upstream_hold_names[UPSTREAM_HOLDS];
/* The hold of that name; NULL: UPSTREAM_NOT_HELD. */
enum upstream_hold upstream_hold_parse(const char *name);

/* The firing alerts of an open incident. */
struct upstream_facts {
	size_t firing;
	size_t fires; /* by upstream_judge(), as are the next */
	size_t suppressed;
	size_t stale;        /* by upstream_is_stale() */
	bool delivered;      /* one was delivered since it is held */
	bool anybody;        /* an Alertmanager is configured */
	uint8_t hold;        /* enum upstream_hold: what it is now */
	int64_t until;       /* the silence ends then, as far as is known; 0: it is none */
	int64_t answered_at; /* when any of them last answered, or the first could be asked */
	int64_t now;
};

enum upstream_action {
	UPSTREAM_KEEP,
	UPSTREAM_HOLD_SUPPRESSED, /* or: it is, and the words may have changed */
	UPSTREAM_HOLD_STALE,
	UPSTREAM_LIFT,
};

/*
 * What becomes of its pages? Held while all of its firing alerts are suppressed, or nothing is
 * received of any. A hold ends when one of them fires after all. It also ends when nobody can say
 * any more that it is suppressed: a silence at its end, anything else UPSTREAM_PATIENCE_MS after
 * the last answer; what is stale only by a word.
 */
enum upstream_action upstream_decide(const struct upstream_facts *facts);

#endif
