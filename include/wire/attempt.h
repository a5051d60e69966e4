/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt - what a shim leaves in its folder for the core: a message through the disk.
 *
 *	STORAGE/runs/RUN/STEP.ATTEMPT/lock      held (flock) by the shim while it lives
 *	                              cancel    a FIFO while it lives: a byte in it ends the step
 *	                              output    what the step wrote, head and tail
 *	                              stdin     what the step reads, when it reads something
 *	                              status    how it ended; written tmp, fsync, rename
 *
 * The executor makes the folder with mkdir: that it is there says that this attempt was started
 * once. The output file holds the first OUTPUT_HEAD bytes, and behind them a ring of OUTPUT_TAIL
 * bytes; byte n of the output stands at n while n < OUTPUT_HEAD, else at
 * OUTPUT_HEAD + (n - OUTPUT_HEAD) % OUTPUT_TAIL. So up to OUTPUT_HEAD + OUTPUT_TAIL bytes the file
 * simply is the output.
 *
 * The status file is these "key=value" lines, all of them, in this order; at most
 * ATTEMPT_STATUS_MAX bytes:
 *
 *	result=exited            not_started, exited, signaled, timed_out, canceled, exec_failed
 *	exit_code=0
 *	signal=0
 *	errno=0                  of exec_failed
 *	started_at=1763851200000 wall ms, when the step was started
 *	finished_at=1763851201000
 *	output_bytes=1234        all that was written, kept or not
 *	what=docker              exec_failed: what could not be done or found; else empty
 */
#ifndef WIRE_ATTEMPT_H
#define WIRE_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/message.h"

#define OUTPUT_HEAD          (64 * 1024)
#define OUTPUT_TAIL          (192 * 1024)
#define ATTEMPT_STATUS_MAX   512
#define ATTEMPT_WHAT_MAX     128
#define ATTEMPT_DIR_TEXT_MAX 64

enum attempt_result {
	ATTEMPT_NOT_STARTED, /* it certainly did not run: the word go never came; or, with sys_errno
				and what, there was no process or descriptor for it */
	ATTEMPT_EXITED,
	ATTEMPT_SIGNALED,
	ATTEMPT_TIMED_OUT,   /* ended by the deadline */
	ATTEMPT_CANCELED,    /* ended because somebody said so */
	ATTEMPT_EXEC_FAILED, /* see sys_errno and what */
	ATTEMPT_RESULTS
};

extern const char *const attempt_result_names[ATTEMPT_RESULTS];

struct attempt_status {
	uint8_t result; /* enum attempt_result */
	int exit_code;
	int signal;
	int sys_errno;
	int64_t started_at;
	int64_t finished_at;
	uint64_t output_bytes;
	char what[ATTEMPT_WHAT_MAX];
};

/* "runs/RUN/STEP.ATTEMPT" below the storage directory; text has ATTEMPT_DIR_TEXT_MAX. */
const char *attempt_dir(const struct attempt_id *id, char *text);

/*
 * Append the text of a status file; never longer than ATTEMPT_STATUS_MAX. Control characters in
 * what become '?'.
 */
void attempt_status_format(const struct attempt_status *status, struct buf *out);
/* Strict: unknown, missing, repeated, moved or out-of-range lines are ERR_INPUT. */
int attempt_status_parse(const char *text, size_t len, struct attempt_status *ret, struct err *err);

enum attempt_state {
	ATTEMPT_ABSENT,  /* no folder: it was never started */
	ATTEMPT_ALIVE,   /* the lock is held */
	ATTEMPT_ENDED,   /* there is a status */
	ATTEMPT_VANISHED /* the lock is free and there is no status: interrupted */
};

/*
 * Look at the folder below the storage directory's descriptor. ret_status is set for ENDED. On -1
 * nothing is known: ERR_IO, or ERR_INPUT for a status that makes no sense.
 */
int attempt_look(int storage_fd, const struct attempt_id *id, enum attempt_state *ret_state,
		struct attempt_status *ret_status, struct err *err);

/* For the output of an attempt without a status: the ring comes as it lies. */
#define OUTPUT_TOTAL_UNKNOWN UINT64_MAX

/* When at most OUTPUT_HEAD + OUTPUT_TAIL bytes were written, head and tail are all of them. */
struct attempt_output {
	struct buf head; /* the first OUTPUT_HEAD bytes */
	struct buf tail; /* what was kept of those after them, in order; at most OUTPUT_TAIL */
};

/*
 * Read what was kept of total bytes of output. A missing file gives empty output, one that was cut
 * (a full disk) gives what is there. Caller clears both buffers, after -1 too.
 */
int attempt_output_read(int storage_fd, const struct attempt_id *id, uint64_t total,
		struct attempt_output *ret, struct err *err);

/* Take the layout of an output file apart, which holds what was kept of total bytes. Appends to
 * both buffers of ret. */
void attempt_output_unroll(const struct buf *kept, uint64_t total, struct attempt_output *ret);

/*
 * Tell the shim of an attempt that has its GO, whoever started it, to end the step. False when no
 * shim listens: the attempt is over, or never was.
 */
bool attempt_cancel(int storage_fd, const struct attempt_id *id);

/* Remove output and stdin, once they are in the store; lock and status stay. */
void attempt_forget_output(int storage_fd, const struct attempt_id *id);

#endif
