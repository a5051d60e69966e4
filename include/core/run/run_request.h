/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_request - an alert, a replay or an operator requests a run: gathers what the guards need to
 * know, for all of them alike, and adds the run.
 */
#ifndef CORE_RUN_REQUEST_H
#define CORE_RUN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/run/run_room.h"
#include "domain/alert.h"
#include "domain/label.h"
#include "domain/plan.h"
#include "sys/digest.h"

/* Who requests a run of which playbook. */
struct run_request {
	const struct playbook *playbook;
	const struct labels *params; /* each passed param_check() */
	const char *param_error;     /* why the params could not be had; or NULL */
	uint8_t target[DIGEST_SIZE]; /* set by run_request_gather(): playbook and params */
	bool needs_approval; /* set by run_request_gather(): it begins with an approve step */
	int64_t incident_id; /* 0: none, as are the following */
	int64_t episode_id;
	int64_t times_opened; /* of the incident */
	int64_t starts_at;    /* of the alert; 0: its age does not matter */
	int64_t received_at;  /* of a replay: when what is replayed was delivered; 0: it is none */
	int64_t now;
	bool by_hand;         /* an earlier run does not count as the same */
	bool override_guards; /* the guards do not count */
	const char *trigger;  /* alert, manual, replay, escalation */
	const char *requested_by;
	const char *reason; /* why an operator asks; NULL: not given */
	const char *alertname;
	const char *alert; /* JSON, for steps with stdin: alert */
	const char *alert_status;
};

/* What a run of it would act on: SHA-256 over playbook and params. */
void run_request_target(const struct run_request *request, uint8_t ret_target[DIGEST_SIZE]);
/* Compute the target and ask the store for all that plan_run() wants. Strings are borrowed. */
int run_request_gather(struct run_room *run, struct run_request *request,
		struct plan_facts *ret_facts, struct err *err);
/* Add the run: queued, or waiting for approval. Call after run_request_gather(). */
int run_request_add(struct run_room *run, const struct run_request *request, int64_t *ret_id,
		struct err *err);

/* The request is a duplicate of a run that waits: that one is for its episode, too. */
int run_request_join(struct run_room *run, const struct run_request *request, int64_t run_id,
		struct err *err);

/* What a step with `stdin: alert` reads: never more than the executor passes on. Lives in arena. */
char *run_request_alert_json(struct arena *arena, const struct alert *alert);

#endif
