/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - look once whether a check passes, and say in words what was found.
 *
 *	"200 OK"                          "status 502, expected 200"
 *	"connected"                       "connect to localhost:3001: Connection refused"
 *	"the answer is not JSON"          "timed out after 3s"
 *
 * Every probe is reported exactly once through done(), one that cannot be started too, unless
 * probes_cancel() came before. At most PROBES_MAX run at once; one more fails.
 */
#ifndef EGRESS_PROBE_H
#define EGRESS_PROBE_H

#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"
#include "wire/message.h"

#define PROBES_MAX 256

struct probes;

/* result is valid during the call; may be called from within probes_start(). */
typedef void (*probe_done_fn)(void *arg, const struct msg_probed *result);

/* Borrows loop until probes_free(). ERR_IO. */
struct probes *probes_new(struct loop *loop, probe_done_fn done, void *arg, struct err *err);
/* NULL is a no-op. */
void probes_free(struct probes *probes);

/* Copies what it needs of probe. */
void probes_start(struct probes *probes, const struct msg_probe *probe);
/* Forget all that run. */
void probes_cancel(struct probes *probes);
/* The owner's tick calls it every turn. Returns in how many ms it wants to be called again, or -1.
 */
int64_t probes_tick(struct probes *probes);

#endif
