/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake_room - the room that answers: what becomes of an alert? Below it it may use the run and
 * escalate rooms and the ground.
 */
#ifndef CORE_INTAKE_ROOM_H
#define CORE_INTAKE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "core/escalate/escalate_room.h"
#include "core/run/run_room.h"
#include "core/state/ground.h"
#include "domain/alert.h"
#include "domain/heartbeat.h"
#include "store/incidents.h"
#include "sys/digest.h"
#include "wire/message.h"

/* Of the deliveries that were rejected. */
struct rejects {
	bool is_loaded;
	int64_t last_at; /* wall: when the last one arrived; 0: none, or its alert has ended */
};

/* A heartbeat of the configuration in force, and what is known of it. */
struct pulse {
	const struct heartbeat *heartbeat;
	struct heartbeat_facts facts;
	int64_t last_at;    /* wall; 0: it never came */
	int64_t missing_at; /* wall: since when it is missing; 0: it is not */
};

struct intake_room {
	struct ground *ground;
	struct escalate_room *escalate;
	struct run_room *run;
	int64_t late_due_at; /* wall: when the first late alert is due; 0: none waits */
	struct rejects rejects;
	struct pulse *pulses; /* in the order of the configuration */
	size_t pulses_len;
	bool pulses_new;       /* the store may have some that the configuration has no more */
	int64_t pulses_looked; /* mono: when they were last looked at; 0: never */
	struct newcomers *newcomers; /* of this turn */
	size_t newcomers_len, newcomers_cap;
};

/* What playbookd itself raises (own_alert). */
struct intake_own {
	const char *summary; /* why an operator is needed, when no playbook matches */
	uint8_t level;       /* of the incident that opens then; 0: the policy's first */
};

/* One delivery on its way through. */
struct intake {
	struct intake_room *room;
	struct ground *ground; /* of room */
	const struct config *config;
	const struct msg_deliver *msg;
	const struct intake_own *own; /* NULL: it was delivered */
	uint8_t body_hash[DIGEST_SIZE];
	int64_t now;
	int64_t received_at; /* of a replay: when it was first delivered */
	int64_t delivery_id;
	int64_t position;         /* of the next decision */
	int64_t truncated_stated; /* the incident that last stated them */
	struct arena *arena;
	struct jsonw answer;
};

/* The alert in hand. */
struct subject {
	const struct alert *alert;
	const char *fingerprint;
	const char *alertname;
	const char *annotations; /* JSON */
	uint8_t identity[DIGEST_SIZE];
	const char *arrival; /* how it arrived, before the reason of its decisions; "": no word */
	bool repeats;        /* it fires on: it is not new */
	int64_t episode_id;
	const char *end; /* how its end is known; NULL: by a delivery */
	struct incident_facts incident;
};

#endif
