/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postmortem - the post-incident log of an incident: gathers the facts for domain/report.
 */
#ifndef CORE_POSTMORTEM_H
#define CORE_POSTMORTEM_H

#include "base/err.h"
#include "core/api/reply.h"

/* GET /api/v1/incidents/{id}/postmortem.md. -1 when the store failed. */
int postmortem_show(struct reply *reply, struct err *err);

#endif
