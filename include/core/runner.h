/*
 * runner - queued runs become steps, steps become results (C2 to C5).
 *
 * What to do next is decided by domain/run.h; the runner writes it down and does it:
 *
 *	start a program   MSG_START → MSG_STARTED → (commit) → MSG_GO → MSG_ENDED → the folder
 *	look at a URL     MSG_PROBE → MSG_PROBED
 *	wait              until a time
 *
 * An attempt that was adopted from an earlier core is watched by looking at its folder.
 */
#ifndef CORE_RUNNER_H
#define CORE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/run.h"
#include "store/runs.h"
#include "store/steps.h"
#include "wire/attempt.h"
#include "wire/message.h"

struct core;
struct generation;

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
	struct generation *generation;   /* counted; NULL: its configuration is gone */
	const struct playbook *playbook; /* of generation; NULL: gone */
	struct labels params;
	const char *playbook_name;
	const char *trigger;
	const char *alertname;
	const char *alert;
	const char *alert_status;
	const char *lock;               /* NULL: none */
	struct run_cursor cursor;
	uint8_t state;  /* enum active_state */
	int64_t due_ms; /* mono; PAUSED: its end; PROBING: give up; ADOPTED: look */
	uint64_t probe_id;
	bool wait_step;    /* PAUSED: the pause is itself a `wait` step */
	bool may_have_run; /* C3 is committed: the shim may have got the word go */
};

struct runner {
	struct active **active;
	size_t len;
	size_t cap;
	uint64_t probes;           /* the last probe's id */
	struct attempt_id *forget; /* their output is in the transaction of this turn */
	size_t forget_len;
	size_t forget_cap;
	bool queue_waits; /* there may be a queued run */
};

void runner_clear(struct core *core);

/* Do what is due and start queued runs while there is room. Returns ms until the next is due, or
 * -1 for none; -2 with err when the store failed. */
int64_t runner_tick(struct core *core, struct err *err);

/* The turn is durable: remove files whose contents are in the store now. */
void runner_committed(struct core *core);

/* What the executor says. ERR_INPUT when it makes no sense at all. */
int runner_started(struct core *core, const struct msg_started *msg, struct err *err);
int runner_refused(struct core *core, const struct msg_refused *msg, struct err *err);
int runner_ended(struct core *core, const struct msg_ended *msg, struct err *err);
/* What egress says. */
int runner_probed(struct core *core, const struct msg_probed *msg, struct err *err);
/* Egress is new: what the old one was asked is asked again. */
int runner_egress_new(struct core *core, struct err *err);

/* Copy row into a new active run that follows generation (NULL: none). */
struct active *runner_add(struct core *core, const struct run_row *row,
		struct generation *generation, struct err *err);

/* Take in an event of the attempt in hand, write it down and do what follows. */
int runner_event(struct core *core, struct active *active, enum run_event event, const char *detail,
		struct err *err);

/* Look at the attempt's folder and take in what it says. */
int runner_look(struct core *core, struct active *active, struct err *err);

#endif
