/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

#define WALL_MS_MAX INT64_C(253402300799999) /* the year 9999 */

const char *const attempt_result_names[ATTEMPT_RESULTS] = {
	[ATTEMPT_NOT_STARTED] = "not_started",
	[ATTEMPT_EXITED] = "exited",
	[ATTEMPT_SIGNALED] = "signaled",
	[ATTEMPT_TIMED_OUT] = "timed_out",
	[ATTEMPT_CANCELED] = "canceled",
	[ATTEMPT_EXEC_FAILED] = "exec_failed",
};

const char *attempt_dir(const struct attempt_id *id, char *text)
{
	snprintf(text, ATTEMPT_DIR_TEXT_MAX, "runs/%" PRIu64 "/%" PRIu32 ".%" PRIu32, id->run,
			id->step, id->attempt);
	return text;
}

/* The status file */

void attempt_status_format(const struct attempt_status *status, struct buf *out)
{
	size_t what_len = strnlen(status->what, sizeof(status->what) - 1);

	buf_addf(out, "result=%s\n", attempt_result_names[status->result]);
	buf_addf(out, "exit_code=%d\n", status->exit_code);
	buf_addf(out, "signal=%d\n", status->signal);
	buf_addf(out, "errno=%d\n", status->sys_errno);
	buf_addf(out, "started_at=%" PRId64 "\n", status->started_at);
	buf_addf(out, "finished_at=%" PRId64 "\n", status->finished_at);
	buf_addf(out, "output_bytes=%" PRIu64 "\n", status->output_bytes);
	buf_adds(out, "what=");
	for (size_t i = 0; i < what_len; i++) {
		unsigned char c = (unsigned char)status->what[i];

		buf_addch(out, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
	buf_addch(out, '\n');
}

/* One line's value; text is a copy with a NUL. Returns 0, or -1 when it is not allowed. */
typedef int (*value_fn)(const char *text, size_t len, int64_t max, struct attempt_status *ret);

/* Digits only, without a zero in front: one number has one spelling. */
static int parse_number(const char *text, size_t len, int64_t max, int64_t *ret)
{
	int64_t value = 0;

	if (len == 0 || (text[0] == '0' && len > 1)) {
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
				__builtin_add_overflow(value, text[i] - '0', &value)) {
			return -1;
		}
	}
	*ret = value;
	return value <= max ? 0 : -1;
}

static int parse_result(const char *text, size_t len, int64_t max, struct attempt_status *ret)
{
	for (uint8_t i = 0; i < max; i++) {
		if (strlen(attempt_result_names[i]) == len &&
				!memcmp(attempt_result_names[i], text, len)) {
			ret->result = i;
			return 0;
		}
	}
	return -1;
}

#define PARSE_MEMBER(member)                                                                   \
	static int parse_##member(                                                             \
			const char *text, size_t len, int64_t max, struct attempt_status *ret) \
	{                                                                                      \
		int64_t value;                                                                 \
                                                                                               \
		if (parse_number(text, len, max, &value) < 0) {                                \
			return -1;                                                             \
		}                                                                              \
		ret->member = (__typeof__(ret->member))value;                                  \
		return 0;                                                                      \
	}

PARSE_MEMBER(exit_code)
PARSE_MEMBER(signal)
PARSE_MEMBER(sys_errno)
PARSE_MEMBER(started_at)
PARSE_MEMBER(finished_at)
PARSE_MEMBER(output_bytes)

static int parse_what(const char *text, size_t len, int64_t max, struct attempt_status *ret)
{
	if ((int64_t)len > max) {
		return -1;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f) {
			return -1;
		}
	}
	memcpy(ret->what, text, len);
	ret->what[len] = '\0';
	return 0;
}

/* The lines, in order. */
static const struct {
	const char *key;
	value_fn parse;
	int64_t max;
} lines[] = {
	{ "result=", parse_result, ATTEMPT_RESULTS },
	{ "exit_code=", parse_exit_code, 255 },
	{ "signal=", parse_signal, 64 },
	{ "errno=", parse_sys_errno, 4095 },
	{ "started_at=", parse_started_at, WALL_MS_MAX },
	{ "finished_at=", parse_finished_at, WALL_MS_MAX },
	{ "output_bytes=", parse_output_bytes, INT64_MAX },
	{ "what=", parse_what, ATTEMPT_WHAT_MAX - 1 },
};

int attempt_status_parse(const char *text, size_t len, struct attempt_status *ret, struct err *err)
{
	const char *end = text + len;
	struct attempt_status status = { 0 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t key_len = strlen(lines[i].key);
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (!stop || (size_t)(stop - text) < key_len ||
				memcmp(text, lines[i].key, key_len) != 0) {
			return err_set(err, ERR_INPUT, "status: line %zu: expected '%s'", i + 1,
					lines[i].key);
		}
		text += key_len;
		if (lines[i].parse(text, (size_t)(stop - text), lines[i].max, &status) < 0) {
			return err_set(err, ERR_INPUT, "status: line %zu: '%s' with a bad value",
					i + 1, lines[i].key);
		}
		text = stop + 1;
	}
	if (text != end) {
		return err_set(err, ERR_INPUT, "status: bytes behind the last line");
	}
	*ret = status;
	return 0;
}

/* The folder */

