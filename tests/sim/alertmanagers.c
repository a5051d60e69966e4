/* SPDX-License-Identifier: Apache-2.0 */
#include "alertmanagers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/label.h"
#include "domain/upstream.h"

#define SECOND      1000
#define MINUTE      (INT64_C(60) * SECOND)
#define SETTLE      (5 * MINUTE) /* as below */
#define ASKS_MAX    64
#define FOR_EVER    (INT64_MAX / 4)
#define EVENTS      25   /* of 100 that happen */
#define SILENCE_MAX 1200 /* seconds */

const char alertmanagers_yaml[] = "alertmanagers:\n"
				  "  - { url: 'http://am-0', ask_every: 10s, settle: 5m }\n"
				  "  - { url: 'http://am-1', ask_every: 10s, settle: 5m }\n";

struct alertmanagers alertmanagers;

/* A look, as it was asked for and then as it is answered. */
struct look {
	uint64_t id;
	unsigned of;
	int64_t asked_ms;
	bool about[IDENTITIES];
	bool answered;
	int64_t started_ms;
	int64_t said_at;
	uint8_t states[IDENTITIES];
};

struct looks {
	struct look items[ASKS_MAX];
	size_t len;
};

static struct looks asks;    /* that the Alertmanager has not seen yet */
static struct looks answers; /* that the core has not heard yet */

/* One of them. */
static struct am {
	bool down;
	bool blind; /* it has lost what fires; never in one that is right */
	int64_t started_ms;
	int64_t full_ms;         /* when it has everything again */
	bool listed[IDENTITIES]; /* in its last answer */
	/* As the core may know it: */
	int64_t known_start; /* 0: it does not know that it ever started */
	int64_t settled_ms;  /* what it does not list says nothing before */
} ams[ALERTMANAGERS];

static bool fired[IDENTITIES]; /* in truth, when that was looked at last */

static void push(struct looks *looks, const struct look *look)
{
	if (looks->len == ASKS_MAX) {
		abort();
	}
	looks->items[looks->len++] = *look;
}

static struct look pop(struct looks *looks)
{
	struct look look = looks->items[0];

	memmove(&looks->items[0], &looks->items[1], --looks->len * sizeof(look));
	return look;
}

void alertmanagers_begin(void)
{
	memset(&alertmanagers, 0, sizeof(alertmanagers));
	memset(ams, 0, sizeof(ams));
	memset(fired, 0, sizeof(fired));
	asks.len = 0;
	answers.len = 0;
}

/* --- the core asks --- */

static void identity_of(unsigned identity, uint8_t ret[DIGEST_SIZE])
{
	struct label labels[2];

	world_name(identity, labels);
	labels_identity(&(struct labels){ labels, 2 }, ret);
}

void alertmanagers_ask(const struct msg_ask *ask)
{
	struct look look = { .id = ask->id,
		.of = ask->alertmanager[strlen(ask->alertmanager) - 1] == '1',
		.asked_ms = core_world.mono_ms };
	uint8_t identity[DIGEST_SIZE];

	for (unsigned i = 0; i < IDENTITIES; i++) {
		identity_of(i, identity);
		for (size_t n = 0; n < ask->identities.len; n += DIGEST_SIZE) {
			look.about[i] |= !memcmp(ask->identities.data + n, identity, DIGEST_SIZE);
		}
	}
	push(&asks, &look);
}

void alertmanagers_forgotten(bool dead)
{
	memset(alertmanagers.looks, 0, sizeof(alertmanagers.looks));
	memset(alertmanagers.said, 0, sizeof(alertmanagers.said));
	if (!dead) {
		return;
	}
	asks.len = 0;
	answers.len = 0;
	memset(alertmanagers.said_at, 0, sizeof(alertmanagers.said_at));
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		ams[k].known_start = 0;
	}
}

/* --- what is true --- */

bool alertmanagers_silence(unsigned identity)
{
	return alertmanagers.silenced_until[identity] != 0;
}

void alertmanagers_changed(unsigned identity)
{
	alertmanagers.changed_at[identity] = core_world.mono_ms;
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		alertmanagers.looks[k][identity] = 0;
	}
}

static void end_silence(unsigned identity)
{
	alertmanagers.silenced_until[identity] = 0;
	alertmanagers_changed(identity);
	if (world.truth[identity].firing) {
		world_post(identity);
	}
}

void alertmanagers_note(void)
{
	for (unsigned i = 0; world.asked && i < IDENTITIES; i++) {
		if (world.truth[i].firing != fired[i]) {
			fired[i] = world.truth[i].firing;
			alertmanagers_changed(i);
			if (fired[i]) {
				alertmanagers.begun_at[i] = core_world.mono_ms;
			}
		}
		if (alertmanagers_silence(i) &&
				alertmanagers.silenced_until[i] <= core_world.mono_ms) {
			end_silence(i);
		}
	}
}

static void silence_or_not(void)
{
	unsigned identity = world_random(IDENTITIES);

	if (alertmanagers_silence(identity)) {
		end_silence(identity);
	} else if (world.truth[identity].firing || !world_random(4)) {
		alertmanagers.silenced_until[identity] =
				core_world.mono_ms + (1 + world_random(SILENCE_MAX)) * SECOND;
		alertmanagers_changed(identity);
	}
}

static void restart(struct am *am)
{
	am->started_ms = core_world.mono_ms;
	am->full_ms = core_world.mono_ms + world_random(SETTLE - MINUTE);
}

