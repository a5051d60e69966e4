/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start - begins the attempt that a run's cursor points at: writes it down (C2), then asks for it.
 *
 *	a program   MSG_START to the executor
 *	a URL       MSG_PROBE to egress
 *	a wait      nobody; it is over at due_ms
 *	approve     over at once: the run asks for approval (core/run/question.h)
 *	a notify    over at once: the notification is in the outbox
 */
#ifndef CORE_START_H
#define CORE_START_H

#include <stdbool.h>

#include "base/err.h"
#include "core/run/active.h"
#include "domain/run.h"

#define START_DETAIL_MAX sizeof(((struct err *)0)->msg)

/* How an attempt went that was over as soon as it began. */
struct start_result {
	bool over; /* false: its end comes as a message */
	enum run_event event;
	char detail[START_DETAIL_MAX];
};

/* *start is changed when the attempt is over at once. -1: the store failed. */
int start_attempt(struct run_room *run, struct active *active, struct start_result *start,
		struct err *err);

/* Ask egress, without writing anything down. */
void start_probe(struct run_room *run, struct active *active, const struct check *check);

#endif
