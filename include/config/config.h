/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config - the configuration in force: what the files say, and looking it up by name.
 *
 * load.h makes one. It does not change after that.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "domain/check.h"
#include "domain/escalation.h"
#include "domain/heartbeat.h"
#include "domain/ignore.h"
#include "domain/interval.h"
#include "domain/notification_text.h"
#include "domain/playbook.h"
#include "domain/receiver.h"
#include "domain/upstream.h"
#include "sys/digest.h"
#include "sys/mistakes.h"

/* A file that a *_file key of a receiver or an Alertmanager names. */
struct secret_name {
	struct place place; /* of the first that names it */
	const char *path;   /* resolved */
};

struct config {
	struct arena *arena;
	/* over all files' bytes, and their paths from the main file's folder */
	uint8_t hash[DIGEST_SIZE];
	bool dry_run;                /* global.dry_run: decide and record, run nothing */
	int64_t max_concurrent_runs; /* global, default 4, 1 to 64 */
	int64_t max_alert_age_ms;    /* global, default 0 = any age */
	int64_t max_replay_age_ms;   /* global, default 7d; 0 = any age */
	int64_t max_starts_per_hour; /* global, 0 = any number */
	int64_t reopen_within_ms;    /* global, default 10m */
	int64_t stale_after_ms;      /* global, default 0 = automatic, see upstream_is_stale() */
	bool unmatched_incident;     /* global.unmatched: incident (default) or ignore */
	/* global.group_by, of unmatched alerts and of playbooks without one; default_group_by */
	const char *const *group_by;
	struct ignore ignore; /* ignore; ignore_default() when it is absent */
	struct heartbeat *heartbeats;
	size_t heartbeats_len;
	struct playbook *playbooks;
	size_t playbooks_len;
	struct check *checks;
	size_t checks_len;
	struct receiver *receivers;
	size_t receivers_len;
	struct alertmanager *alertmanagers;
	size_t alertmanagers_len;
	struct secret_name *secrets; /* what secrets_read() reads */
	size_t secrets_len;
	struct interval *intervals;
	size_t intervals_len;
	const char **zones; /* of the intervals, each once: the positions that periods call clock */
	size_t zones_len;
	struct escalation escalation;
	const char *templates[TEMPLATE_KINDS]; /* never NULL */
};

/* NULL is a no-op. */
void config_free(struct config *config);

/* NULL when there is none of that name. */
const struct playbook *config_playbook(const struct config *config, const char *name);
const struct check *config_check(const struct config *config, const char *name);
const struct receiver *config_receiver(const struct config *config, const char *name);
const struct interval *config_interval(const struct config *config, const char *name);

#endif
