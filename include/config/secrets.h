/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets - what the *_file keys of receivers and Alertmanagers name, read from those files.
 *
 * Only the executor does it (and the commands that stand in for it), when it loads a configuration;
 * egress gets what came of it, and nobody else.
 *
 * A file is regular, no link, and not writable by group or others; what is secret (all but CA
 * certificates) is not readable by others either. A secret is one line without control characters,
 * of at most SECRET_MAX bytes; white space around it does not count.
 */
#ifndef CONFIG_SECRETS_H
#define CONFIG_SECRETS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "config/config.h"

#define SECRET_MAX        4096
#define SECRETS_CA_MAX    (512 * 1024)
#define SECRETS_TOTAL_MAX (8 * 1024 * 1024)

/* The configuration's receivers and Alertmanagers, whole: url, credentials, password and ca of each
 * endpoint. */
struct secrets {
	struct arena *arena;
	struct receiver *receivers;
	size_t receivers_len;
	struct alertmanager *alertmanagers;
	size_t alertmanagers_len;
};

/*
 * Read all of them. Returns 0, or -1 with ERR_INPUT and every mistake in report, at the place where
 * the file is named; a secret never stands in it. Borrows config. Caller frees with
 * secrets_clear().
 */
int secrets_read(const struct config *config, struct secrets *ret_secrets, struct buf *report,
		struct err *err);
/* Empty and usable after. */
void secrets_clear(struct secrets *secrets);

#endif
