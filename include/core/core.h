/*
 * core - the role that decides and remembers: the only one that touches the database.
 *
 * One struct owns everything in the process; the rooms of core/ work on it:
 *
 *	receive   the answer to a delivery
 *	intake    a delivery becomes decisions, incidents and queued runs     (C1)
 *	runner    queued runs become steps, steps become results              (C2 to C5)
 *	approvals what waits for a person; approve: what people say and see of it
 *	prober    looks at the checks in the background
 *	pause     the kill switch
 *	clocks    the time now in the zones of time intervals
 *	manual    what people start and cancel; replay: an incident's playbook once more
 *	attention a person is needed; escalator: who is called, with round, calls and correlation
 *	notice    what people are told, in words; outbox: on its way to them
 *	people    what people say of an incident; review: follow-ups and checklist
 *	chronicle what the core does, in the timelines of incidents
 *	recovery  what was running when the last core ended                   (at start)
 *	orphans   folders of runs that the store does not know of             (at start)
 *	api       answers to reads and orders
 *	order     each order once, and written down; audit: the chain of them
 *	hindsight timelines and sums; postmortem: the post-incident log
 *	metrics   what Prometheus asks for
 *
 *	space     is there room on the disk? the ballast
 *
 * A failure of the store ends the role: its parent starts it again, and recovery finds out what is
 * on the disk. There is no other way out of such a failure. A store that can never be used (it is
 * not ours, it is newer than we are, it is damaged) ends the role with ROLE_EXIT_HOPELESS.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "core/checks/prober.h"
#include "core/escalate/escalator.h"
#include "core/notify/outbox.h"
#include "core/run/answers.h"
#include "core/run/runner.h"
#include "core/run/unknown_runs.h"
#include "core/state/audit_chain.h"
#include "core/state/clocks.h"
#include "core/state/pause.h"
#include "core/state/turn.h"
#include "core/storage/disk_space.h"
#include "core/storage/janitor.h"
#include "domain/escalation.h"
#include "domain/plan.h"
#include "domain/run.h"
#include "store/notices.h"
#include "sys/channel.h"
#include "sys/db.h"
#include "sys/loop.h"
#include "wire/message.h"

/* A configuration and how many runs still follow it; the newest is in force. */
struct generation {
	struct generation *older;
	struct config *config;
	unsigned refs;
};

/* Counted since the process began. */
struct counters {
	uint64_t deliveries;
	uint64_t replays;
	uint64_t truncated_alerts;
	uint64_t alerts[ALERT_STATUSES];
	uint64_t decisions[DECISIONS];
	uint64_t commits;
	uint64_t calls[ESCALATION_LEVELS]; /* of each level */
	struct run_counter {
		char *playbook;
		uint64_t ended[RUN_STATUSES];
	} * runs;
	size_t runs_len;
	size_t runs_cap;
	struct notice_counter {
		char *receiver;
		uint64_t ended[NOTICE_STATUSES];
	} * notices;
	size_t notices_len;
	size_t notices_cap;
};

/* What the executor last told about the daemon. */
struct daemon_state {
	struct role_state roles[ROLES];
	size_t roles_len;
	int64_t started_at;
	int64_t config_loaded_at;
	bool config_ok;
	char *config_path;
};

struct core {
	struct loop *loop;
	struct channel *control; /* to the executor */
	struct channel *front;   /* NULL while there is none, as is egress */
	struct channel *egress;
	char *storage_path;
	char *external_url; /* under which people reach us; "" when nobody said */
	int storage_fd;
	struct space space;
	struct db *db;
	struct turn turn;
	struct generation *generations; /* the newest first; NULL before the first */
	struct pause pause;
	struct clocks clocks;
	struct runner runner;
	struct approvals approvals;
	struct prober prober;
	struct orphans orphans;
	struct janitor janitor;
	struct audit_newest newest_order;
	struct outbox outbox;
	struct escalator escalator;
	struct counters counters;
	struct daemon_state daemon;
	bool failed; /* the store failed: end without another commit */
};

/*
 * Run the role on the control channel control_fd until the parent is gone. Returns the process's
 * exit status. Descriptor 4 holds the lock of the storage directory and stays open.
 */
int core_main(int control_fd);

/* Free and close all that core has. What was not committed is lost, as by kill -9. */
void core_clear(struct core *core);

/* The configuration in force. */
const struct config *core_config(const struct core *core);

/* The store failed: log it, commit nothing more and end the role. */
void core_fail(struct core *core, const struct err *err);

#endif
