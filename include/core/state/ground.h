/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ground - what all rooms of the core stand on: the store, the turn and its time, the
 * configurations, the links to the other roles, the kill switch, the clocks of time zones,
 * counters.
 *
 * A room has one struct, which points to the ground and to the rooms below its own, so that a call
 * upward cannot be written:
 *
 *	api > upstream > intake > run > escalate > notify > checks > storage > ground
 */
#ifndef CORE_GROUND_H
#define CORE_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/state/audit_chain.h"
#include "core/state/clocks.h"
#include "core/state/configs.h"
#include "core/state/counters.h"
#include "core/state/pause.h"
#include "core/state/ports.h"
#include "core/state/turn.h"
#include "sys/channel.h"
#include "sys/db.h"
#include "wire/message.h"

/* To the other roles. NULL while there is none: what is sent there is dropped. */
struct links {
	struct channel *control; /* the executor */
	struct channel *front;
	struct channel *egress;
};

/* What the executor last said about the daemon. */
struct daemon_state {
	struct role_state roles[ROLES];
	size_t roles_len;
	int64_t started_at;
	int64_t config_loaded_at;
	bool config_ok;
	char *config_path;
};

struct ground {
	const struct ports *ports;
	struct db *db;
	struct turn turn;
	struct links links;
	struct configs configs;
	struct pause pause;
	struct clocks clocks;
	struct counters counters;
	struct audit_newest audit;
	struct daemon_state daemon;
	uint64_t probe_id; /* the last that was used */
	char *storage_path;
	char *external_url; /* under which operators reach the daemon; "" when not given */
	int storage_fd;
};

/* Free and close all of it, the links and the store too. What was not committed is lost. */
void ground_clear(struct ground *ground);

#endif
