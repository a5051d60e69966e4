/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "test.h"

#define LEN(a)   (sizeof(a) / sizeof(*(a)))
#define TIME_LEN (sizeof("time=2026-11-22T22:40:42.158Z ") - 1)

static char text[4 * LOG_LINE_MAX];
static size_t text_len;

/* From here on standard error is a file, which got() reads. */
static int begin(enum log_format format, const char *role)
{
	int fd = open("log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	log_setup(LOG_DEBUG, format, role);
	return fd;
}

static const char *got(int fd)
{
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	must(n >= 0);
	text_len = (size_t)n;
	text[n] = '\0';
	return text;
}

static const char *without_time(int fd)
{
	int64_t ms = 0;
	struct err err = { 0 };
	char when[CLOCK_TEXT_MAX] = { 0 };

	must(strlen(got(fd)) > TIME_LEN && !strncmp(text, "time=", 5));
	memcpy(when, text + 5, 24);
	must_ok(clock_parse(when, &ms, &err), err);
	return text + TIME_LEN;
}

TEST(a_line_has_slogs_order)
{
	int fd = begin(LOG_LOGFMT, "core");

	log_info("run finished", LOG_INT("run", 42), LOG_STR("playbook", "disk"));
	ck_str(without_time(fd),
			"level=INFO role=core msg=\"run finished\" run=42 playbook=disk\n");
}

TEST(without_a_role_there_is_no_role)
{
	int fd = begin(LOG_LOGFMT, "");

	log_error("x");
	ck_str(without_time(fd), "level=ERROR msg=x\n");
}

TEST(an_event_about_another_role_bears_that_role_and_no_other)
{
	int fd = begin(LOG_LOGFMT, "executor");

	log_error("role ended", LOG_STR("role", "core"), LOG_INT("pid", 7));
	ck_str(without_time(fd), "level=ERROR role=core msg=\"role ended\" pid=7\n");
}

TEST(a_value_is_quoted_and_escaped_when_it_must_be)
{
	static const struct {
		const char *value;
		const char *line;
	} rows[] = {
		{ "plain-1.2/3", "k=plain-1.2/3" },
		{ "äöü", "k=äöü" },
		{ "a\\b", "k=a\\b" },
		{ "", "k=\"\"" },
		{ "a b", "k=\"a b\"" },
		{ "a=b", "k=\"a=b\"" },
		{ "a\"b", "k=\"a\\\"b\"" },
		{ "a \\b", "k=\"a \\\\b\"" },
		{ "a\nlevel=ERROR", "k=\"a\\nlevel=ERROR\"" },
		{ "\r\t", "k=\"\\r\\t\"" },
		{ "\x1b[31m", "k=\"\\x1b[31m\"" },
		{ "\x7f", "k=\"\\x7f\"" },
		{ "\xc2\x85", "k=\"\\u0085\"" },
		{ "\xe2\x80\xa8", "k=\"\\u2028\"" },
		{ "\xe2\x80\xa9", "k=\"\\u2029\"" },
		{ "\xe2\x80\xae", "k=\"\\u202e\"" },
		{ "\xe2\x81\xa6\xe2\x81\xa9", "k=\"\\u2066\\u2069\"" },
		{ "\xe2\x80\x8e", "k=\"\\u200e\"" },
		{ "\xff", "k=\"\\xff\"" },
		{ "\xc3", "k=\"\\xc3\"" },
		{ "\xed\xa0\x80", "k=\"\\xed\\xa0\\x80\"" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		int fd = begin(LOG_LOGFMT, "");
		char want[128];

		log_info("m", LOG_STR("k", rows[i].value));
		snprintf(want, sizeof(want), "level=INFO msg=m %s\n", rows[i].line);
		ck_str(without_time(fd), want);
		close(fd);
	}
}

TEST(a_json_line_is_json)
{
	int fd = begin(LOG_JSON, "core");

	log_warn("a \"b\"\n", LOG_STR("k", "\x1b\xff\\"), LOG_INT("n", -1), LOG_STR("none", NULL));
	got(fd);
	must(strstr(text, "Z\","));
	ck(!strncmp(text, "{\"time\":\"2", 10));
	ck_str(strstr(text, "Z\",") + 3,
			"\"level\":\"WARN\",\"role\":\"core\",\"msg\":\"a \\\"b\\\"\\n\","
			"\"k\":\"\\u001b\\\\xff\\\\\",\"n\":-1,\"none\":\"\"}\n");
}

TEST(a_level_below_the_set_one_writes_nothing)
{
	int fd = begin(LOG_LOGFMT, "");

	log_setup(LOG_WARN, LOG_LOGFMT, "");
	log_info("no");
	log_debug("no");
	log_warn("yes");
	ck_str(without_time(fd), "level=WARN msg=yes\n");
}

/* With values of every kind and of every length around the limit. */
TEST(a_line_too_long_is_cut_and_still_one_whole_line)
{
	static const char *const chars[] = { "x", " ", "ä", "\n", "\xff", "\xe2\x80\xae" };
	static char value[3 * LOG_LINE_MAX + 64];

	for (size_t i = 0; i < LEN(chars) * 2; i++) {
		enum log_format format = i % 2 ? LOG_JSON : LOG_LOGFMT;
		int fd = begin(format, "core");

		for (size_t at = 0; at < LOG_LINE_MAX; at++) {
			memcpy(value + at * strlen(chars[i / 2]), chars[i / 2],
					strlen(chars[i / 2]));
		}
		log_info("m", LOG_STR("k", value), LOG_INT("n", 1));
		got(fd);
		ck(text_len <= LOG_LINE_MAX && text_len > LOG_LINE_MAX - 64);
		ck(utf8_valid(text, text_len));
		ck(strchr(text, '\n') == text + text_len - 1);
		ck_has(text, format == LOG_JSON ? "…\",\"cut\":true}\n" : "…\" cut=true\n");
		close(fd);
	}
}

TEST(fields_that_do_not_fit_are_left_out_whole)
{
	static const char *const tails[] = {
		"\",\"number\":123456,\"b\":2}\n",
		"\",\"number\":123456,\"cut\":true}\n",
		"\",\"cut\":true}\n",
		"…\",\"cut\":true}\n",
	};
	static char value[LOG_LINE_MAX];
	size_t seen[LEN(tails)] = { 0 };

	for (size_t short_by = 90; short_by < 200; short_by++) {
		int fd = begin(LOG_JSON, "");

		memset(value, 'x', sizeof(value) - 1);
		value[sizeof(value) - short_by] = '\0';
		log_info("m", LOG_STR("k", value), LOG_INT("number", 123456), LOG_INT("b", 2));
		got(fd);
		ck(text_len <= LOG_LINE_MAX);
		for (size_t i = 0; i < LEN(tails); i++) {
			seen[i] += !strcmp(strrchr(text, 'x') + 1, tails[i]);
		}
		close(fd);
	}
	for (size_t i = 0; i < LEN(tails); i++) {
		ck(seen[i] > 0);
	}
	ck_int(seen[0] + seen[1] + seen[2] + seen[3], 110);
}

TEST(errno_survives_a_line)
{
	begin(LOG_LOGFMT, "");
	close(STDERR_FILENO);
	errno = ENOSPC;
	log_info("nobody reads this");
	ck_int(errno, ENOSPC);
}

TEST(names_of_levels_and_formats_are_read)
{
	struct err err = { 0 };
	enum log_level level = LOG_DEBUG;
	enum log_format format = LOG_LOGFMT;

	must_ok(log_level_parse("warn", &level, &err), err);
	ck_int(level, LOG_WARN);
	must_ok(log_format_parse("json", &format, &err), err);
	ck_int(format, LOG_JSON);
	ck_int(log_level_parse("WARN", &level, &err), -1);
	ck_str(err.msg, "log level 'WARN': expected debug, info, warn or error");
	ck_int(log_format_parse("xml", &format, &err), -1);
	ck_str(err.msg, "log format 'xml': expected logfmt or json");
	ck_int(level, LOG_WARN);
}
