/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome - how the attempt in hand went: writes down what the executor, egress, the clock or its
 * folder says (C3 to C5), and makes it an event of its run.
 *
 * Messages about attempts that are not in hand (any more) are no mistake: they are dropped.
 */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include "base/err.h"
#include "core/run/active.h"
#include "wire/attempt.h"
#include "wire/message.h"

/* What the executor says. All return -1 only when the store failed. */
int outcome_started(struct run_room *run, const struct msg_started *msg, struct err *err);
int outcome_refused(struct run_room *run, const struct msg_refused *msg, struct err *err);
int outcome_ended(struct run_room *run, const struct msg_ended *msg, struct err *err);
/* Egress says how a probe went; *ret_taken: it is one of a run. */
int outcome_probed(struct run_room *run, const struct msg_probed *msg, bool *ret_taken,
		struct err *err);
/* Egress is new: what the old one was asked is asked again. */
void outcome_egress_new(struct run_room *run);
/* The run's due_ms has come. */
int outcome_due(struct run_room *run, struct active *active, struct err *err);

/* Look at the attempt's folder and take in what it says. */
int outcome_look(struct run_room *run, struct active *active, struct err *err);

/* The turn is durable: remove files whose contents are in the store now. */
void outcome_committed(struct run_room *run);

#endif
