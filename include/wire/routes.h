/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes - the one table of the API: one row a route. The front finds a row by method and
 * path (front/route_match.h) and checks the request by it, the core answers by its id, the audit
 * takes its words, and the page at / and docs/api.md are printed from it.
 *
 * {id} and {n} in a pattern stand for a decimal number, which becomes ids[0], then ids[1]; any
 * other for a name, which becomes the argument of that name: {playbook}, {check}, {item}.
 */
#ifndef WIRE_ROUTES_H
#define WIRE_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/arg_rules.h"
#include "wire/view.h"

/* In the order of the table: by pattern, then method. */
enum route {
	ROUTE_INDEX,
	ROUTE_DELIVER_INDEX,
	ROUTE_HEALTHY,
	ROUTE_READY,
	ROUTE_RELOAD,
	ROUTE_DELIVER,
	ROUTE_AUDIT,
	ROUTE_CHECKS,
	ROUTE_CHECK_HISTORY,
	ROUTE_DECISIONS,
	ROUTE_DELIVERIES,
	ROUTE_DELIVERY,
	ROUTE_DELIVERY_REPLAY,
	ROUTE_FOLLOW_UPS,
	ROUTE_FOLLOW_UP_CHANGE,
	ROUTE_HEARTBEATS,
	ROUTE_INCIDENTS,
	ROUTE_INCIDENT,
	ROUTE_CHANGE,
	ROUTE_ACKNOWLEDGE,
	ROUTE_CHECKLIST_ITEM,
	ROUTE_CLOSE,
	ROUTE_INCIDENT_ESCALATE,
	ROUTE_FOLLOW_UP_ADD,
	ROUTE_NOTE,
	ROUTE_POSTMORTEM,
	ROUTE_INCIDENT_REPLAY,
	ROUTE_RESOLVE,
	ROUTE_TIMELINE,
	ROUTE_PAUSE_END,
	ROUTE_PAUSE,
	ROUTE_PAUSE_BEGIN,
	ROUTE_PLAYBOOKS,
	ROUTE_PLAYBOOK_RUN,
	ROUTE_REJECTED_DELIVERIES,
	ROUTE_REJECTED_DELIVERY,
	ROUTE_REPORT_ALERTS,
	ROUTE_RUNS,
	ROUTE_RUN,
	ROUTE_RUN_APPROVE,
	ROUTE_RUN_CANCEL,
	ROUTE_RUN_REJECT,
	ROUTE_OUTPUT,
	ROUTE_STATUS,
	ROUTE_METRICS,
	ROUTE_DELIVER_WEBHOOK,
	ROUTES
};

/* What somebody must be allowed to do. */
enum right { RIGHT_ALERT, RIGHT_READ, RIGHT_OPERATE, RIGHTS };
/* "alert", "read", "operate". */
extern const char *const right_names[RIGHTS];

/* Who does what with a request. */
enum action {
	ACTION_INDEX,   /* the front: the page at / */
	ACTION_HEALTHY, /* the front: it lives */
	ACTION_DELIVER, /* the core takes the body, a webhook, in */
	ACTION_READ,    /* the core answers */
	ACTION_METRICS, /* the core answers, the front adds its own */
	ACTION_COMMAND, /* the core does what is asked, writes down who asked, and answers */
	ACTION_REPLAY,  /* the core answers with a kept body, which the front delivers again */
	ACTION_RELOAD,  /* the executor reads the configuration again */
	ACTIONS
};

/* What a good answer is made of. */
enum answer_form {
	ANSWER_NOTHING, /* `data` is null */
	ANSWER_ONE,     /* `data` is a noun */
	ANSWER_LIST,    /* `data` has all of a noun in the member `key` */
	ANSWER_PAGE,    /* the same, but only so many, with `nextCursor` */
	ANSWER_TEXT,    /* text of the type `media`, without an envelope */
	ANSWER_FORMS
};

struct route_answer {
	uint8_t form;      /* enum answer_form */
	uint8_t noun;      /* enum noun */
	const char *key;   /* LIST, PAGE */
	const char *media; /* TEXT */
};

struct route_row {
	uint16_t id;        /* enum route: where it stands in routes */
	const char *method; /* GET answers HEAD too */
	const char *pattern;
	const char *help; /* a phrase that says what it does */
	uint8_t right;    /* enum right */
	uint8_t action;   /* enum action */
	struct route_answer answer;
	struct arg_rules args;   /* of the query */
	struct arg_rules fields; /* of the body, unless it is a delivery; none is in args too */
	const char *command;     /* with RIGHT_OPERATE: the word for it in the audit */
	const char *object;      /* and what it is done to: run, incident … */
};

/* By id; sorted by pattern, then method. */
extern const struct route_row routes[ROUTES];

/* Does the core have a handler for it? */
bool routes_core_answers(enum route id);

/* Append what the page at / says. */
void routes_index(struct buf *out);

#endif
