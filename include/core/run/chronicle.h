/*
 * chronicle - what the core itself does becomes entries of the incident's timeline, in a few words.
 *
 * What people do is told by who does it for them: core/people, core/review.
 */
#ifndef CORE_CHRONICLE_H
#define CORE_CHRONICLE_H

#include <stdint.h>

#include "base/err.h"
#include "domain/alert.h"
#include "store/incidents.h"
#include "store/timeline.h"

struct active;
struct core;
struct run_request;

/* An alert of an incident begins to fire, or ends. */
struct chronicle_alert {
	int64_t incident_id;
	const struct incident_facts *before; /* the incident; id 0: it was not there */
	const struct alert *alert;
	int64_t now;
};

int chronicle_fires(struct core *core, const struct chronicle_alert *told, struct err *err);
int chronicle_ends(struct core *core, const struct chronicle_alert *told, struct err *err);
/* A run is added to the queue. */
int chronicle_queued(struct core *core, const struct run_request *request, int64_t run_id,
		struct err *err);
/* A run is over. */
int chronicle_ended(struct core *core, const struct active *active, struct err *err);
/* The incident is moved, or calls for a person, because of a run. */
int chronicle_moved(struct core *core, const struct active *active, enum timeline_kind kind,
		const char *why, struct err *err);
/* A receiver was told, or never will be: the outbox's row of that id has ended. */
int chronicle_told(struct core *core, int64_t notice_id, struct err *err);

#endif
