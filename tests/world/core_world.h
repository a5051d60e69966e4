/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_world - the world of a core under test: the clocks, the links to the other roles and the
 * folders of attempts are the test's; the core is the real one, on a real store, and its turn ends
 * by the real core_tick(). What the other roles do is in peers.h, the whole as a story in
 * transcript.h.
 *
 *	struct core core;
 *
 *	core_world_start(&core, yaml);      a core on the store of the test, and its first turns
 *	core_world_pass(1000);              a second passes, and nobody notices
 *	core_world_tick(&core);             a turn ends; what it sends is in core_world.sent
 *	core_world_wait(&core, 60000);      a minute passes, with all turns that are due in it
 *	core_world_reload(&core, yaml);     another configuration
 *	core_world_end(&core);              it is gone, as by kill -9; another may be started
 *
 * The time is CORE_WORLD_BEGIN, and passes only when the test says so.
 */
#ifndef WORLD_CORE_WORLD_H
#define WORLD_CORE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "core/state/ports.h"
#include "wire/message.h"

#define CORE_WORLD_BEGIN INT64_C(1763851200000) /* 2025-11-22T22:40:00Z, when each test begins */
#define CORE_WORLD_MONO  INT64_C(1000000)       /* the same on the clock that is never set */
#define CORE_WORLD_STORE "test.db"              /* in the current folder, the storage directory */

/* A message that the core has sent. */
struct core_world_sent {
	enum role to;
	uint16_t type;
	unsigned char *payload;
	size_t len;
};

/* The folder of an attempt, as the core finds it. */
struct core_world_folder {
	struct attempt_id id;
	enum attempt_state state;
	struct attempt_status status; /* of ATTEMPT_ENDED */
	char *output;                 /* NULL: none, or no more */
	bool unreadable;              /* the output */
};

struct core_world {
	int64_t wall_ms;
	int64_t mono_ms;
	int64_t read_ms;   /* that pass on both with each look at a clock */
	bool egress_takes; /* each notification, at once, in core_world_wait() */

	struct core_world_sent *sent; /* by the last call that ended turns, oldest first */
	size_t sent_len, sent_cap;
	size_t turn_at;                    /* where those of the last turn begin */
	struct core_world_folder *folders; /* of the attempts that the test speaks of */
	size_t folders_len, folders_cap;

	/* Called for each message that the core sends, when set; then it is not kept. */
	void (*on_sent)(enum role to, uint16_t type, const void *payload, size_t len);
	/* The folders of attempts, when set. */
	int (*look)(const struct attempt_id *id, enum attempt_state *ret_state,
			struct attempt_status *ret_status);
	int (*read_output)(uint64_t total, struct attempt_output *ret);

	/* For an observer, when set: a message came in, a turn ended, something else happened. */
	void (*on_received)(enum role from, enum message_id id, const void *msg);
	void (*on_turn)(struct core *core);
	void (*on_event)(const char *what);
};

extern struct core_world core_world;
extern const struct ports core_world_ports;

/* Forget all, and begin anew. A test of its own process begins so by itself. */
void core_world_reset(void);

/* --- the core --- */

/* On CORE_WORLD_STORE, with yaml in force, and its first turns. Aborts when yaml has mistakes. */
void core_world_start(struct core *core, const char *yaml);
/* Yaml comes into force, and the turn ends, with those that are due at once. */
void core_world_reload(struct core *core, const char *yaml);
/* The core is gone, and its store closed. */
void core_world_end(struct core *core);
/* Store and folders are gone, too: the next one begins with nothing. */
void core_world_remove_store(void);

/* The parts of core_world_start(): links to all roles, but no store; */
void core_world_init(struct core *core);
/* that of the file; */
void core_world_open(struct core *core, const char *path);
/* and yaml in force. The turn goes on. */
void core_world_configure(struct core *core, const char *yaml);

/* --- its turns --- */

/* So much time passes on both clocks. */
void core_world_pass(int64_t ms);
/* The same, with all turns that are due meanwhile, until none is due at once. 0: right now. */
void core_world_wait(struct core *core, int64_t ms);
/* Another role's message: what msg says, a struct of id's type. Aborts when the core refuses it. */
void core_world_hears(struct core *core, enum role from, enum message_id id, const void *msg);
/* The end of one turn. Returns ms until the next, as core_tick(). Aborts when the store failed. */
int64_t core_world_tick(struct core *core);

/* --- what came of it --- */

/* How many messages of that type are in core_world.sent. */
size_t core_world_count(enum message_id id);
/*
 * The last message of that type there, decoded into ret, a struct of its type; its texts live in
 * arena. False: there is none.
 */
bool core_world_find(enum message_id id, struct arena *arena, void *ret);

/* One statement of SQL. Aborts when it fails. */
void core_world_exec(struct core *core, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The first column that a query gives, its rows with ", " between. Valid until the next call. */
const char *core_world_rows(struct core *core, const char *fmt, ...)
		__attribute__((format(printf, 2, 3)));

/* "1.0.2" is attempt 2 of step 0 of run 1. */
struct attempt_id core_world_attempt(const char *text);
/* The folder of that attempt, made when there is none: a live one. Valid until the next call. */
struct core_world_folder *core_world_folder(const char *attempt);

#endif
