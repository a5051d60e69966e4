/*
 * prober - looks at the checks that have an interval, again and again, and remembers how each is.
 *
 * URLs and ports are asked of egress, programs of the executor; one look at a time for each check,
 * PROBER_EGRESS_MAX and PROBER_COMMANDS_MAX in all, so that steps that look find room. The first
 * looks are spread over PROBER_SPREAD_MS (or the interval, when that is shorter), and stay spread.
 * Due times are of the clock that is never set: what was missed is not made up for.
 *
 * What is written down: another status, PROBER_CHANGE_MS after it was seen at the latest, so that
 * many that change together share a transaction; everything else (when it was last looked at)
 * every PROBER_SAVE_MS. So a look does not cost a write. While there is no room on the disk nothing
 * is written, and all is known still.
 *
 * Neither the kill switch nor a dry run stops it: it only looks.
 */
#ifndef CORE_PROBER_H
#define CORE_PROBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/check.h"
#include "store/checks.h"
#include "wire/message.h"

#define PROBER_EGRESS_MAX   128
#define PROBER_COMMANDS_MAX 8
#define PROBER_SPREAD_MS    10000
#define PROBER_GRAIN_MS     20 /* what is due within is asked for together */
#define PROBER_CHANGE_MS    250
#define PROBER_SAVE_MS      60000
#define PROBER_MARGIN_MS    5000 /* who was asked is given up this long after the check's timeout */
/* The same for a program, which is ended first. */
#define PROBER_COMMAND_MARGIN_MS 20000

struct core;

/* One check that has an interval. */
struct watch {
	const struct check *check; /* of the configuration in force */
	uint8_t definition[DIGEST_SIZE];
	uint8_t status; /* enum check_status */
	int64_t since;  /* wall, as are the next two */
	int64_t last_at;
	int64_t last_error_at;
	char *last_error; /* NULL: it never failed */
	int64_t duration_ms;
	int64_t due_ms;    /* mono */
	uint64_t probe_id; /* in flight; 0: none */
	int64_t asked_ms;  /* mono */
	bool unsaved;      /* the store does not know all of it */
	bool changed;      /* nor its status */
};

struct prober {
	struct watch *items;
	size_t len;
	size_t in_flight[2]; /* of egress, of the executor */
	int64_t next_ms;     /* mono: nothing is due before */
	int64_t looked_ms;   /* mono: what was due was done */
	bool waits;          /* something is due, and finds no room */
	size_t first;        /* the first of those, whose turn is next */
	int64_t change_ms;   /* mono: a status is to be saved; 0: none */
	int64_t save_ms;     /* mono: all is to be saved; 0: nothing */
	bool configured;     /* what the store knows is known */
};

void prober_clear(struct core *core);

/*
 * Another configuration is in force, the one before is still there. What was known of a check stays
 * as long as it means the same; the rows of others go. The first time it is read from the store.
 */
int prober_configure(struct core *core, struct err *err);

/* Do what is due. Returns ms until the next is; -2 with err when the store failed. */
int64_t prober_tick(struct core *core, struct err *err);

/* An answer of egress or the executor; of a look that nobody waits for (any more) it is dropped. */
void prober_probed(struct core *core, const struct msg_probed *msg);
/* Egress is new: what the old one was asked is asked again. */
void prober_egress_new(struct core *core);

/* The watch of the check of that name, or NULL. */
const struct watch *prober_find(const struct core *core, const char *name);

/* The change that gave watch its status. Text is borrowed. */
struct check_change prober_change(const struct watch *watch);

/* Ask egress to look at check, at url when it is HTTP. */
void prober_ask_egress(struct core *core, uint64_t id, const struct check *check, const char *url);

#endif
