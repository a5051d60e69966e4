/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/attempt.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"
#include "test.h"

#define GOOD                                                                        \
	"result=exited\nexit_code=3\nsignal=0\nerrno=0\nstarted_at=1763851200000\n" \
	"finished_at=1763851201000\noutput_bytes=1234\nwhat=\n"

static const struct attempt_id id = { 42, 3, 1 };

TEST(the_folder_is_named_by_run_step_and_attempt)
{
	const struct attempt_id longest = { UINT64_MAX, UINT32_MAX, UINT32_MAX };
	char text[ATTEMPT_DIR_TEXT_MAX];

	ck_str(attempt_dir(&id, text), "runs/42/3.1");
	ck_str(attempt_dir(&longest, text), "runs/18446744073709551615/4294967295.4294967295");
}

static void ck_status(const struct attempt_status *got, const struct attempt_status *want)
{
	ck_int(got->result, want->result);
	ck_int(got->exit_code, want->exit_code);
	ck_int(got->signal, want->signal);
	ck_int(got->sys_errno, want->sys_errno);
	ck_int(got->started_at, want->started_at);
	ck_int(got->finished_at, want->finished_at);
	ck_int(got->output_bytes, want->output_bytes);
	ck_str(got->what, want->what);
}

TEST(a_status_comes_back_as_it_was)
{
	static const struct attempt_status rows[] = {
		{ .result = ATTEMPT_NOT_STARTED },
		{ .result = ATTEMPT_EXITED, .exit_code = 255, .started_at = 1, .finished_at = 2 },
		{ .result = ATTEMPT_SIGNALED, .signal = 9, .output_bytes = 10000000000 },
		{ .result = ATTEMPT_TIMED_OUT, .signal = 15, .started_at = 253402300799999 },
		{ .result = ATTEMPT_EXEC_FAILED, .sys_errno = 2, .what = "/opt/a b=c\xc3\xab" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf text = { 0 };
		struct attempt_status got = { .what = "old" };
		struct err err;

		attempt_status_format(&rows[i], &text);
		must_ok(attempt_status_parse(buf_text(&text), text.len, &got, &err), err);
		ck_status(&got, &rows[i]);
	}
}

TEST(the_text_of_a_status_is_the_documented_one)
{
	const struct attempt_status status = {
		.result = ATTEMPT_EXITED,
		.exit_code = 3,
		.started_at = 1763851200000,
		.finished_at = 1763851201000,
		.output_bytes = 1234,
	};
	auto_buf struct buf text = { 0 };

	attempt_status_format(&status, &text);
	ck_str(buf_text(&text), GOOD);
}

TEST(the_longest_status_fits)
{
	struct attempt_status status = {
		.result = ATTEMPT_NOT_STARTED,
		.exit_code = 255,
		.signal = 64,
		.sys_errno = 4095,
		.started_at = 253402300799999,
		.finished_at = 253402300799999,
		.output_bytes = INT64_MAX,
	};
	auto_buf struct buf text = { 0 };
	struct attempt_status got;
	struct err err;

	memset(status.what, 'w', sizeof(status.what) - 1);
	attempt_status_format(&status, &text);
	ck(text.len <= ATTEMPT_STATUS_MAX);
	must_ok(attempt_status_parse(buf_text(&text), text.len, &got, &err), err);
	ck_status(&got, &status);
}

TEST(control_characters_in_what_cannot_make_a_line)
{
	struct attempt_status status = { .what = "a\nresult=exited\x7f\t" };
	auto_buf struct buf text = { 0 };
	struct attempt_status got;
	struct err err;

	attempt_status_format(&status, &text);
	must_ok(attempt_status_parse(buf_text(&text), text.len, &got, &err), err);
	ck_int(got.result, ATTEMPT_NOT_STARTED);
	ck_str(got.what, "a?result=exited??");
}

static int parse(const char *text, size_t len)
{
	struct attempt_status got;
	struct err err = { .code = ERR_NONE };
	int rc = attempt_status_parse(text, len, &got, &err);

	ck_int(err.code, rc < 0 ? ERR_INPUT : ERR_NONE);
	return rc;
}

/* Take GOOD and put something else in the place of a part of it. */
TEST(a_status_that_is_not_exact_is_refused)
{
	static const struct {
		const char *part;
		const char *instead;
	} rows[] = {
		{ "exited", "exploded" },
		{ "exited", "" },
		{ "exited", "EXITED" },
		{ "exited", "exited " },
		{ "result=", "" },
		{ "exit_code=3\n", "" },
		{ "exit_code=3\n", "exit_code=3\nexit_code=3\n" },
		{ "exit_code=3\nsignal=0\n", "signal=0\nexit_code=3\n" },
		{ "exit_code=3", "exit_code=256" },
		{ "exit_code=3", "exit_code=-1" },
		{ "exit_code=3", "exit_code=+3" },
		{ "exit_code=3", "exit_code= 3" },
		{ "exit_code=3", "exit_code=03" },
		{ "exit_code=3", "exit_code=0x3" },
		{ "exit_code=3", "exit_code=" },
		{ "exit_code=3", "exit_code=3 " },
		{ "exit_code=3\n", "exit_code=3\r\n" },
		{ "exit_code=3\n", "exit_code=3\n\n" },
		{ "exit_code=3\n", "exit_code=3\nunknown=1\n" },
		{ "exit_code=3", "exit_codes=3" },
		{ "exit_code=3", "exit_code=99999999999999999999999999" },
		{ "signal=0", "signal=65" },
		{ "errno=0", "errno=4096" },
		{ "started_at=1763851200000", "started_at=253402300800000" },
		{ "output_bytes=1234", "output_bytes=9223372036854775808" },
		{ "what=\n", "" },
		{ "what=\n", "what=" },
		{ "what=\n", "what=\t\n" },
		{ "what=\n", "what=\n\n" },
		{ "what=\n", "what=\nwhat=\n" },
		{ GOOD, "" },
		{ GOOD, "\n" },
	};

	ck_int(parse(GOOD, strlen(GOOD)), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf text = { 0 };
		const char *at = strstr(GOOD, rows[i].part);

		must(at);
		buf_add(&text, GOOD, (size_t)(at - GOOD));
		buf_adds(&text, rows[i].instead);
		buf_adds(&text, at + strlen(rows[i].part));
		if (parse(buf_text(&text), text.len) == 0) {
			test_fail(__FILE__, __LINE__, "row %zu is accepted", i);
		}
	}
}

TEST(a_status_cut_anywhere_is_refused)
{
	for (size_t len = 0; len < strlen(GOOD); len++) {
		char *exact = malloc(len ? len : 1);

		must(exact);
		memcpy(exact, GOOD, len);
		ck_int(parse(exact, len), -1);
		free(exact);
	}
}

TEST(a_status_with_a_nul_or_too_much_text_is_refused)
{
	char text[ATTEMPT_STATUS_MAX + 1];

	memcpy(text, GOOD, strlen(GOOD));
	memcpy(text + strlen(GOOD) - 1, "\0\n", 2);
	ck_int(parse(text, strlen(GOOD) + 1), -1);
	memset(text, 'w', sizeof(text));
	memcpy(text, GOOD, strlen(GOOD) - 1);
	text[strlen(GOOD) - 1 + ATTEMPT_WHAT_MAX - 1] = '\n';
	ck_int(parse(text, strlen(GOOD) + ATTEMPT_WHAT_MAX - 1), 0);
	text[strlen(GOOD) - 1 + ATTEMPT_WHAT_MAX - 1] = 'w';
	text[strlen(GOOD) - 1 + ATTEMPT_WHAT_MAX] = '\n';
	ck_int(parse(text, strlen(GOOD) + ATTEMPT_WHAT_MAX), -1);
	ck_int(parse(text, sizeof(text)), -1);
}

/* The folder */

static enum attempt_state look(struct attempt_status *ret_status)
{
	enum attempt_state state = ATTEMPT_ABSENT;
	struct err err;

	must_ok(attempt_look(AT_FDCWD, &id, &state, ret_status, &err), err);
	return state;
}

static void must_make_folder(void)
{
	must(mkdir("runs", 0700) == 0);
	must(mkdir("runs/42", 0700) == 0);
	must(mkdir("runs/42/3.1", 0700) == 0);
}

static void must_write(const char *path, const void *data, size_t len)
{
	struct err err;

	must_ok(file_write_durable(AT_FDCWD, path, data, len, 0600, &err), err);
}

TEST(an_attempt_is_absent_then_alive_then_ended)
{
	struct attempt_status status;
	struct err err;

	ck_int(look(&status), ATTEMPT_ABSENT);
	must_make_folder();
	ck_int(look(&status), ATTEMPT_VANISHED);

	int lock = file_lock(AT_FDCWD, "runs/42/3.1/lock", &err);

	must(lock >= 0);
	ck_int(look(&status), ATTEMPT_ALIVE);
	must_write("runs/42/3.1/status", GOOD, strlen(GOOD));
	ck_int(look(&status), ATTEMPT_ENDED);
	ck_int(status.exit_code, 3);
	close(lock);
	ck_int(look(&status), ATTEMPT_ENDED);
}

TEST(an_attempt_whose_lock_is_free_without_a_status_has_vanished)
{
	struct attempt_status status;
	struct err err;

	must_make_folder();

	int lock = file_lock(AT_FDCWD, "runs/42/3.1/lock", &err);

	must(lock >= 0);
	close(lock);
	ck_int(look(&status), ATTEMPT_VANISHED);
}

TEST(a_broken_status_or_folder_is_an_error_not_a_state)
{
	enum attempt_state state = ATTEMPT_ALIVE;
	struct attempt_status status;
	struct err err;

	must_make_folder();
	must_write("runs/42/3.1/status", "result=", 7);
	ck_int(attempt_look(AT_FDCWD, &id, &state, &status, &err), -1);
	ck_int(err.code, ERR_INPUT);
	ck_has(err.msg, "runs/42/3.1: status: line 1");
	must(unlink("runs/42/3.1/status") == 0);
	must(mkdir("runs/42/3.1/lock", 0700) == 0);
	ck_int(attempt_look(AT_FDCWD, &id, &state, &status, &err), -1);
	ck_int(err.code, ERR_IO);
	must(rename("runs/42/3.1", "runs/42/moved") == 0);
	must(symlink("moved", "runs/42/3.1") == 0);
	ck_int(attempt_look(AT_FDCWD, &id, &state, &status, &err), -1);
	ck_int(err.code, ERR_IO);
	ck_int(state, ATTEMPT_ALIVE);
}

/* The output: byte n of it is a function of n, written where the header says. */

static unsigned char byte_of(uint64_t n)
{
	return (unsigned char)(n * 131 + n / 257);
}

static void must_write_output(uint64_t total)
{
	const size_t whole = OUTPUT_HEAD + OUTPUT_TAIL;
	unsigned char *file = calloc(1, whole);

	must(file);
	for (uint64_t n = 0; n < total; n++) {
		file[n < OUTPUT_HEAD ? n : OUTPUT_HEAD + (n - OUTPUT_HEAD) % OUTPUT_TAIL] =
				byte_of(n);
	}
	must_write("runs/42/3.1/output", file, total < whole ? total : whole);
	free(file);
}

static void ck_bytes(const struct buf *buf, uint64_t from)
{
	for (size_t i = 0; i < buf->len; i++) {
		if (buf->data[i] != byte_of(from + i)) {
			test_fail(__FILE__, __LINE__, "byte %zu is not %zu of the output", i,
					(size_t)from + i);
			return;
		}
	}
}

TEST(the_ring_is_unrolled_at_all_its_edges)
{
	static const uint64_t head = OUTPUT_HEAD;
	static const uint64_t whole = OUTPUT_HEAD + OUTPUT_TAIL;
	const uint64_t totals[] = { 0, 1, head - 1, head, head + 1, whole - 1, whole, whole + 1,
		whole + 1000, whole + OUTPUT_TAIL - 1, whole + OUTPUT_TAIL, whole + OUTPUT_TAIL + 1,
		whole + 10 * OUTPUT_TAIL + 77 };

	must_make_folder();
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		uint64_t total = totals[i];
		uint64_t tail = total > whole ? OUTPUT_TAIL : total > head ? total - head : 0;
		struct attempt_output out;
		struct err err;

		must_write_output(total);
		must_ok(attempt_output_read(AT_FDCWD, &id, total, &out, &err), err);
		ck_int(out.head.len, total < head ? total : head);
		ck_int(out.tail.len, tail);
		ck_bytes(&out.head, 0);
		ck_bytes(&out.tail, total - tail);
		buf_clear(&out.head);
		buf_clear(&out.tail);
	}
}

