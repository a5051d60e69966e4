/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps - attempts of steps, and what they wrote.
 */
#ifndef STORE_STEPS_H
#define STORE_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include "sys/db.h"

enum step_status {
	STEP_STARTING, /* C2: the executor was, or will be, asked; it certainly has not run yet */
	STEP_RUNNING,  /* C3: the shim got, or will get, the word go */
	STEP_WAITING,  /* a wait, a probe or the pause before the next one */
	STEP_SUCCEEDED,
	STEP_FAILED,
	STEP_TIMED_OUT,
	STEP_CANCELED,    /* ended because somebody said so */
	STEP_INTERRUPTED, /* started, and nobody knows how it ended */
	STEP_NOT_STARTED, /* certainly never ran */
	STEP_SKIPPED,     /* its `when` did not hold */
	STEP_STATUSES
};

/* "starting", "running", … */
extern const char *const step_status_names[STEP_STATUSES];
/* The status of that name, or -1. */
int step_status_parse(const char *name);

struct step_row {
	int64_t run_id;
	int64_t step;    /* index in the playbook */
	int64_t attempt; /* from 1 */
	const char *phase;
	const char *kind;
	const char *name;
	const char *argv;   /* JSON array */
	uint8_t status;     /* enum step_status */
	const char *reason; /* "" when there is nothing to say */
	int64_t exit_code;  /* -1: none */
	int64_t signal;     /* 0: none */
	int64_t pid;        /* 0: none; of the shim */
	int64_t pid_started;
	const char *boot_id; /* NULL: none */
	int64_t started_at;
	int64_t finished_at;  /* 0: not yet */
	int64_t output_bytes; /* all that was written */
	const char *tail;     /* in steps_of: the end of what was kept; not NUL-terminated */
	size_t tail_len;
	int64_t kept_bytes; /* in steps_of: of output_bytes */
};

typedef void (*step_fn)(const struct step_row *row, void *arg);

/* C2: a new attempt, with run_id to argv, status and started_at of row. */
int steps_add(struct db *db, const struct step_row *row, struct err *err);

/* C3: the shim is there. */
int steps_started(struct db *db, const struct step_row *row, struct err *err);

/* C5: how it ended: status, reason, exit_code, signal, finished_at, output_bytes of row. */
int steps_ended(struct db *db, const struct step_row *row, struct err *err);

/* What waits of the run (a wait, a check between probes) waits no more. */
int steps_cancel(struct db *db, int64_t run_id, const char *reason, int64_t now, struct err *err);

/* A probing check goes on in its one row, as attempt row->attempt: status, reason of row. */
int steps_probe_again(struct db *db, const struct step_row *row, struct err *err);

struct step_output {
	const void *head; /* the first bytes, or all */
	size_t head_len;
	const void *tail; /* the last bytes; empty when head is all */
	size_t tail_len;
};

/* What the attempt wrote; that of attempts which are there no more (earlier probes) goes. */
int steps_output_keep(struct db *db, const struct step_row *row, const struct step_output *output,
		struct err *err);

typedef void (*step_output_fn)(
		const struct step_row *row, const struct step_output *output, void *arg);

/* The attempts of one run, in order, without output. */
int steps_list(struct db *db, int64_t run_id, step_fn fn, void *arg, struct err *err);
/* The attempts of one run, in order, each with the last tail_max bytes of its output. */
int steps_of(struct db *db, int64_t run_id, size_t tail_max, step_fn fn, void *arg,
		struct err *err);
/*
 * What attempt (0: the last) of the step wrote. Only run_id to status and output_bytes of row are
 * set. Returns 1, 0 when there is no such attempt, or -1.
 */
int steps_output_get(struct db *db, int64_t run_id, int64_t step, int64_t attempt,
		step_output_fn fn, void *arg, struct err *err);

#endif
