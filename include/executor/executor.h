/* SPDX-License-Identifier: Apache-2.0 */
/*
 * executor - the parent of all: owns the configuration, starts roles and steps, and nothing else
 * may.
 *
 * Order at start: configuration, storage, sockets, roles; anything wrong until then is one sentence
 * on standard error and an exit status. SIGHUP reloads, SIGTERM and SIGINT end it: the front stops
 * accepting, the core finishes, steps go on in their shims for the next start to adopt.
 */
#ifndef EXECUTOR_EXECUTOR_H
#define EXECUTOR_EXECUTOR_H

#include <stdint.h>

#include "base/strv.h"

#define EXECUTOR_LISTEN_MAX 16

struct executor_options {
	const char *program; /* what roles execute: "/proc/self/exe" */
	const char *config_path;
	const char *storage_path;
	const struct strv *listen; /* addresses, 1 to EXECUTOR_LISTEN_MAX */
	const char *external_url;  /* "" when not given */
	const char *log_level;     /* handed on to the roles */
	const char *log_format;
	int64_t retention_ms;
	int64_t min_free; /* bytes on the storage's disk; with less it refuses deliveries */
};

/* Run until asked to end. Borrows options. Returns the process's exit status. */
int executor_main(const struct executor_options *options);

#endif
