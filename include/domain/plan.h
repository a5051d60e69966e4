/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan - decide: what an alert that arrives is, and whether a playbook runs for it.
 *
 * Pure: facts in, a verdict and its reason in plain words out. The two questions, in order:
 *
 *	plan_arrival()  is it new, a repeat, a twin, late, or the end of an episode?
 *	plan_run()      may this playbook run for it now?
 *
 * An episode is one alert (its labels) from when it was first seen firing until it is resolved. It
 * goes on as long as what is said of it is older than what is known: HA pairs of Prometheus move
 * startsAt by seconds, and merging moves it earlier. A startsAt later than all that was received of
 * it is another outage; the end of the one before was never delivered (silenced, inhibited, muted,
 * or the sender lost its state; alertmanager#226).
 */
#ifndef DOMAIN_PLAN_H
#define DOMAIN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/alert.h"
#include "domain/playbook.h"
#include "domain/run.h"

#define PLAN_REASON_MAX 512

/* The one line for every alert of every delivery. Keep in the order of the design's list. */
enum decision {
	DECISION_STARTED,
	DECISION_QUEUED,
	DECISION_DUPLICATE,
	DECISION_REPEAT,
	DECISION_RESOLVED,
	DECISION_COOLDOWN,
	DECISION_LIMITED,
	DECISION_BREAKER_OPEN,
	DECISION_LOCKED,
	DECISION_TOO_MANY_TARGETS,
	DECISION_PAUSED,
	DECISION_MUTED,
	DECISION_TOO_OLD,
	DECISION_DRY_RUN,
	DECISION_AWAITING_APPROVAL,
	DECISION_REJECTED_PARAM,
	DECISION_REJECTED_ALERT,
	DECISION_UNMATCHED,
	DECISION_IGNORED,   /* the configuration says so */
	DECISION_HEARTBEAT, /* an alert that must come, did */
	DECISIONS
};

/* "started", "queued", … */
extern const char *const decision_names[DECISIONS];

/* What is known of the episode of an alert's identity; id 0: none. */
struct plan_episode {
	int64_t id;
	int64_t incident_id;
	int64_t starts_at;  /* the sender's clock */
	int64_t ends_at;    /* the sender's clock; 0 while open */
	int64_t first_seen; /* ours */
	int64_t last_seen;  /* ours */
	int64_t occurrences;
	/*
	 * Did its last delivery come from the same Alertmanager? For an episode that has ended
	 * also: for the same group and receiver, so that the two came one after the other; false
	 * when senders cannot be distinguished.
	 */
	bool same_sender;
	bool same_body;        /* … and with the same bytes? */
	bool same_annotations; /* of an open one: are they as they were? */
};

enum arrival {
	ARRIVAL_NEW,       /* a new episode begins */
	ARRIVAL_REPEAT,    /* the open episode, delivered again */
	ARRIVAL_DUPLICATE, /* the same again: an HA twin, a retry, or older than what is known */
	ARRIVAL_RESOLVES,  /* the open episode ends */
	ARRIVAL_RESOLVED_UNKNOWN, /* the end of an episode that was never seen */
	ARRIVAL_ANEW,             /* the open episode has ended unsaid, and a new one begins */
	ARRIVAL_LATE, /* its episode has ended: it fires unless that is delivered again */
};

/*
 * How long what is late waits: a peer that still tells of an episode that is over tells of its end
 * at its next group_interval (5 minutes by default).
 */
#define PLAN_LATE_MS (6 * 60 * 1000)

/*
 * open: the open episode of the alert's identity; last: the latest that has ended. reason gets
 * PLAN_REASON_MAX bytes; it is "" for ARRIVAL_NEW, unless there is something to say.
 */
enum arrival plan_arrival(const struct alert *alert, const struct plan_episode *open,
		const struct plan_episode *last, int64_t now, char *reason);

/* When the episode ended, by the sender; never after now, so that a wrong clock cannot hide alerts.
 */
int64_t plan_ends_at(const struct alert *alert, int64_t now);

/* A repeat of an alert whose incident was thought mitigated. */
struct plan_look {
	const char *notification_reason; /* "" before Alertmanager 0.32 */
	bool has_verify;                 /* does the playbook have a verify phase? */
	bool busy;                       /* is a run of the target not over? */
	int64_t last_ended_at;           /* of the target's latest run */
	int64_t now;
};

/*
 * Is it time to verify again? When Alertmanager says "repeat interval elapsed", but not before
 * PLAN_LOOK_LEAST_MS: it takes that long to hear that an alert is over. When it gives no reason,
 * PLAN_LOOK_MS after the last run. A repeat never runs the steps again.
 */
#define PLAN_LOOK_LEAST_MS (5 * 60 * 1000)
#define PLAN_LOOK_MS       (30 * 60 * 1000)
bool plan_look_again(const struct plan_look *look);

/* What is known of one playbook and one alert. Runs: id 0 means that there is none. */
struct plan_facts {
	const struct playbook *playbook;
	const char *param_error; /* why the params could not be had; or NULL */
	bool by_hand;         /* an operator asks: an earlier run of the episode does not count */
	bool override_guards; /* an operator overrides the guards; dry_run holds nevertheless */
	int64_t now;
	int64_t starts_at;
	int64_t max_alert_age_ms;  /* 0: any */
	int64_t received_at;       /* of what is replayed: when it was delivered; 0: nothing is */
	int64_t max_replay_age_ms; /* 0: any */
	bool dry_run;              /* global.dry_run */
	const char *approval_step; /* the approve step that the run begins with; NULL: none */
	bool repeats;              /* it is not new: it fires on */
	int64_t episode_run;       /* the run of this episode and playbook; 0: none */
	int64_t target_run; /* the latest of this opening of the incident with the same params … */
	int64_t target_ended_at;  /* … and when it ended; 0: it did not */
	const char *known_status; /* the status of the one that is there */
	int64_t waiting_run; /* one that has not begun, and does the same, for whatever incident */
	const char *waiting_status; /* of waiting_run */
	struct guard_pause pause;
	const struct interval_clock *clocks; /* see guard_intervals(); of the playbook's zones */
	int64_t starts_at_most;              /* global.max_starts_per_hour; 0: any */
	int64_t starts_in_hour;              /* runs of all playbooks, see guard_starts() */
	int64_t other_targets;               /* see guard_targets() */
	int64_t failures;                    /* see guard_breaker() */
	struct guard_run last_failure;
	struct guard_run trial;
	int64_t in_window; /* see guard_limit() */
	int64_t oldest_at;
	struct guard_run last_run; /* the latest of this playbook and target */
};

/* Is there a run then? */
bool plan_makes_run(enum decision decision);
/*
 * Does a firing alert with this decision need an operator? It does when nothing runs for it, and no
 * earlier run did, or will do, what it asks for.
 */
bool plan_needs_operator(enum decision decision);

/*
 * May the playbook run? DECISION_QUEUED or, when an operator must approve first,
 * DECISION_AWAITING_APPROVAL when it may; else what keeps it from running. reason gets
 * PLAN_REASON_MAX bytes.
 */
enum decision plan_run(const struct plan_facts *facts, char *reason);

#endif
