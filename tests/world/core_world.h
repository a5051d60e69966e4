/*
 * core_world - the world of a core under test: the clock, the links to the other roles and the
 * folders of attempts are the test's; the core is the real one, on a real store, and its turn ends
 * by the real core_tick().
 *
 *	core_world_reset();
 *	core_world_open(&core, "test.db");               a store in the test's folder
 *	core_world_configure(&core, yaml);               the first is begun with, another is a
 *	                                                 reload
 *	core_world_tick(&core);                          what it sends is in core_world.sent
 *	core_world_pass(1000);                           a second passes
 *	core_world_end(&core);                           it is gone, as by kill -9
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

/* A message that the core has sent. */
struct core_world_sent {
	enum role to;
	uint16_t type;
	unsigned char *payload;
	size_t len;
};

struct core_world {
	int64_t wall_ms;
	int64_t mono_ms;
	bool real_clock; /* time is what it is, and passes by itself */

	struct core_world_sent *sent; /* in the last turn, oldest first */
	size_t sent_len, sent_cap;

	/* Called for each message instead, when set. */
	void (*on_sent)(enum role to, uint16_t type, const void *payload, size_t len);
	/* The folders of attempts, when set; else they are looked at in the storage directory. */
	int (*look)(const struct attempt_id *id, enum attempt_state *ret_state,
			struct attempt_status *ret_status);
	int (*read_output)(uint64_t total, struct attempt_output *ret);
};

extern struct core_world core_world;
extern const struct ports core_world_ports;

/* Forget all, and begin at CORE_WORLD_BEGIN. */
void core_world_reset(void);
/* So much time passes on both clocks. */
void core_world_pass(int64_t ms);

/* A core with links to all roles but without a store; it stands on the world's ports. */
void core_world_init(struct core *core);
/* The same, on the store of that file in the current folder, which is its storage directory. */
void core_world_open(struct core *core, const char *path);
/* The core is gone, and its store closed. */
void core_world_end(struct core *core);
/* Yaml comes into force. Aborts when it has mistakes, or the store fails. */
void core_world_configure(struct core *core, const char *yaml);

/* Another role's message: what msg says, a struct of id's type. Aborts when the core refuses it. */
void core_world_hears(struct core *core, enum role from, enum message_id id, const void *msg);
/* The end of a turn. Returns ms until the next, as core_tick(). Aborts when the store failed. */
int64_t core_world_tick(struct core *core);
/* End turns until none is due at once. */
void core_world_settle(struct core *core);

/* How many messages of that type were sent in the last turn. */
size_t core_world_count(enum message_id id);
/*
 * The last message of that type that was sent in the last turn, decoded into ret, a struct of its
 * type; its texts live in arena. False: there is none.
 */
bool core_world_find(enum message_id id, struct arena *arena, void *ret);

#endif
