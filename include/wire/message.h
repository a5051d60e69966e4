/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message - every message that one role sends to another: one struct and one table of fields each.
 *
 *	parent control: executor → role    SETUP, LISTEN, PEER;  to core also CONFIG, ROLES,
 *	                                   STARTED, REFUSED, ENDED, PROBED;  to front
 *	                                   RELOADED;  to egress RECEIVERS;  to core and
 *	                                   egress SYNC
 *	                role → executor    front: RELOAD;  core: START, GO, CANCEL, READY,
 *	                                   PROBE_COMMAND;  core and egress: SYNCED
 *	front ↔ core                       DELIVER, QUERY → ANSWER;  to core REJECTED
 *	core ↔ egress                      PROBE → PROBED, NOTIFY → NOTIFIED,
 *	                                   ASK → LISTED, FETCHED, ASKED
 *
 * A role that receives a message which is not for it treats its peer as broken.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/files.h"
#include "domain/alert.h"
#include "domain/label.h"
#include "domain/matcher.h"
#include "sys/channel.h"
#include "wire/routes.h"
#include "wire/wire.h"

#define MESSAGE_SMALL_MAX (256 * 1024)       /* egress, and what the executor accepts */
#define MESSAGE_LARGE_MAX (64 * 1024 * 1024) /* front ↔ core; a body and its decoded form */

enum role { ROLE_EXECUTOR, ROLE_CORE, ROLE_FRONT, ROLE_EGRESS, ROLES };
/* "executor", "core", "front", "egress". */
extern const char *const role_names[ROLES];

enum message_id {
	MSG_SETUP = 1,
	MSG_LISTEN,
	MSG_PEER,
	MSG_CONFIG,
	MSG_ROLES,
	MSG_RELOAD,
	MSG_RELOADED,
	MSG_READY,
	MSG_START,
	MSG_STARTED,
	MSG_REFUSED,
	MSG_GO,
	MSG_CANCEL,
	MSG_ENDED,
	MSG_DELIVER,
	MSG_QUERY,
	MSG_ANSWER,
	MSG_PROBE,
	MSG_PROBED,
	MSG_NOTIFY,
	MSG_NOTIFIED,
	MSG_RECEIVERS,
	MSG_PROBE_COMMAND,
	MSG_SYNC,
	MSG_SYNCED,
	MSG_REJECTED,
	MSG_ASK,
	MSG_LISTED,
	MSG_FETCHED,
	MSG_ASKED,
	MSG_IDS
};

/* Exit status of a role that would only fail again: the daemon ends with the same status. */
#define ROLE_EXIT_HOPELESS 3

/* The first message to every role. */
struct msg_setup {
	const char *storage_path;   /* absolute */
	const char *external_url;   /* "" when not given */
	const char *operator_token; /* front only; "" for the others */
	int64_t retention_ms;
	int64_t min_free; /* bytes; with less room it refuses deliveries */
};

/* To front, with a listening socket. */
struct msg_listen {
	const char *address; /* as given, for the log */
};

/* With a socket to that role; replaces the one before. */
struct msg_peer {
	uint8_t role; /* enum role */
};

/* To core: the files of the configuration that is now in force. */
struct msg_config {
	struct config_file *files;
	size_t files_len;
	const char *by; /* who had it read again; "": nobody, it is the one to begin with */
};

/* To egress, and to no other role: the receivers and the Alertmanagers, with their secrets. */
struct msg_receivers {
	struct receiver *receivers;
	size_t receivers_len;
	struct alertmanager *alertmanagers;
	size_t alertmanagers_len;
};

struct role_state {
	uint8_t role;
	int64_t pid;        /* 0 while it is down */
	int64_t started_at; /* wall ms */
	uint64_t restarts;
};

/* To core, whenever it changes: what the executor knows, for /api/v1/status and /metrics. */
struct msg_roles {
	struct role_state *roles;
	size_t roles_len;
	int64_t started_at;       /* of the daemon, wall ms */
	int64_t config_loaded_at; /* last successful load, wall ms */
	uint8_t config_ok;        /* did the last load succeed? */
	const char *config_path;
};

struct msg_reload {
	uint64_t id;           /* of the request at the front */
	const char *principal; /* who asked */
};

struct msg_reloaded {
	uint64_t id;
	uint8_t code;      /* enum err_code; ERR_NONE: what was loaded is in force */
	const char *error; /* one sentence, when code is not ERR_NONE */
};

/* To core and egress: say so when everything that came before this is in force. */
struct msg_sync {
	uint64_t number; /* grows */
};

