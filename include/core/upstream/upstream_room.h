/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream_room - the room that answers: what does Alertmanager say about what fires here? Below it
 * it may use the intake and escalate rooms and the ground.
 */
#ifndef CORE_UPSTREAM_ROOM_H
#define CORE_UPSTREAM_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/escalate/escalate_room.h"
#include "core/intake/intake_room.h"
#include "core/state/ground.h"
#include "domain/upstream.h"
#include "wire/message.h"

/* An Alertmanager that is asked. */
struct upstream_peer {
	const struct alertmanager *of; /* of the configuration in force */
	char *name;
	bool up;                /* its last look was answered */
	bool asked;             /* there was a look */
	int64_t last_answer_at; /* wall; 0: never */
	char *error;            /* of the last look; NULL: none */
	struct upstream_start start;
	int64_t due_ms;             /* mono: the next look */
	uint64_t look;              /* in flight; 0: none */
	int64_t asked_ms;           /* mono, of the look in flight */
	int64_t asked_at;           /* wall, the same */
	int64_t looked_at;          /* wall: when the last look that was answered began */
	int64_t cuts[ASK_CUTS_MAX]; /* deliveries whose alerts are fetched in this look */
	size_t cuts_len;
};

/* What one Alertmanager says of an alert. */
struct upstream_saying {
	struct upstream_word word;
	int64_t looked_at; /* wall: when the look began that word is of */
	uint64_t look;     /* in which it was asked about it */
	bool seen;         /* in that look it is listed already … */
	uint8_t state;     /* … so */
	char *why;         /* when it is suppressed */
	int64_t until;
};

/* A firing alert of an open incident. */
struct upstream_watch {
	int64_t episode_id;
	int64_t incident_id;
	uint8_t identity[DIGEST_SIZE];
	int64_t last_seen;
	int64_t longest_gap_ms;
	int64_t listed_at;               /* wall: when any of them listed it last; 0: never */
	size_t sender;                   /* position among senders; SIZE_MAX: not known */
	struct upstream_saying *sayings; /* of each peer */
	uint8_t hold;                    /* of its incident, as are the next */
	int64_t held_at;
	int64_t held_until;
	char *held;
};

/* Who delivers, and which of the peers list that. */
struct upstream_sender {
	char *external_url;
	bool covers[ALERTMANAGERS_MAX];
};

struct upstream_room {
	struct ground *ground;
	struct escalate_room *escalate;
	struct intake_room *intake;
	struct upstream_peer *peers;
	size_t peers_len;
	struct upstream_watch *watches; /* by incident, then episode */
	size_t watches_len;
	struct upstream_watch **by_identity;
	struct upstream_sender *senders;
	size_t senders_len, senders_cap;
	bool started;
	int64_t listens_at;  /* wall: since when it has not been away */
	int64_t seen_at;     /* wall: the last tick that looked around; 0: none */
	int64_t answered_at; /* wall: the last answer of any */
	uint64_t deliveries; /* that were counted when it last looked */
	uint64_t cut;        /* alerts, the same */
	bool open;           /* there may be something to ask about */
	bool held;           /* an incident is held */
	bool full;           /* more alerts fire than are asked about */
	int64_t stale_ms;    /* mono: when it looks for what is stale again */
};

#endif
