/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_playbooks - the playbooks in force.
 */
#ifndef CORE_READ_PLAYBOOKS_H
#define CORE_READ_PLAYBOOKS_H

#include "base/err.h"
#include "core/api/reply.h"
#include "domain/matcher.h"

/* GET /api/v1/playbooks */
int read_playbooks(struct reply *reply, struct err *err);

/* One matcher, as its noun has it. */
void read_playbooks_matcher(struct jsonw *w, const struct matcher *matcher);

#endif