/* Core or egress → executor. What the core has to commit for it, it has committed. */
struct msg_synced {
	uint64_t number;
};

/* Core → executor: recovered, config taken in, ready to serve. Executor logs "ready". */
struct msg_ready {
	uint8_t unused;
};

/* Which attempt of which step of which run. The first three fields of all that speak of one. */
struct attempt_id {
	uint64_t run;
	uint32_t step;    /* index in the playbook's steps */
	uint32_t attempt; /* from 1 */
};

#define START_ALERT_MAX (256 * 1024) /* bytes of msg_start.alert */

/*
 * For a step behind an approve step: what was approved (domain/approval.h). The executor puts the
 * digest together from this and from its own configuration, and looks at the seal.
 */
struct start_approval {
	uint8_t given;
	uint32_t step; /* the approve step */
	int64_t expires_at;
	uint8_t config_hash[DIGEST_SIZE]; /* by which it was asked */
	uint8_t seal[DIGEST_SIZE];
};

/* Core → executor: prepare this attempt and wait for GO. */
struct msg_start {
	struct attempt_id id;
	uint8_t config_hash[DIGEST_SIZE];
	const char *playbook;
	struct labels params; /* in the order in which the playbook declares them */
	uint64_t incident;    /* 0: none */
	const char *trigger;  /* alert, manual, replay, escalation */
	const char *alertname;
	const char *status; /* firing, resolved */
	struct bytes alert; /* the alert as JSON, for a step with stdin: alert */
	struct start_approval approval;
};

/* Executor → core: the shim holds the lock and waits for GO. */
struct msg_started {
	struct attempt_id id;
	int64_t pid;         /* of the shim */
	int64_t pid_started; /* field 22 of /proc/PID/stat */
	const char *boot_id;
};

enum refusal { REFUSED_NEVER, REFUSED_LATER, REFUSED_CONFIG, REFUSALS };

/* Executor → core: nothing was started. */
struct msg_refused {
	struct attempt_id id;
	uint8_t why;        /* enum refusal: never try again, try later, other configuration */
	const char *reason; /* one sentence */
};

struct msg_go {
	struct attempt_id id;
};

/*
 * Core → executor: this attempt is not wanted any more. Without GO it never runs; else its shim
 * ends all of it. ENDED follows, as always.
 */
struct msg_cancel {
	struct attempt_id id;
};

/* Executor → core: the shim is gone; the attempt's folder says how it ended. */
struct msg_ended {
	struct attempt_id id;
};

/* Front → core. */
struct msg_deliver {
	uint64_t id;           /* of the request at the front; comes back in the answer */
	const char *principal; /* who sent it */
	uint64_t replay_of;    /* the delivery that is sent again by hand; 0: none */
	uint8_t dry_run;
	uint8_t override_guards; /* of a replay, as are the following */
	const char *reason;      /* NULL: not said */
	const char *key;         /* Idempotency-Key; "": none */
	struct delivery delivery;
	struct bytes body;
};

#define REJECTED_BODY_MAX ((size_t)64 * 1024)

/* Front → core: a delivery that can never succeed, and was answered so. */
struct msg_rejected {
	const char *principal; /* who sent it */
	const char *client;    /* and from which address */
	uint16_t status;       /* of the answer: 400, 413, 415 */
	const char *error;     /* and its sentence */
	uint64_t size;         /* bytes of the body, as far as they are known */
	uint64_t missed;       /* others since the last message, which were too many to be sent */
	uint8_t hash[DIGEST_SIZE]; /* of what arrived of the body */
	struct bytes body;         /* the first REJECTED_BODY_MAX bytes */
};

/* Front → core: a route that the core answers. Arguments are checked by its rules at the front. */
struct msg_query {
	uint64_t id;
	uint16_t route; /* enum route */
	uint64_t ids[2];
	const char *principal;
	const char *key;         /* Idempotency-Key of a command; "": none */
	struct labels args;      /* query parameters and fields by name, each at most once */
	struct matcher *filters; /* filter=, parsed; regex NULL */
	size_t filters_len;
};

/* Core → front. */
struct msg_answer {
	uint64_t id;
	uint8_t code;             /* enum err_code; ERR_NONE: content is the answer */
	const char *error;        /* one sentence, when code is not ERR_NONE */
	const char *content_type; /* "": content is the value of `data` in Prometheus's envelope;
				     else content is sent as it is, with this type */
	struct bytes content;
};

