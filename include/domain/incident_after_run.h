/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident_after_run - what the end of a run means for its incident.
 *
 *	run                                    incident        then
 *	verified, all others helped too        firing          mitigated; needs no operator
 *	verified, all others helped too        any other       needs no operator
 *	verified, another run did not help     any             stays as it is
 *	looked again, did not pass             mitigated       firing; needs an operator; it failed,
 *	                                                       as did the run that was verified
 *	looked again, passed                   mitigated       needs an operator
 *	looked again                           any other       stays as it is
 *	rejected before it started             resolved        its question needs no answer any more
 *	canceled before it started, and over   any             its question needs no answer any more
 *	succeeded, but verified nothing        firing          needs an operator
 *	succeeded, but verified nothing        any other       stays as it is
 *	any other end                          closed          stays as it is
 *	failed, timed out, interrupted         any other       needs an operator, it failed
 *	canceled, rejected                     any other       needs an operator
 *
 * A run looks again because its alert still fires after a run that was verified. One is over when
 * the alerts that it was for have ended (domain/run_wanted).
 *
 * Pure: the caller gathers the facts, asks, and writes what the verdict says, in its order.
 */
#ifndef DOMAIN_INCIDENT_AFTER_RUN_H
#define DOMAIN_INCIDENT_AFTER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/incident.h"
#include "domain/playbook.h"
#include "domain/run.h"

#define INCIDENT_WHY_MAX (RUN_REASON_MAX + 128)

struct incident_run {
	int64_t id;
	const char *playbook_name;
	const struct playbook *playbook; /* NULL: its configuration is gone */
	uint8_t status;                  /* enum run_status, a final one */
	const char *reason;              /* of its status */
	bool only_looks;                 /* it only verified again */
	bool started_once;               /* it has left the queue before */
	bool over;                       /* canceled, since its alerts had ended */
	uint8_t incident_status;         /* enum incident_status */
	int64_t unhelpful;               /* see incident_after_run_counts(); else not read */
};

enum incident_attention {
	INCIDENT_ATTENTION_STAYS,
	INCIDENT_ATTENTION_OVER,     /* it needs no operator any more */
	INCIDENT_ATTENTION_ANSWERED, /* the run's question needs no answer; any other reason stays */
	INCIDENT_ATTENTION_NEEDED,   /* it needs an operator, for `why` */
};

struct incident_verdict {
	bool moves;
	uint8_t event;     /* enum incident_event, when it moves … */
	const char *moved; /* … and why, for the timeline; static */
	uint8_t attention; /* enum incident_attention */
	bool did_not_help; /* it looked again, in vain: the run that was verified did not help */
	bool failed;       /* NEEDED: it was to help, and did not: pages one more level, at once */
	char why[INCIDENT_WHY_MAX];
};

/*
 * Was the run verified? Then `unhelpful` has to be filled in: how many other runs of the incident,
 * since it was last opened, did not help. No other verdict reads it.
 */
bool incident_after_run_counts(const struct incident_run *run);

void incident_after_run(const struct incident_run *run, struct incident_verdict *ret);

#endif
