/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test - a small harness: each test runs in its own process, group and temporary folder.
 *
 *	TEST(resolved_alert_closes_its_incident)
 *	{
 *		ck_int(incident_move(...), 0);
 *		ck_str(text, "expected");
 *	}
 *
 * The program runs all its tests and prints "ok NAME" or "not ok NAME" for each, with what failed
 * before it, and exits 1 when any failed. An argument runs only the tests whose name contains it.
 * must_* aborts a test (setup), ck_* compares, prints both values and goes on.
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *name;
	void (*fn)(void);
	struct test *next;
};

void test_register(struct test *test);
/* The test's own empty folder, which is also its working directory; removed after it. */
const char *test_dir(void);

#define TEST(test_name)                                                           \
	static void test_##test_name(void);                                       \
	__attribute__((constructor)) static void test_register_##test_name(void)  \
	{                                                                         \
		static struct test test = { #test_name, test_##test_name, NULL }; \
		test_register(&test);                                             \
	}                                                                         \
	static void test_##test_name(void)

void test_fail(const char *file, int line, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
void test_abort(const char *file, int line, const char *fmt, ...)
		__attribute__((format(printf, 3, 4), noreturn));
void test_ck_int(const char *file, int line, const char *what, int64_t got, int64_t want);
void test_ck_str(const char *file, int line, const char *what, const char *got, const char *want);
void test_ck_has(const char *file, int line, const char *what, const char *got, const char *part);

#define must(cond)                                                         \
	do {                                                               \
		if (!(cond)) {                                             \
			test_abort(__FILE__, __LINE__, "must: %s", #cond); \
		}                                                          \
	} while (0)
/* The call must return 0; else the test ends with err's message. */
#define must_ok(call, err)                                                          \
	do {                                                                        \
		if ((call) != 0) {                                                  \
			test_abort(__FILE__, __LINE__, "%s: %s", #call, (err).msg); \
		}                                                                   \
	} while (0)
#define ck(cond)                                                            \
	do {                                                                \
		if (!(cond)) {                                              \
			test_fail(__FILE__, __LINE__, "not so: %s", #cond); \
		}                                                           \
	} while (0)
#define ck_int(got, want) test_ck_int(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(want))
#define ck_str(got, want) test_ck_str(__FILE__, __LINE__, #got, (got), (want))
/* got contains part. */
#define ck_has(got, part) test_ck_has(__FILE__, __LINE__, #got, (got), (part))

#endif
