/*
 * outcome - how the attempt in hand went: what the executor, egress, the clock or its folder says
 * of it is written down (C3 to C5) and becomes an event of its run.
 *
 * Messages about attempts that are not in hand (any more) are no mistake: they are dropped.
 */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include "base/err.h"
#include "core/run/active.h"
#include "wire/attempt.h"
#include "wire/message.h"

struct core;

/* What the executor says. All return -1 only when the store failed. */
int outcome_started(struct core *core, const struct msg_started *msg, struct err *err);
int outcome_refused(struct core *core, const struct msg_refused *msg, struct err *err);
int outcome_ended(struct core *core, const struct msg_ended *msg, struct err *err);
/* What egress, or of a check in the background the executor, says. */
int outcome_probed(struct core *core, const struct msg_probed *msg, struct err *err);
/* Egress is new: what the old one was asked is asked again. */
int outcome_egress_new(struct core *core, struct err *err);
/* The run's due_ms has come. */
int outcome_due(struct core *core, struct active *active, struct err *err);

/* Look at the attempt's folder and take in what it says. */
int outcome_look(struct core *core, struct active *active, struct err *err);

/* The turn is durable: remove files whose contents are in the store now. */
void outcome_committed(struct core *core);

#endif
