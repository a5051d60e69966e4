/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options - the command line, by one table that also prints --help.
 *
 * "--flag=value" and "--flag value" mean the same. What is not a flag is an argument; "--" ends the
 * flags.
 */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/strv.h"

struct options {
	const char *config_file; /* NULL: see options_config_file() */
	const char *storage_path;
	const char *min_free;  /* a size */
	const char *retention; /* a duration */
	const char *external_url;
	const char *log_level;
	const char *log_format;
	const char *role; /* hidden: what this process is; NULL the executor */
	bool render;
	bool version;
	bool help;
	struct strv listen; /* one address at least */
	struct strv args;   /* what is not a flag */
};

/* Fill ret_options from argv, from which it borrows. ERR_INPUT: one sentence. Caller clears, on
 * failure too. */
int options_parse(char *const *argv, struct options *ret_options, struct err *err);
void options_clear(struct options *options);

/* What --config.file says, or the default that is there. */
const char *options_config_file(const struct options *options);

void options_help(FILE *out);

#endif
