/* SPDX-License-Identifier: Apache-2.0 */
/*
 * active - the runs that are running or verifying, as the core holds them in memory. Everything
 * that matters about one is in the store as well.
 */
#ifndef CORE_ACTIVE_H
#define CORE_ACTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/run/run_room.h"
#include "domain/run.h"
#include "store/runs.h"
#include "store/steps.h"
#include "wire/message.h"

enum active_state {
	ACTIVE_ASKED,   /* MSG_START is sent: waits for MSG_STARTED or MSG_REFUSED */
	ACTIVE_RUNNING, /* has the word go: waits for MSG_ENDED */
	ACTIVE_ADOPTED, /* waits for its folder to say how it ended */
	ACTIVE_PROBING, /* waits for MSG_PROBED */
	ACTIVE_PAUSED,  /* until due_ms */
};

/* A run that is running or verifying. */
struct active {
	struct arena *arena; /* owns all strings of this struct */
	int64_t run_id;
	int64_t incident_id;
	struct config_version *version;  /* counted; NULL: its configuration is gone */
	const struct playbook *playbook; /* of version; NULL: gone */
	struct labels params;
	const char *playbook_name;
	const char *trigger;
	const char *requested_by;
	const char *alertname;
	const char *alert;
	const char *alert_status;
	const char *lock;   /* NULL: none */
	const char *cancel; /* who canceled it and why; NULL: nobody did */
	struct run_cursor cursor;
	uint8_t stored_status; /* enum run_status, as the store has it */
	uint8_t state;         /* enum active_state */
	int64_t due_ms;        /* mono; PAUSED: its end; PROBING: give up; ADOPTED: look */
	uint64_t probe_id;
	uint32_t misses;   /* attempts in a row that could not be started */
	uint32_t reads;    /* of the output of the attempt in hand, that failed */
	bool wait_step;    /* PAUSED: the pause is itself a `wait` step */
	bool started_once; /* it has left the queue before */
	bool over;         /* canceled, since its alerts had ended */
	bool may_have_run; /* C3 is committed: the shim may have got the word go */
};

/*
 * Take up row, with its params from the store, as an active run that follows version (NULL: its
 * configuration is gone). Owned by the room until active_remove(). NULL: the store failed.
 */
struct active *active_add(struct run_room *run, const struct run_row *row,
		struct config_version *version, struct err *err);
/* Write into the store what its cursor says now: one arrow of the diagram of domain/run. */
int active_move(struct run_room *run, struct active *active, struct err *err);
/* Forget and free it. */
void active_remove(struct run_room *run, struct active *active);
/* The active run of that id, or NULL. */
struct active *active_find(const struct run_room *run, int64_t run_id);
/* Forget all. */
void active_clear(struct run_room *run);

/* The attempt in hand, as the executor names it. */
struct attempt_id active_attempt(const struct active *active);
/* Does it only verify again, since its alert still fires (trigger escalation)? */
bool active_only_looks(const struct active *active);
/* The event with which it leaves the queue. */
enum run_event active_first_event(const struct active *active);
/* The step in hand. Its playbook must be there. */
const struct step *active_step(const struct active *active);
/* The check of the step in hand, or NULL when there is none of that name. */
const struct check *active_check(const struct active *active);
/* The key of the attempt in hand in a row that says nothing else yet. */
struct step_row active_row(const struct active *active);

#endif
