/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world - everything around the core, simulated from a seed: two Alertmanagers and the network
 * between, the executor with its shims and their folders, egress, and the two clocks.
 *
 * The core itself is the real one, on a real database, and ends its turns by its own core_tick():
 * only the ports by which it touches the world are this world's (tests/world/core_world.h), and at
 * each message and each step of the database it may die. So a schedule of a million events is a
 * function of its seed.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core_world.h"
#include "domain/label.h"
#include "wire/attempt.h"

#define IDENTITIES   18 /* alerts that there are */
#define POSTS_MAX    64 /* deliveries on their way */
#define ATTEMPTS_MAX 4096
#define FRAMES_MAX   1024
#define ACKS_MAX     4096
#define NOTICES_MAX  16384

/* One attempt, as its folder and its process have it. */
struct attempt {
	struct attempt_id id;
	enum { PREPARED, RUNNING, ENDED, VANISHED } state;
	struct attempt_status status; /* of ENDED */
	int effects;                  /* how often its program ran */
};

/* A delivery on its way: what one Alertmanager tells of some alerts. */
struct post {
	unsigned sender; /* 0 or 1 */
	unsigned len;
	struct news {
		unsigned identity;
		bool firing;
		int64_t starts_at;
		int64_t ends_at;
	} alerts[3];
};

/* A message between the core and the executor or egress. */
struct frame {
	uint16_t type;
	struct attempt_id id; /* or, of a probe or notice, id.run is its id */
};

struct world {
	uint64_t rng;
	struct core *core;
	unsigned fuse; /* the core dies at the fuse-th thing that it does; 0: it does not */
	bool dead;     /* it did: nothing that it does from now on happens */

	struct {
		bool firing;
		int64_t starts_at;
		int64_t ends_at;
	} truth[IDENTITIES];

	struct post posts[POSTS_MAX];
	size_t posts_len;
	struct frame to_world[FRAMES_MAX]; /* from the core, oldest first */
	size_t to_world_len;
	struct frame to_core[FRAMES_MAX]; /* to the core, oldest first */
	size_t to_core_len;
	struct attempt attempts[ATTEMPTS_MAX];
	size_t attempts_len;

	struct {
		int64_t delivery_id;
		unsigned alerts;
	} acks[ACKS_MAX]; /* what was answered with 200 */
	size_t acks_len;
	uint64_t hearing; /* the notice of which the core hears in this turn that it was taken */
	bool told[NOTICES_MAX]; /* by id: the core heard that it was taken, and committed that */

	/* One Alertmanager, whose deliveries arrive in order, once the last one was answered, and no
	 * clock is set: then what fires is known exactly. */
	bool in_order;
	bool unheard[IDENTITIES]; /* something of it was never posted */

	/* The core asks the Alertmanagers, and they are right: see alertmanagers.h. */
	bool asked;
	bool right;
	bool people_acted; /* in this turn */

	unsigned posting; /* alerts of the delivery that is being taken in */
};

extern struct world world;

/* Set up, once: what the core does comes to this world. */
void world_connect(struct db *db);

/* A number from 0 to n - 1. */
unsigned world_random(unsigned n);
/* Something of the outside happens, but for a crash; at most one message reaches the core. */
void world_event(void);
/* Nothing new happens any more: what is on its way arrives, what runs ends. True while there is. */
bool world_drain(void);
/* The core is dead: what it was about to say is lost or not, and who waited for its word gives up.
 */
void world_core_died(void);
/* The labels of an identity, as the store has them. Valid until the next call. */
const char *world_labels(unsigned identity);
/* The same as labels, two of them. */
void world_name(unsigned identity, struct label ret[2]);
/* The Alertmanagers tell that it fires. */
void world_post(unsigned identity);
struct attempt *world_attempt(const struct attempt_id *id);
/* What was noticed by the world itself: an attempt asked for twice … NULL: nothing. */
const char *world_complaint(void);

#endif
