/*
 * config - YAML files in, one validated struct config out, or every mistake at once.
 *
 * Calling sequence:
 *   1. config_read() gathers the main file and what its `playbook_files` globs name, as bytes;
 *   2. config_parse() turns those bytes into a config. It opens nothing, so a role without access
 *      to files can do it too (the executor sends the core what it read itself).
 *
 * Every mistake goes to the report as "file:line:column: error: …", all of them in one pass.
 *
 * Limits: CONFIG_FILE_MAX bytes a file, CONFIG_FILES_MAX files. A file must be a regular file, and
 * not writable by group or others.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "domain/playbook.h"
#include "sys/digest.h"

#define CONFIG_FILE_MAX  (1024 * 1024)
#define CONFIG_FILES_MAX 256

struct config_file {
	const char *path; /* as it is named in messages */
	const char *text;
	uint32_t len;
};

/* Zeroed is empty. The first file is the main one. */
struct config_files {
	struct arena *arena;
	struct config_file *items;
	size_t len;
	size_t cap;
};

struct config {
	struct arena *arena;
	uint8_t hash[DIGEST_SIZE];   /* over all files' paths and bytes */
	bool dry_run;                /* global.dry_run: decide and record, run nothing */
	int64_t max_concurrent_runs; /* global, default 4, 1 to 64 */
	int64_t max_alert_age_ms;    /* global, 0 = any age */
	int64_t reopen_within_ms;    /* global, default 10m */
	bool unmatched_incident;     /* global.unmatched: incident (default) or ignore */
	struct playbook *playbooks;
	size_t playbooks_len;
	struct check *checks;
	size_t checks_len;
};

/*
 * Read path and the files that its playbook_files globs name (relative to its folder, sorted).
 * Mistakes are appended to report, a line each. Returns 0, or -1 with ERR_INPUT ("2 mistakes in
 * the configuration") or ERR_IO. Caller frees with config_files_clear().
 */
int config_read(const char *path, struct config_files *ret_files, struct buf *report,
		struct err *err);
void config_files_clear(struct config_files *files);

/* Validate and build. Copies all of files. Returns NULL with every mistake in report. Caller frees
 * with config_free(). */
struct config *config_parse(const struct config_files *files, struct buf *report, struct err *err);
/* NULL is a no-op. */
void config_free(struct config *config);

/* NULL when there is none of that name. */
const struct playbook *config_playbook(const struct config *config, const char *name);
const struct check *config_check(const struct config *config, const char *name);

#endif
