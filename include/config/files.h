/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files - the files of the configuration, as bytes.
 *
 * Limits: CONFIG_FILE_MAX bytes a file, CONFIG_TOTAL_MAX in all, CONFIG_FILES_MAX files. A file
 * must be a regular file, not a link, and not writable by group or others.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "sys/mistakes.h"

#define CONFIG_FILE_MAX  (1024 * 1024)
#define CONFIG_TOTAL_MAX (8 * 1024 * 1024)
#define CONFIG_FILES_MAX 256

enum config_kind { CONFIG_YAML, CONFIG_TEMPLATE, CONFIG_KINDS };

struct config_file {
	const char *path; /* as it is named in messages */
	const char *text;
	uint32_t len;
	uint8_t kind; /* enum config_kind */
};

/* Zeroed is empty. The first file is the main one. */
struct config_files {
	struct arena *arena;
	struct config_file *items;
	size_t len;
	size_t cap;
};

/*
 * Read path and the files that its playbook_files and template_files globs name (relative to its
 * folder, in the order of the lists, each sorted). A glob that matches nothing is fine, a plain
 * name that is not there is not. Files that cannot be used are added to mistakes, and left out.
 * Returns 0, or -1 when path itself cannot be used: ERR_NOT_FOUND, ERR_IO, ERR_LIMIT or ERR_INPUT.
 * Caller frees with files_clear(), on success only, after mistakes.
 */
int files_read(const char *path, struct config_files *ret_files, struct mistakes *mistakes,
		struct err *err);
void files_clear(struct config_files *files);

struct config_file_rules {
	size_t max;  /* bytes */
	bool secret; /* others may not read it */
};

/* Append the file to out. ERR_NOT_FOUND, ERR_IO, ERR_LIMIT, ERR_INPUT. */
int files_read_one(const char *path, const struct config_file_rules *rules, struct buf *out,
		struct err *err);

/* The length of the folder that path begins with, its slash included; 0 when there is none. */
size_t files_folder_len(const char *path);

#endif
