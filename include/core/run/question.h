/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question - a run waits for an operator's approval.
 *
 * A run that comes to an approve step leaves the active runs and waits in the store alone; so does
 * one that begins with such a step, from C1 on. The answers are taken in core/run/answers.h.
 */
#ifndef CORE_QUESTION_H
#define CORE_QUESTION_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/run/active.h"
#include "store/approvals.h"
#include "wire/message.h"

/* The run that asks, by which step of what. */
struct question {
	int64_t run_id;
	int64_t incident_id;         /* 0: none */
	const struct config *config; /* the one that the run follows */
	const struct playbook *playbook;
	uint32_t step;
	const struct labels *params;
	const char *trigger;
	const char *requested_by;
};

/* What became of the last question of a run. */
enum question_state {
	QUESTION_NONE,     /* it had none */
	QUESTION_APPROVED, /* and that still counts */
	QUESTION_VOID,     /* it may not continue: reason says why */
};

struct question_answer {
	enum question_state state;
	char reason[RUN_REASON_MAX];
};

/* Questions out of the store, copied. */
struct questions {
	struct arena *arena;
	struct approval_row *items;
	size_t len;
	size_t cap;
};

/* A row callback of store/approvals: arg is a struct questions, to which row is added. */
void question_on_row(const struct approval_row *row, void *arg);
void questions_clear(struct questions *questions);

#define AUTO_QUESTIONS(name) \
	CLEANUP(questions_clear) struct questions name = { .arena = arena_new() }

/* Write down the question, its step's row, and that the incident needs an operator. -1: the
 * store failed. */
int question_ask(struct run_room *run, const struct question *question, struct err *err);

/* An alert of another incident wants what the run would do: if the run asks, that incident needs an
 * operator, too. -1: the store failed. */
int question_join(struct run_room *run, int64_t run_id, int64_t incident_id, struct err *err);

/* The run is canceled: its question needs no answer any more. */
int question_drop(struct run_room *run, const struct active *active, struct err *err);

/* active leaves the queue: does an answer let it continue? */
int question_answered(struct run_room *run, const struct active *active,
		struct question_answer *ret, struct err *err);

/* For a step behind an approve step, tell the executor who let it through. */
int question_prove(struct run_room *run, const struct active *active, struct msg_start *msg,
		struct err *err);

/* Would the run execute under config what the question of row shows? */
bool question_same_work(const struct config *config, const char *playbook_name,
		const struct labels *params, const struct approval_row *row);

/* The incident's attention while the run waits; text has RUN_REASON_MAX. */
void question_attention(int64_t run_id, const char *playbook, const char *step, char *text);

#endif
