/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_texts - configurations given as text, for the tests of the loader.
 */
#ifndef CONFIG_TEXTS_H
#define CONFIG_TEXTS_H

#include <string.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/load.h"
#include "test.h"

/* Lines 1 to 3 of many cases: a playbook that only lacks its steps. */
#define PLAYBOOK       \
	"playbooks:\n" \
	"- name: p\n"  \
	"  matchers: ['a=\"b\"']\n"
/* Lines 4 and 5. */
#define STEPS        \
	"  steps:\n" \
	"  - {name: s, run: [df]}\n"

static inline struct config *parse(const char *const *texts, struct buf *report)
{
	static const char *const paths[] = { "etc/main.yml", "etc/sub/one.yml", "etc/sub/two.yml" };
	struct config_file items[3];
	struct config_files files = { .items = items };
	struct err err = { 0 };

	for (; texts[files.len]; files.len++) {
		items[files.len] = (struct config_file){ paths[files.len], texts[files.len],
			(uint32_t)strlen(texts[files.len]) };
	}

	struct config *config = load_config(&files, report, &err);

	/* A configuration or mistakes, never both, never neither. */
	ck_int(config == NULL, report->len > 0);
	ck_int(err.code, config ? ERR_NONE : ERR_INPUT);
	return config;
}

static inline struct config *must_parse(const char *text)
{
	struct buf report = { 0 };
	struct config *config = parse((const char *const[]){ text, NULL }, &report);

	ck_str(buf_text(&report), "");
	must(config);
	buf_clear(&report);
	return config;
}

static inline void ck_report(const char *const *texts, const char *want)
{
	struct buf report = { 0 };

	config_free(parse(texts, &report));
	ck_str(buf_text(&report), want);
	buf_clear(&report);
}

struct mistake_case {
	const char *text;
	const char *report;
};

static inline void ck_cases(const struct mistake_case *cases, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		ck_report((const char *const[]){ cases[i].text, NULL }, cases[i].report);
	}
}

#define CK_CASES(cases) ck_cases((cases), sizeof(cases) / sizeof((cases)[0]))

#endif
