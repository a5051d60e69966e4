/*
 * audit - each order that was carried out is written down with what it changed, in a chain that
 * nobody can bend unseen (store/audits.h). Its hash is logged, too: a log that is kept elsewhere
 * knows what the end of the chain has to be.
 */
#ifndef CORE_AUDIT_CHAIN_H
#define CORE_AUDIT_CHAIN_H

#include <stdint.h>

#include "base/err.h"
#include "base/jsonw.h"
#include "core/api/reply.h"
#include "domain/label.h"
#include "sys/digest.h"

struct core;

#define AUDIT_VALUE_MAX 1024 /* bytes of one argument that are kept */

/* Who ordered what. */
struct audit_order {
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
int audit_load(struct core *core, struct err *err);
/* Needs the turn's transaction. */
int audit_add(struct core *core, const struct audit_order *order, struct err *err);

/* The configuration in force was read again, as `by` asked. */
int audit_reload(struct core *core, const char *by, struct err *err);

/* GET /api/v1/audit */
int audit_show(struct reply *reply, struct err *err);
/* As member `audit`: {"newest":12,"hash":"…"}; null: there is none. */
void audit_write(struct jsonw *w, const struct core *core);

#endif
