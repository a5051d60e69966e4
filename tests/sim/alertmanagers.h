/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alertmanagers - the two Alertmanagers of the world, when the core asks them: they list what fires
 * in truth, silenced or not. Sometimes one of them cannot be asked, or has just started and lists
 * nothing yet, or misses an alert in one look. Those that are right never miss it in two looks one
 * after the other, and they have everything again before they have settled; the others also lose
 * alerts, and who asks them has clocks that are set.
 *
 * All times are mono ms of the world, but where it says so.
 */
#ifndef SIM_ALERTMANAGERS_H
#define SIM_ALERTMANAGERS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"
#include "world.h"

#define ALERTMANAGERS 2

/* What is known of them and of the looks at them, for asked.c. */
struct alertmanagers {
	int64_t silenced_until[IDENTITIES]; /* in each of them; 0: it is not */
	int64_t begun_at[IDENTITIES];       /* in truth */
	int64_t changed_at[IDENTITIES];     /* in truth, or delivered, or the core forgot */
	/* By the core's last look: what was said, and when that was true; 0: there was none. */
	uint8_t said[ALERTMANAGERS][IDENTITIES]; /* enum upstream_state */
	int64_t said_at[ALERTMANAGERS];
	/* In a row, since it changed, of one that has settled. */
	unsigned looks[ALERTMANAGERS][IDENTITIES];
	bool delivered[IDENTITIES]; /* in this turn */
};

extern struct alertmanagers alertmanagers;

/* Of the configuration of a core that asks. */
extern const char alertmanagers_yaml[];

/* A world begins, whose core asks them if world.asked. */
void alertmanagers_begin(void);
/* The core asks. */
void alertmanagers_ask(const struct msg_ask *ask);
/* The core has another configuration, or is dead: what it was told it does not know any more. */
void alertmanagers_forgotten(bool dead);
/* The core has taken in a delivery with that alert, or knows of another episode of it. */
void alertmanagers_changed(unsigned identity);
/* Before and after each event: silences end, and what began or ended in truth is noted. */
void alertmanagers_note(void);
/* Does something happen to them, or by them? Then it did. At most one look reaches the core. */
bool alertmanagers_event(void);
/* Nothing new happens any more: each can be asked, each silence has ended, or never will. */
void alertmanagers_rest(void);
/* What was asked is answered. True while there is something. */
bool alertmanagers_drain(void);
/* So nobody is told of it, not even that it has ended. */
bool alertmanagers_silence(unsigned identity);

#endif
