/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_chain - each command that was carried out is written down with what it changed, in a chain
 * that nobody can bend unseen (store/audits.h). Its hash is logged, too: a log that is kept
 * elsewhere knows what the end of the chain has to be.
 */
#ifndef CORE_AUDIT_CHAIN_H
#define CORE_AUDIT_CHAIN_H

#include <stdint.h>

#include "base/err.h"
#include "domain/label.h"
#include "sys/digest.h"

struct ground;

#define AUDIT_CHAIN_VALUE_MAX 1024 /* bytes of one argument that are kept */

/* Who did what. */
struct audit_entry {
	const char *principal;
	const char *action;
	const char *object;
	const struct labels *args; /* as they were given; NULL: none */
};

/* The newest row: what /api/v1/status says of the chain, also when the store cannot be read. */
struct audit_newest {
	int64_t id; /* 0: there is none */
	uint8_t hash[DIGEST_SIZE];
};

/* Take over what the store says. */
int audit_chain_load(struct ground *ground, struct err *err);
/* Needs the turn's transaction. */
int audit_chain_add(struct ground *ground, const struct audit_entry *entry, struct err *err);
/* The configuration in force was read again, as `by` asked. */
int audit_chain_reload(struct ground *ground, const char *by, struct err *err);

#endif