/* Core → egress: look once. */
struct msg_probe {
	uint64_t id;
	uint8_t kind;        /* enum check_kind, HTTP or TCP */
	const char *url;     /* HTTP */
	const char *address; /* TCP, host:port */
	int64_t status;
	uint8_t json;
	const char *contains; /* may be NULL */
	struct check_field *fields;
	size_t fields_len;
	int64_t timeout_ms;
};

/* Core → executor: run the program of a background check once. */
struct msg_probe_command {
	uint64_t id;
	uint8_t config_hash[DIGEST_SIZE];
	const char *check;
};

/* unknown: it could not be looked at, for a reason of our own. */
enum probe_verdict { VERDICT_FAILING, VERDICT_HEALTHY, VERDICT_UNKNOWN, VERDICTS };

/* Egress or executor → core. */
struct msg_probed {
	uint64_t id;
	uint8_t verdict;    /* enum probe_verdict */
	const char *detail; /* "200 OK", "connection refused", … */
};

/* Core → egress: send a notification to an endpoint. */
struct msg_notify {
	uint64_t id; /* the same for every attempt */
	const char *key;
	const char *receiver;
	const char *endpoint;
	const char *kind;
	const char *subject;
	const char *text;
	int64_t incident_id;  /* 0: none */
	const char *incident; /* JSON object; NULL: there is none */
	int64_t created_at;   /* wall ms */
};

/* It was taken; it may be taken later; it will never be taken. */
enum notified { NOTIFIED_SENT, NOTIFIED_LATER, NOTIFIED_NEVER, NOTIFIEDS };

struct msg_notified {
	uint64_t id;
	uint8_t how;        /* enum notified */
	const char *reason; /* "" when sent */
};

#define ASK_ALERTS_MAX 10000 /* that one look asks about */
#define ASK_BATCH_MAX  3000  /* of them in one message */
#define ASK_CUTS_MAX   8     /* groups of one look */
#define ASK_LABELS_MAX 8192  /* bytes of a group's labels, as JSON */

/* A group whose alerts were cut from a delivery: those that fire are wanted. */
struct ask_group {
	uint64_t id;          /* of the delivery */
	const char *receiver; /* as the delivery has it */
	struct labels labels; /* that its alerts have in common */
};

/*
 * Core → egress: what does this Alertmanager list? In several messages of the same id when there
 * are many, of which all but the last say that more follow; groups come with the last.
 */
struct msg_ask {
	uint64_t id;
	const char *alertmanager; /* its name */
	uint8_t more;
	struct bytes identities; /* of alerts, DIGEST_SIZE bytes each */
	struct ask_group *cuts;
	size_t cuts_len;
};

/* An alert that was asked about and is listed. */
struct listed {
	uint8_t identity[DIGEST_SIZE];
	uint8_t state;   /* enum upstream_state */
	const char *why; /* "silenced in Alertmanager by alice until …"; "" when it is active */
	int64_t until;   /* wall ms; 0: not known */
};

/* Egress → core, any number of them before ASKED. */
struct msg_listed {
	uint64_t id;
	struct listed *alerts;
	size_t alerts_len;
};

/* Egress → core, any number of them before ASKED: firing alerts of a group. */
struct msg_fetched {
	uint64_t id;
	uint64_t group;
	struct alert *alerts;
	size_t alerts_len;
};

/* Egress → core: the look is over. What was asked about and not LISTED is not listed. */
struct msg_asked {
	uint64_t id;
	uint8_t answered;
	const char *error;  /* why not; "" when it answered */
	int64_t started_at; /* the Alertmanager, by its clock */
	uint64_t left_out;  /* alerts of groups that were too many, or too long */
};

/* The table of each message, by id. */
extern const struct wire_type *const message_types[MSG_IDS];

/* Encode msg, a struct of id's type, and send it with fd (-1 for all but LISTEN and PEER). */
void message_send(struct channel *channel, enum message_id id, const void *msg, int fd);

/* One row of a role's dispatch table. */
struct message_handler {
	/* Called with the decoded message, valid during the call; owns fd. Returns 0, or -1 with
	 * err when the sender broke the protocol. */
	int (*fn)(void *arg, const void *msg, int fd, struct err *err);
};

/*
 * Decode a frame and call its row of handlers (MSG_IDS rows; fn NULL: not for us). Returns what the
 * handler returned, or -1 with ERR_INPUT. Closes fd unless a handler was called. A descriptor comes
 * with LISTEN and PEER, always, and with nothing else.
 */
int message_dispatch(const struct message_handler *handlers, void *arg, uint16_t type,
		const unsigned char *payload, size_t len, int fd, struct err *err);

#endif
