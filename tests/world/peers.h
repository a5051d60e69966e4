/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers - the other roles of a core under test, as the test wants them: front asks and delivers,
 * the executor starts steps and says how they ended, egress says what it saw and what it sent.
 *
 * Each of these is one message, and ends the core's turn with those that are due at once
 * (core_world_wait(core, 0)), unless it says otherwise.
 */
#ifndef WORLD_PEERS_H
#define WORLD_PEERS_H

#include "core_world.h"

/* Names and values by turns, sorted by name. */
#define PAIRS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

/* --- front --- */

struct peers_question {
	enum route route;
	uint64_t id;
	uint64_t second_id;
	const char *const *args; /* PAIRS(); NULL: none */
	const char *by;          /* NULL: eve */
	const char *key;         /* Idempotency-Key; NULL: none */
};

struct peers_answer {
	uint8_t code;     /* enum err_code */
	char text[32768]; /* why it is refused, or else the content */
};

struct peers_answer peers_ask(struct core *core, const struct peers_question *question);
/* The turn goes on. */
void peers_say(struct core *core, const struct peers_question *question);

struct peers_alert {
	const char *const *labels; /* PAIRS(), alertname among them */
	bool resolved;
	int64_t starts_at;              /* 0: now, or as before while it fires on */
	int64_t ends_at;                /* of one that is resolved; 0: now */
	const char *const *annotations; /* PAIRS(); NULL: none */
	const char *broken;             /* why the front could not read it; NULL: it could */
	const char *note;               /* what it did not take as it came; NULL: nothing */
};

struct peers_delivery {
	const struct peers_alert *alerts;
	size_t len;
	const char *sender; /* NULL: http://am */
	const char *reason; /* of Alertmanager; NULL: not said */
	bool same_body;     /* as the delivery before it */
	uint64_t truncated;
	const char *note; /* as an alert has one */
	bool dry_run;
	uint64_t replay_of; /* as are the following, of a replay; 0: it is none */
	bool override_guards;
	const char *by; /* NULL: eve */
	const char *key;
};

struct peers_answer peers_deliver(struct core *core, const struct peers_delivery *delivery);
/* One alert, which begins now, or ends. */
struct peers_answer peers_fires(struct core *core, const char *const *labels);
struct peers_answer peers_resolves(struct core *core, const char *const *labels);

/* --- the executor; attempt: "1.0.2" is attempt 2 of step 0 of run 1 --- */

/* The attempt's shim is there and waits for its word go. */
void peers_started(struct core *core, const char *attempt);
void peers_refused(struct core *core, const char *attempt, enum refusal why, const char *reason);
/* Its program has ended so: its folder says that. */
void peers_exited(struct core *core, const char *attempt, int exit_code);
/* The same, with what it wrote, or with any other status. */
void peers_wrote(struct core *core, const char *attempt, int exit_code, const char *output);
void peers_ended(struct core *core, const char *attempt, const struct attempt_status *status);
/* The shim is gone without a word. */
void peers_vanished(struct core *core, const char *attempt);
/* Started, and exited with 0. */
void peers_do(struct core *core, const char *attempt);

/* --- egress --- */

/* What it saw, asked by the last MSG_PROBE. */
void peers_probed(struct core *core, enum probe_verdict verdict, const char *detail);
void peers_notified(struct core *core, uint64_t id, enum notified how, const char *reason);
/* It was restarted: what the old one was asked is asked again. */
void peers_egress_restarts(struct core *core);

#endif
