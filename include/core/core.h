/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core - the role that decides and remembers: the only one that touches the database.
 *
 * Events come in by the channels, are taken in by the rooms, and what they mean goes out at the end
 * of the turn, once it is committed. The rooms, from the top down; a room uses what stands below
 * it:
 *
 *	api       how is an HTTP call answered?         read/ apart from command/
 *	upstream  what does Alertmanager say about what fires here?
 *	intake    what becomes of an alert?                                        (C1)
 *	run       how does a run go?                                         (C2 to C5)
 *	escalate  who is paged, when, why?
 *	notify    how are receivers notified?
 *	checks    what do the background checks say?
 *	storage   what happens to the disk?
 *	state     what all rooms stand on: struct ground
 *	view      rows as JSON
 *
 * A failure of the store ends the role: its parent starts it again, and recovery finds out what is
 * on the disk. There is no other way out of such a failure. A store that can never be used (it is
 * not ours, it is newer than we are, it is damaged) ends the role with ROLE_EXIT_HOPELESS.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdint.h>

#include "base/err.h"
#include "core/api/api_room.h"
#include "core/checks/checks_room.h"
#include "core/escalate/escalate_room.h"
#include "core/intake/intake_room.h"
#include "core/notify/notify_room.h"
#include "core/run/run_room.h"
#include "core/state/ground.h"
#include "core/storage/storage_room.h"
#include "core/upstream/upstream_room.h"
#include "sys/loop.h"

struct core {
	struct loop *loop;
	struct ground ground;
	struct storage_room storage;
	struct checks_room checks;
	struct notify_room notify;
	struct escalate_room escalate;
	struct run_room run;
	struct intake_room intake;
	struct upstream_room upstream;
	struct api_room api;
	const char *ticking; /* the room whose tick goes on; NULL: none */
	struct err failure;  /* the store failed: end without another commit; code ERR_NONE: it did
			       not */
};

/* Zeroed but for its loop, core stands on ports. */
void core_init(struct core *core, const struct ports *ports);
/* It stands on db, which it then owns. */
void core_open(struct core *core, struct db *db);
/* The first configuration is in force: take over what the store says, and what went on. */
int core_begin(struct core *core, struct err *err);
/* A configuration came into force; core_begin() calls it for the first. */
int core_config_new(struct core *core, struct err *err);
/* Egress is new: what the old one was asked is asked again. */
void core_egress_new(struct core *core);

/*
 * The end of one turn: what is due in each room, the commit, and out go the messages. Returns ms
 * until the next turn, -1 for none. When the store failed, core->failure says so, and the role
 * ends.
 */
int64_t core_tick(void *core);

/*
 * The store failed: log it, commit nothing more and end the role, with ROLE_EXIT_HOPELESS when no
 * start will change that. Only the first failure counts.
 */
void core_fail(struct core *core, const struct err *err);

/* Free and close all that core has. What was not committed is lost, as by kill -9. */
void core_clear(struct core *core);

#endif