/* Returns a descriptor; or -1 with err, ERR_NOT_FOUND when there is no such folder. */
static int open_folder(int storage_fd, const struct attempt_id *id, struct err *err)
{
	char path[ATTEMPT_DIR_TEXT_MAX];
	int fd = openat(storage_fd, attempt_dir(id, path),
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open '%s': %s", path,
				strerror(errno));
	}
	return fd;
}

/* 1 and *ret: there is a status. 0: none. -1: it cannot be read, or makes no sense. */
static int read_status(int folder_fd, struct attempt_status *ret, struct err *err)
{
	auto_buf struct buf text = { 0 };

	if (file_read(folder_fd, "status", ATTEMPT_STATUS_MAX, &text, err) < 0) {
		return err->code == ERR_NOT_FOUND ? 0 : -1;
	}
	return attempt_status_parse(buf_text(&text), text.len, ret, err) < 0 ? -1 : 1;
}

/* ALIVE or VANISHED, by the lock. */
static int look_at_lock(int folder_fd, enum attempt_state *ret_state, struct err *err)
{
	bool locked;

	if (file_locked(folder_fd, "lock", &locked, err) < 0) {
		return -1;
	}
	*ret_state = locked ? ATTEMPT_ALIVE : ATTEMPT_VANISHED;
	return 0;
}

static int look(int folder_fd, enum attempt_state *ret_state, struct attempt_status *ret_status,
		struct err *err)
{
	enum attempt_state state = ATTEMPT_ENDED;
	int rc = read_status(folder_fd, ret_status, err);

	if (rc == 0 && look_at_lock(folder_fd, &state, err) < 0) {
		return -1;
	}
	if (state == ATTEMPT_VANISHED) {
		/* the shim writes the status before it lets the lock go: look again */
		rc = read_status(folder_fd, ret_status, err);
		state = rc > 0 ? ATTEMPT_ENDED : ATTEMPT_VANISHED;
	}
	if (rc < 0) {
		return -1;
	}
	*ret_state = state;
	return 0;
}

int attempt_look(int storage_fd, const struct attempt_id *id, enum attempt_state *ret_state,
		struct attempt_status *ret_status, struct err *err)
{
	char path[ATTEMPT_DIR_TEXT_MAX];
	auto_fd int folder_fd = open_folder(storage_fd, id, err);

	if (folder_fd < 0 && err->code == ERR_NOT_FOUND) {
		*ret_state = ATTEMPT_ABSENT;
		return 0;
	}
	if (folder_fd < 0) {
		return -1;
	}
	if (look(folder_fd, ret_state, ret_status, err) < 0) {
		return err_wrap(err, "%s", attempt_dir(id, path));
	}
	return 0;
}

/* The output */

/* The bytes from begin up to end, as far as there are any. */
static void add_range(struct buf *out, const struct buf *kept, size_t begin, size_t end)
{
	if (end > kept->len) {
		end = kept->len;
	}
	if (begin < end) {
		buf_add(out, kept->data + begin, end - begin);
	}
}

void attempt_output_unroll(const struct buf *kept, uint64_t total, struct attempt_output *ret)
{
	const size_t whole = OUTPUT_HEAD + OUTPUT_TAIL;
	size_t seam = OUTPUT_HEAD; /* where the oldest byte of the ring stands */
	size_t stop = total < whole ? (size_t)total : whole;

	if (total > whole && total != OUTPUT_TOTAL_UNKNOWN) {
		seam += (size_t)((total - OUTPUT_HEAD) % OUTPUT_TAIL);
	}
	add_range(&ret->head, kept, 0, stop < OUTPUT_HEAD ? stop : OUTPUT_HEAD);
	add_range(&ret->tail, kept, seam, stop);
	add_range(&ret->tail, kept, OUTPUT_HEAD, seam);
}

int attempt_output_read(int storage_fd, const struct attempt_id *id, uint64_t total,
		struct attempt_output *ret, struct err *err)
{
	char path[ATTEMPT_DIR_TEXT_MAX + sizeof("/output")];
	auto_buf struct buf kept = { 0 };

	*ret = (struct attempt_output){ 0 };
	attempt_dir(id, path);
	memcpy(path + strlen(path), "/output", sizeof("/output"));
	if (file_read(storage_fd, path, OUTPUT_HEAD + OUTPUT_TAIL, &kept, err) < 0) {
		return err->code == ERR_NOT_FOUND ? 0 : -1;
	}
	attempt_output_unroll(&kept, total, ret);
	return 0;
}

bool attempt_cancel(int storage_fd, const struct attempt_id *id)
{
	struct err ignored;
	auto_fd int folder_fd = open_folder(storage_fd, id, &ignored);
	auto_fd int fifo = folder_fd < 0 ? -1
					 : openat(folder_fd, "cancel",
							   O_WRONLY | O_NONBLOCK | O_NOFOLLOW |
									   O_CLOEXEC);
	struct stat st;

	return fifo >= 0 && fstat(fifo, &st) == 0 && S_ISFIFO(st.st_mode) &&
	       write(fifo, "c", 1) == 1;
}

void attempt_forget_output(int storage_fd, const struct attempt_id *id)
{
	struct err ignored;
	auto_fd int folder_fd = open_folder(storage_fd, id, &ignored);

	if (folder_fd >= 0) {
		unlinkat(folder_fd, "output", 0);
		unlinkat(folder_fd, "stdin", 0);
	}
}
