/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - the post-incident log of one incident as Markdown: facts in, text out.
 *
 * All that playbookd knows is in it; an operator's judgement stands there once it is written, and
 * else a passage marked "To be written" that names the request which fills it. Every value is
 * put in as text (domain/markdown.h). "" and NULL count as not known, as do times of 0.
 */
#ifndef DOMAIN_REPORT_H
#define DOMAIN_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "domain/checklist.h"

struct report_alert {
	const char *name;
	const char *service;
	const char *labels; /* JSON */
	const char *status;
	int64_t starts_at; /* the sender's clock */
	int64_t ends_at;   /* the sender's clock */
	int64_t first_seen;
	int64_t occurrences;
};

struct report_entry {
	int64_t at;
	const char *kind;
	const char *who;
	const char *text;
};

struct report_step {
	const char *phase;
	const char *name;
	const char *argv; /* JSON */
	const char *status;
	const char *reason;
	int64_t attempt;
	int64_t exit_code; /* -1: none */
	int64_t signal;    /* 0: none */
	int64_t started_at;
	int64_t finished_at;
	const char *output; /* its last lines; not NUL-terminated */
	size_t output_len;
	int64_t output_bytes; /* all that was written */
};

struct report_run {
	int64_t id;
	const char *playbook;
	const char *trigger;
	const char *requested_by;
	const char *request_reason;
	const char *status;
	const char *reason;
	bool override_guards;
	int64_t queued_at;
	int64_t started_at;
	int64_t finished_at;
	struct report_step *steps;
	size_t steps_len;
};

/* Decisions of one kind about one playbook. */
struct report_decision {
	const char *decision;
	const char *playbook;
	const char *reason; /* of the first */
	int64_t count;
	int64_t first_at;
	int64_t last_at;
};

/* A notification that was sent, or was to be. */
struct report_notified {
	const char *kind; /* initial, escalation, … */
	const char *receiver;
	const char *endpoint;
	const char *status; /* pending, sent, failed */
	const char *reason; /* why not */
	int64_t created_at;
	int64_t ended_at;
};

struct report_follow_up {
	int64_t id;
	const char *text;
	const char *owner;
	const char *receiver;
	int64_t done_at;
	const char *done_by;
};

struct report_check {
	int64_t at; /* 0: not done */
	const char *who;
	const char *note;
};

/* How an alert was handled, over all incidents that it opened. */
struct report_effect {
	int64_t incidents;
	int64_t open;       /* not over; each of the others is one of the next three */
	int64_t remediated; /* a run was verified */
	int64_t by_people;  /* acknowledged, resolved or closed by an operator */
	int64_t by_itself;  /* over without either: did anybody need the alert? */
	int64_t runs;
	int64_t runs_helped;
	int64_t acknowledged;
	int64_t mtta_ms; /* of those that were acknowledged */
	int64_t resolved;
	int64_t mttr_ms; /* of those that were resolved */
};

struct report {
	int64_t id;
	int64_t now;
	const char *title;
	const char *status;
	const char *level;
	const char *severity;
	const char *alertname;
	const char *playbook;
	const char *attention;
	bool major;
	int64_t times_opened; /* 1: never again */
	int64_t opened_at;
	int64_t reopened_at; /* the last time; 0: never */
	int64_t acknowledged_at;
	const char *acknowledged_by;
	int64_t mitigated_at;
	int64_t resolved_at;
	const char *resolved_by;
	int64_t closed_at;
	const char *closed_by;
	const char *root_cause;
	const char *resolution;

	struct report_alert *alerts;
	size_t alerts_len;
	struct report_entry *timeline;
	size_t timeline_len;
	struct report_run *runs; /* oldest first */
	size_t runs_len;
	struct report_decision *decisions;
	size_t decisions_len;
	struct report_notified *notified;
	size_t notified_len;
	struct report_follow_up *follow_ups;
	size_t follow_ups_len;
	struct report_check checklist[CHECKLIST_ITEMS];
	struct report_effect effect;
	bool left_out; /* there is more than these lists have */
};

void report_markdown(const struct report *report, struct buf *out);

/* The start of the last `lines` lines of len bytes, of which at most max bytes are kept. */
size_t report_tail(const char *text, size_t len, size_t lines, size_t max);

#endif