TEST(output_that_was_cut_or_is_missing_gives_what_is_there)
{
	struct attempt_output out;
	struct err err;

	must_make_folder();
	must_ok(attempt_output_read(AT_FDCWD, &id, 5, &out, &err), err);
	ck_int(out.head.len + out.tail.len, 0);
	must_write("runs/42/3.1/output", "abc", 3);
	must_ok(attempt_output_read(AT_FDCWD, &id, 10000000, &out, &err), err);
	ck_str(buf_text(&out.head), "abc");
	ck_int(out.tail.len, 0);
	buf_clear(&out.head);
	must_ok(attempt_output_read(AT_FDCWD, &id, 2, &out, &err), err);
	ck_str(buf_text(&out.head), "ab");
	buf_clear(&out.head);
	must_write_output(OUTPUT_HEAD + 100);
	must_ok(attempt_output_read(AT_FDCWD, &id, OUTPUT_TOTAL_UNKNOWN, &out, &err), err);
	ck_int(out.head.len, OUTPUT_HEAD);
	ck_int(out.tail.len, 100);
	ck_bytes(&out.tail, OUTPUT_HEAD);
	buf_clear(&out.head);
	buf_clear(&out.tail);
}

TEST(forgotten_output_is_gone_and_the_status_stays)
{
	struct attempt_status status;

	must_make_folder();
	must_write_output(10);
	must_write("runs/42/3.1/stdin", "{}", 2);
	must_write("runs/42/3.1/status", GOOD, strlen(GOOD));
	attempt_forget_output(AT_FDCWD, &id);
	ck_int(access("runs/42/3.1/output", F_OK), -1);
	ck_int(access("runs/42/3.1/stdin", F_OK), -1);
	ck_int(look(&status), ATTEMPT_ENDED);
	attempt_forget_output(AT_FDCWD, &id);
}
