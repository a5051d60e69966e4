/*
 * config - YAML files in, one validated struct config out, or every mistake at once.
 *
 * Calling sequence:
 *   1. config_read() gathers the main file and what its `playbook_files` and `template_files`
 *      globs name, as bytes;
 *   2. config_parse() turns those bytes into a config. It opens nothing but the files of the
 *      time zones that are named, so a role without access to the configuration's can do it too
 *      (the executor sends the core what it read itself).
 *
 * Every mistake goes to the report as "file:line:column: error: …", all of them in one pass.
 *
 * The keys and what they may be are in the tables of src/config/: global.c, interval.c,
 * escalation.c, playbook.c, param.c, step.c, check.c and receiver.c; templates.c reads the
 * templates.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "config/files.h"
#include "domain/escalation.h"
#include "domain/notification_text.h"
#include "domain/playbook.h"
#include "domain/receiver.h"
#include "sys/digest.h"
#include "sys/mistakes.h"

/* A file that a *_file key of a receiver names. */
struct secret_name {
	struct place place; /* of the first that names it */
	const char *path;   /* resolved */
};

struct config {
	struct arena *arena;
	uint8_t hash[DIGEST_SIZE];   /* over all files' bytes, and paths from the main file's folder
				      */
	bool dry_run;                /* global.dry_run: decide and record, run nothing */
	int64_t max_concurrent_runs; /* global, default 4, 1 to 64 */
	int64_t max_alert_age_ms;    /* global, default 0 = any age */
	int64_t max_replay_age_ms;   /* global, default 7d; 0 = any age */
	int64_t max_starts_per_hour; /* global, 0 = any number */
	int64_t reopen_within_ms;    /* global, default 10m */
	bool unmatched_incident;     /* global.unmatched: incident (default) or ignore */
	struct playbook *playbooks;
	size_t playbooks_len;
	struct check *checks;
	size_t checks_len;
	struct receiver *receivers;
	size_t receivers_len;
	struct secret_name *secrets; /* what secrets_read() reads */
	size_t secrets_len;
	struct interval *intervals;
	size_t intervals_len;
	const char **zones; /* of the intervals, each once: the positions that periods call clock */
	size_t zones_len;
	struct escalation escalation;
	const char *templates[TEMPLATE_KINDS]; /* never NULL */
};

/*
 * Validate and build. Copies all of files. Returns NULL, with ERR_INPUT ("2 mistakes in the
 * configuration") and every mistake in report. Caller frees with config_free().
 */
struct config *config_parse(const struct config_files *files, struct buf *report, struct err *err);
/* The same for a caller who has mistakes of its own: what is returned is whole only when none were
 * added. Never NULL. Borrows files' paths until mistakes_clear(). */
struct config *config_build(const struct config_files *files, struct mistakes *mistakes);
/* Tell all mistakes, when there are any: -1 with ERR_INPUT then, else 0. */
int config_report(struct mistakes *mistakes, struct buf *report, struct err *err);
/* NULL is a no-op. */
void config_free(struct config *config);

/* NULL when there is none of that name. */
const struct playbook *config_playbook(const struct config *config, const char *name);
const struct check *config_check(const struct config *config, const char *name);
const struct receiver *config_receiver(const struct config *config, const char *name);

#endif
