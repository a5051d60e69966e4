/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runs - executions of playbooks. The only writer of a run's status.
 */
#ifndef STORE_RUNS_H
#define STORE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "domain/label.h"
#include "domain/run.h"
#include "sys/db.h"
#include "sys/digest.h"

struct run_row {
	int64_t id;
	int64_t incident_id; /* 0: none */
	int64_t episode_id;  /* 0: none */
	int64_t times_opened;
	const char *playbook;
	const uint8_t *target; /* DIGEST_SIZE bytes */
	const char *trigger;   /* alert, manual, replay, escalation */
	const char *requested_by;
	const uint8_t *config_hash; /* DIGEST_SIZE bytes; decided with it, or, once started, follows
				       it */
	uint8_t status;             /* enum run_status */
	uint8_t pending_status;     /* enum run_status; RUN_QUEUED: none yet */
	const char *reason;
	const char *cancel;         /* who canceled it and why; NULL: nobody did */
	bool override_guards;       /* an operator overrode the guards */
	const char *request_reason; /* why an operator requested it; NULL, or "": not given */
	const char *lock;           /* NULL: none */
	const char *distinct_value; /* NULL: none; not read back */
	const char *alertname;
	const char *alert;        /* JSON */
	const char *alert_status; /* firing, resolved */
	int64_t queued_at;
	int64_t started_at;  /* 0: not yet */
	int64_t finished_at; /* 0: not yet */
};

typedef void (*run_fn)(const struct run_row *row, void *arg);

/* Add row with its params: queued, or awaiting_approval. Its id is the one that the database gives,
 * or row->id as long as all runs have lower ones (0: whatever the database gives). */
int runs_add(struct db *db, const struct run_row *row, const struct labels *params, int64_t *ret_id,
		struct err *err);

/* A run in a few words; id 0: none. */
struct run_facts {
	int64_t id;
	uint8_t status; /* enum run_status */
	int64_t finished_at;
};

/*
 * In all of these, a run that ended as canceled before it began, since its alerts had ended, is as
 * if it had never been.
 */

/* The latest run of this playbook that the episode asked for, or that is for it, too
 * (store/run_episodes). */
int runs_of_episode(struct db *db, int64_t episode_id, const char *playbook, struct run_facts *ret,
		struct err *err);
/* The latest run of this opening of the incident, and target, that an alert asked for. */
int runs_once(struct db *db, int64_t incident_id, int64_t times_opened,
		const uint8_t target[DIGEST_SIZE], struct run_facts *ret, struct err *err);
/*
 * The run look_id looked again at a target, and did not pass: the latest run of that target that
 * ended well counts as a failure.
 */
int runs_did_not_help(struct db *db, int64_t look_id, struct err *err);

/* The latest run of this target, whoever asked for it. */
int runs_last(struct db *db, const uint8_t target[DIGEST_SIZE], struct run_facts *ret,
		struct err *err);

/* How many runs since the incident was last opened did not help (or were rejected, or wait to be
 * approved), and no later run of their target did. */
int runs_unhelpful(struct db *db, int64_t incident_id, int64_t *ret_count, struct err *err);

/* The oldest run of the incident that is not over, and would go on when the incident were: it has
 * begun, or was asked for by hand, and does not wait for an approval for its alert. */
int runs_unfinished(struct db *db, int64_t incident_id, struct run_facts *ret, struct err *err);

/* The oldest run of this target that has not begun yet, whoever asked for it; not one that only
 * verifies again. */
int runs_waiting(struct db *db, const uint8_t target[DIGEST_SIZE], struct run_facts *ret,
		struct err *err);
/* A run of this target that has begun and is not over. There is one at most. */
int runs_under_way(struct db *db, const uint8_t target[DIGEST_SIZE], struct run_facts *ret,
		struct err *err);
/* Why it stays in the queue; "": it may go. No change when it is not queued. */
int runs_wait(struct db *db, int64_t id, const char *reason, struct err *err);

/* It leaves the queue, or is asked about again, to follow this configuration, which may be newer
 * than what it was decided with. ERR_BUG when it does not wait any more. */
int runs_follow(struct db *db, int64_t id, const uint8_t config_hash[DIGEST_SIZE], struct err *err);
/*
 * Compare and set: write status, pending_status and reason of cursor, and started_at or finished_at
 * when they come with the status. A move that run_status_can() forbids is ERR_BUG, and so is one of
 * a run that is not `from` any more, or that would begin while another one of its target is under
 * way: nothing is written then. One that is not final may stay as it is.
 */
int runs_move(struct db *db, int64_t id, enum run_status from, const struct run_cursor *cursor,
		int64_t now, struct err *err);

/* An operator cancels it: cancel says who and why. ERR_BUG when it is over, or canceled already. */
int runs_cancel(struct db *db, int64_t id, const char *cancel, struct err *err);

/* Returns true to go on to the next. */
typedef bool (*run_each_fn)(const struct run_row *row, void *arg);

/* The queue, oldest first, until each returns false. */
int runs_queued(struct db *db, run_each_fn each, void *arg, struct err *err);
/* How many runs have begun and do not go on now (they wait for approval, or were approved and are
 * queued) which have row's lock, or playbook; row itself is not counted. */
struct run_holding {
	int64_t lock;
	int64_t playbook;
};

int runs_holding(
		struct db *db, const struct run_row *row, struct run_holding *ret, struct err *err);
/* All that are running or verifying, oldest first. */
int runs_active(struct db *db, run_fn fn, void *arg, struct err *err);
/* Call fn for the one of that id. Returns 1, 0 when there is none, or -1. */
int runs_get(struct db *db, int64_t id, run_fn fn, void *arg, struct err *err);
/* Is there one of that id? */
int runs_known(struct db *db, int64_t id, bool *ret, struct err *err);
/* The params in order, copied into arena. */
int runs_params(struct db *db, int64_t id, struct arena *arena, struct labels *ret,
		struct err *err);

struct run_query {
	const char *status;   /* NULL: any */
	const char *playbook; /* NULL: any */
	int64_t incident_id;  /* 0: any */
	int64_t before;       /* id; 0: from the newest */
	int64_t limit;
};

/* The newest first. */
int runs_list(struct db *db, const struct run_query *query, run_fn fn, void *arg, struct err *err);

#endif
