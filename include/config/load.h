/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load - YAML files in, one validated struct config out, or every mistake at once.
 *
 * Calling sequence:
 *   1. load_files() reads the main file and what its `playbook_files` and `template_files` globs
 *      name, as bytes;
 *   2. load_config() makes a config of those bytes. It opens nothing but the files of the time
 *      zones that are named, so a role that cannot read the configuration's files can do it too
 *      (the executor sends the core what it read itself).
 *
 * Every mistake goes to the report as "file:line:column: error: …", all of them in one pass.
 *
 * The keys and their values are in the tables of load.c and of src/config/load_*.c, a file for each
 * section; load_templates.c reads the templates.
 */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "config/files.h"

/*
 * Read all files. Returns 0, or -1: ERR_NOT_FOUND, ERR_IO or ERR_INPUT when path itself cannot be
 * used; or ERR_INPUT ("2 mistakes in the configuration") when a file that it names cannot, with
 * every mistake in report, a line each, those of load_config() included. Caller frees with
 * files_clear(), on success only.
 */
int load_files(const char *path, struct config_files *ret_files, struct buf *report,
		struct err *err);

/*
 * Validate and build. Copies all of files. Returns NULL, with ERR_INPUT ("2 mistakes in the
 * configuration") and every mistake in report. Caller frees with config_free().
 */
struct config *load_config(const struct config_files *files, struct buf *report, struct err *err);

#endif
