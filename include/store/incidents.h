/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incidents - the incidents. The only writer of an incident's status.
 */
#ifndef STORE_INCIDENTS_H
#define STORE_INCIDENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/incident.h"
#include "sys/db.h"
#include "sys/digest.h"

struct incident_row {
	int64_t id;
	uint8_t status; /* enum incident_status */
	const char *title;
	const char *level; /* NULL: none */
	const char *severity;
	const char *service;
	const char *alertname;     /* label alertname of the opening alert; NULL, or "": none */
	const char *playbook;      /* NULL: unmatched */
	const char *labels;        /* JSON */
	const char *annotations;   /* JSON */
	const uint8_t *group_hash; /* DIGEST_SIZE bytes; NULL in rows that are read */
	int64_t times_opened;      /* 1: never again */
	int64_t firing;            /* alerts that fire now */
	const char *attention;     /* NULL: it needs no operator */
	int64_t opened_at;
	int64_t acknowledged_at; /* 0: not set, as are the following */
	int64_t mitigated_at;
	int64_t resolved_at;
	int64_t closed_at;
	const char *root_cause;      /* NULL: not known */
	const char *resolution;      /* NULL: not known */
	const char *acknowledged_by; /* NULL: nobody, as are the following */
	const char *resolved_by;     /* NULL: nobody, its alerts ended */
	const char *closed_by;
	const char *held; /* why nobody is paged for it; NULL: it is not held */
	bool major_said;  /* an operator stated `major`, else its level decides */
	bool major;       /* incident_is_major() */
	bool post_due;    /* major, and its post-mortem is not scheduled yet */
};

typedef void (*incident_fn)(const struct incident_row *row, void *arg);
/* Returns false when it has seen enough. */
typedef bool (*incident_each_fn)(const struct incident_row *row, void *arg);

/* What intake needs to know of one; id 0: none. */
struct incident_facts {
	int64_t id;
	uint8_t status; /* enum incident_status */
	int64_t times_opened;
	int64_t firing;
	uint8_t level; /* 0: none */
};

/* Add row: firing, opened for the first time, at row->opened_at. */
int incidents_add(struct db *db, const struct incident_row *row, int64_t *ret_id, struct err *err);

/* The open one of the group, or else its latest when that was resolved at or after resolved_since.
 */
int incidents_of_group(struct db *db, const uint8_t group_hash[DIGEST_SIZE], int64_t resolved_since,
		struct incident_facts *ret, struct err *err);
/* Was there ever one of the group, as far as the store remembers? */
int incidents_group_known(
		struct db *db, const uint8_t group_hash[DIGEST_SIZE], bool *ret, struct err *err);
int incidents_facts(struct db *db, int64_t id, struct incident_facts *ret, struct err *err);

/*
 * Let event happen at time now and count `firing_change` more (or fewer) firing alerts. A resolved
 * one that is opened again counts in times_opened, and nobody has acknowledged it. Compare and set:
 * an event that may not happen is ERR_BUG, and so is one of an incident that has not the status of
 * `incident` any more.
 */
int incidents_move(struct db *db, const struct incident_facts *incident, enum incident_event event,
		int firing_change, int64_t now, struct err *err);
/* Who asked for the move to resolved or closed that was just made. */
int incidents_moved_by(struct db *db, int64_t id, enum incident_status status, const char *who,
		struct err *err);
/* An operator acknowledges it. The first one is kept. */
int incidents_acknowledge(struct db *db, int64_t id, const char *who, int64_t now, struct err *err);
/* It is as severe as this word says, when that is worse than what it is. */
int incidents_severity(struct db *db, int64_t id, const char *severity, struct err *err);
/* Its opening alert, which has row->labels, has these annotations now. Reads only these and id. */
int incidents_annotations(struct db *db, const struct incident_row *row, struct err *err);
/* Only the count of firing alerts changes. */
int incidents_count(struct db *db, int64_t id, int firing_change, struct err *err);
/* State why it needs an operator; NULL: it does not any more. A closed one never does. */
int incidents_attention(struct db *db, int64_t id, const char *attention, struct err *err);

/* Does it fire, and neither states why nor has a run that is under way or waits? */
int incidents_is_unattended(struct db *db, int64_t id, bool *ret, struct err *err);
/* It does not need an operator for that reason any more; any other reason stays. */
int incidents_attention_over(struct db *db, int64_t id, const char *attention, struct err *err);
/* Its level becomes this one ("L1" to "L4"), unless it is as high already: it is never lowered. */
int incidents_raise(struct db *db, int64_t id, const char *level, struct err *err);

/* Call fn for the one of that id. Returns 1, 0 when there is none, or -1. */
int incidents_get(struct db *db, int64_t id, incident_fn fn, void *arg, struct err *err);

/* What operators change; NULL: not this. "" of rootCause and resolution: not known after all. */
struct incident_change {
	const char *title;
	const char *severity;
	const char *root_cause;
	const char *resolution;
	const char *major; /* "true" or "false" */
};

int incidents_change(
		struct db *db, int64_t id, const struct incident_change *change, struct err *err);

struct incident_query {
	const char *status; /* NULL: any; so the others */
	const char *playbook;
	const char *level;
	const char *major; /* "true" or "false" */
	int64_t since;     /* opened at or after; 0: any */
	int64_t until;     /* opened before; 0: any */
	int64_t before;    /* id; 0: from the newest */
};

/* The newest first, until each returns false. */
int incidents_each(struct db *db, const struct incident_query *query, incident_each_fn each,
		void *arg, struct err *err);

/* How many are open. */
int incidents_open_count(struct db *db, int64_t *ret_count, struct err *err);

#endif