static void something_happens_to_one(void)
{
	struct am *am = &ams[world_random(ALERTMANAGERS)];
	unsigned dice = world_random(100);

	if (dice < 40) {
		am->down = !am->down;
	} else if (dice < 60) {
		restart(am);
	} else if (dice < 80) {
		restart(&ams[0]); /* one machine has both */
		restart(&ams[1]);
	} else if (!world.right) {
		am->blind = !am->blind;
	}
}

/* --- what they say --- */

/* Now, by their own clock, which nobody sets. Wall. */
static int64_t wall_of(int64_t ms)
{
	return CORE_WORLD_BEGIN + ms - CORE_WORLD_MONO;
}

static bool lists(const struct am *am, unsigned identity)
{
	/* Prometheus missed a resend, say. One that is right never does that in two looks. */
	bool missed = world_random(100) < 8 && (am->listed[identity] || !world.right);

	return world.truth[identity].firing && core_world.mono_ms >= am->full_ms && !am->blind &&
	       !missed;
}

/* The Alertmanager sees what it is asked, and says what is true now. Or nobody hears of it. */
static void answer(void)
{
	struct look look = pop(&asks);
	struct am *am = &ams[look.of];

	if (world_random(100) < 2) {
		return;
	}
	look.answered = !am->down;
	look.started_ms = am->started_ms;
	look.said_at = core_world.mono_ms;
	for (unsigned i = 0; look.answered && i < IDENTITIES; i++) {
		am->listed[i] = lists(am, i);
		if (am->listed[i]) {
			look.states[i] = alertmanagers_silence(i) ? UPSTREAM_SUPPRESSED
								  : UPSTREAM_ACTIVE;
		}
	}
	push(&answers, &look);
}

/* From when on does the core believe what it does not list? */
static void note_start(struct am *am, const struct look *look)
{
	int64_t now = core_world.mono_ms;
	int64_t before = alertmanagers.said_at[look->of];

	if (am->known_start != look->started_ms + 1) {
		am->settled_ms = (am->known_start ? now : look->started_ms) + SETTLE;
		am->known_start = look->started_ms + 1;
	} else if (now - before > SETTLE && now + SETTLE > am->settled_ms) {
		am->settled_ms = now + SETTLE;
	}
}

static void note_look(const struct look *look)
{
	struct am *am = &ams[look->of];

	if (!look->answered) {
		memset(alertmanagers.looks[look->of], 0, sizeof(alertmanagers.looks[look->of]));
		return;
	}
	note_start(am, look);
	alertmanagers.said_at[look->of] = look->said_at;
	for (unsigned i = 0; i < IDENTITIES; i++) {
		unsigned *looks = &alertmanagers.looks[look->of][i];
		bool counts = look->asked_ms > alertmanagers.changed_at[i] &&
			      look->asked_ms >= am->settled_ms;

		*looks = counts ? *looks + 1 : 0;
		alertmanagers.said[look->of][i] = look->states[i];
	}
}

static void core_hears_look(void)
{
	const struct look look = pop(&answers);
	/* What it does not wait for any more it drops. */
	bool hears = world.core->upstream.peers[look.of].look == look.id;
	struct listed items[IDENTITIES];
	struct msg_listed listed = { look.id, items, 0 };
	const struct msg_asked asked = { look.id, look.answered, look.answered ? "" : "no route",
		wall_of(look.started_ms), 0 };

	for (unsigned i = 0; i < IDENTITIES; i++) {
		struct listed *item = &items[listed.alerts_len];

		if (!look.about[i] || !look.states[i]) {
			continue;
		}
		*item = (struct listed){ .state = look.states[i], .why = "" };
		if (item->state == UPSTREAM_SUPPRESSED) {
			item->why = "silenced in Alertmanager by alice";
			item->until = wall_of(alertmanagers.silenced_until[i]
							      ? alertmanagers.silenced_until[i]
							      : core_world.mono_ms);
		}
		identity_of(i, item->identity);
		listed.alerts_len++;
	}
	if (listed.alerts_len) {
		core_world_hears(world.core, ROLE_EGRESS, MSG_LISTED, &listed);
	}
	core_world_hears(world.core, ROLE_EGRESS, MSG_ASKED, &asked);
	if (hears) {
		note_look(&look);
	}
}

/* --- events --- */

bool alertmanagers_event(void)
{
	unsigned dice;

	if (!world.asked || world_random(100) >= EVENTS) {
		return false;
	}
	dice = world_random(100);
	if (dice < 80 && answers.len) {
		core_hears_look();
	} else if (dice < 80 && asks.len) {
		answer();
	} else if (dice < 90) {
		core_world_pass(world_random(15 * SECOND));
	} else if (dice < 97) {
		silence_or_not();
	} else {
		something_happens_to_one();
	}
	return true;
}

void alertmanagers_rest(void)
{
	for (unsigned k = 0; k < ALERTMANAGERS; k++) {
		ams[k].down = false;
		ams[k].blind = false;
	}
	for (unsigned i = 0; i < IDENTITIES; i++) {
		if (alertmanagers_silence(i) && world_random(2)) {
			alertmanagers.silenced_until[i] = FOR_EVER;
		} else if (alertmanagers_silence(i)) {
			end_silence(i);
		}
	}
}

bool alertmanagers_drain(void)
{
	if (answers.len) {
		core_hears_look();
	} else if (asks.len) {
		answer();
	} else {
		return false;
	}
	return true;
}
