/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_runs - runs, one run with its steps, and the output of a step.
 */
#ifndef CORE_READ_RUNS_H
#define CORE_READ_RUNS_H

#include <stdint.h>

#include "base/err.h"
#include "core/api/reply.h"

/* All return -1 when the store failed. */

/* GET /api/v1/runs */
int read_runs(struct reply *reply, struct err *err);
/* GET /api/v1/runs/{id} */
int read_run(struct reply *reply, struct err *err);
/* GET /api/v1/runs/{id}/steps/{n}/output */
int read_run_output(struct reply *reply, struct err *err);

/* Write the run as an object named key (NULL: the answer itself), with its params. */
int read_run_object(struct reply *reply, const char *key, int64_t run_id, struct err *err);

#endif
