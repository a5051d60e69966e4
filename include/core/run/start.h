/*
 * launch - start the attempt that a run's cursor points at: write it down (C2), then ask.
 *
 *	a program   MSG_START to the executor
 *	a URL       MSG_PROBE to egress
 *	a wait      nobody; it is over at due_ms
 *	approve     a person: the run leaves the runner (core/approvals)
 *	a notice    nobody; it is written into the outbox, and done
 */
#ifndef CORE_START_H
#define CORE_START_H

#include "base/err.h"
#include "base/jsonw.h"
#include "core/run/active.h"

struct core;

int launch_attempt(struct core *core, struct active *active, struct err *err);

/* Ask egress, without writing anything down. */
void launch_probe(struct core *core, struct active *active, const struct check *check);

/* Of any step: what would be executed, or asked, as an array of texts. */
void launch_write_argv(struct jsonw *w, const char *key, const struct config *config,
		const struct step *step, const struct labels *params);

#endif
