/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader - what is known while the files of a configuration are read, and what was found in them
 * so far.
 *
 * load.c owns the one that there is; the load_*.c, one for each section, add to it.
 */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include <stddef.h>

#include "base/mem.h"
#include "config/config.h"
#include "domain/playbook.h"
#include "sys/mistakes.h"

/* A `check:` that names a check, to be looked up when all files are read. */
struct check_name {
	struct place place;
	const char *name;
	const struct param *params; /* of the playbook that names it */
	size_t params_len;
};

/* Everything in it lives in arena, or on the heap until loader_finish(). */
struct loader {
	struct arena *arena;
	struct mistakes *mistakes;
	struct config *config;
	struct labels vars;              /* constants, as they are written */
	const struct playbook *playbook; /* the one being read: its params may be named; or NULL */

	struct playbook *playbooks;
	struct place *playbook_places;
	size_t playbooks_len, playbooks_cap, playbook_places_cap;
	struct check *checks;
	struct place *check_places;
	size_t checks_len, checks_cap, check_places_cap;
	struct check_name *names;
	size_t names_len, names_cap;
	struct secret_name *secrets;
	size_t secrets_len, secrets_cap;
};

/* Each copies what it is given; place is where the name stands. */
void loader_add_playbook(
		struct loader *loader, const struct playbook *playbook, const struct place *place);
void loader_add_check(struct loader *loader, const struct check *check, const struct place *place);
void loader_add_check_name(struct loader *loader, const struct check_name *name);
void loader_add_secret(struct loader *loader, const struct secret_name *secret);

/* All files are read: copy what was found into loader->config. */
void loader_finish(struct loader *loader);
/* Free what is on the heap; the configuration stays. */
void loader_clear(struct loader *loader);

#endif
