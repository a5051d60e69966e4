/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/approval.h"

#include <string.h>

#include "base/buf.h"

/* Everything is written with its length, so that no two works are written alike. */
static void add_int(struct buf *out, int64_t value)
{
	buf_add(out, &value, sizeof(value));
}

static void add_text(struct buf *out, const char *text)
{
	add_int(out, text ? (int64_t)strlen(text) : -1);
	buf_adds(out, text ? text : "");
}

static int add_template(
		struct buf *out, const char *text, const struct labels *params, struct err *err)
{
	auto_buf struct buf expanded = { 0 };

	if (params_expand(text, params, &expanded, err) < 0) {
		return -1;
	}
	add_text(out, buf_text(&expanded));
	return 0;
}

static void add_argv(struct buf *out, const char *const *argv)
{
	for (; argv && *argv; argv++) {
		add_text(out, *argv);
	}
	add_int(out, -2);
}

/* The params that its URL may name are in the work already. */
static void add_check(struct buf *out, const struct check *check)
{
	const int64_t numbers[] = { check->kind, check->status, check->json, check->timeout_ms,
		(int64_t)check->fields_len };

	buf_add(out, numbers, sizeof(numbers));
	add_text(out, check->url);
	add_text(out, check->contains);
	for (size_t i = 0; i < check->fields_len; i++) {
		add_text(out, check->fields[i].path);
		add_text(out, check->fields[i].value);
	}
	add_text(out, check->address);
	add_argv(out, check->argv);
}

/* The check that the step names, and what it is. */
static int add_check_of(struct buf *out, const struct approval_subject *subject,
		const struct step *step, struct err *err)
{
	auto_buf struct buf name = { 0 };

	if (params_expand(step->check, subject->params, &name, err) < 0) {
		return -1;
	}
	add_text(out, buf_text(&name));
	for (size_t i = 0; i < subject->checks_len; i++) {
		if (!strcmp(subject->checks[i].name, buf_text(&name))) {
			add_check(out, &subject->checks[i]);
		}
	}
	return 0;
}

static int add_program(struct buf *out, const struct step *step, const struct labels *params,
		struct err *err)
{
	auto_strv struct strv argv = { 0 };

	if (step_argv(step, params, &argv, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < argv.len; i++) {
		add_text(out, argv.items[i]);
	}
	add_int(out, (int64_t)step->env.len);
	for (size_t i = 0; i < step->env.len; i++) {
		add_text(out, step->env.items[i].name);
		if (add_template(out, step->env.items[i].value, params, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int add_notice(struct buf *out, const struct step *step, const struct labels *params,
		struct err *err)
{
	add_text(out, step->notify);
	if (step->subject && add_template(out, step->subject, params, err) < 0) {
		return -1;
	}
	return add_template(out, step->text, params, err);
}

static void add_when(struct buf *out, const struct step *step)
{
	add_int(out, (int64_t)step->when_len);
	for (size_t i = 0; i < step->when_len; i++) {
		add_text(out, step->when[i].name);
		add_int(out, step->when[i].op);
		add_text(out, step->when[i].value);
	}
}

/* All members of struct step that say what is done; tests/unit/test_approval.c changes each. */
static void add_settings(struct buf *out, const struct step *step)
{
	const struct step_limits *limits = &step->limits;
	const int64_t numbers[] = { step->phase, step->kind, step->wait_ms, step->timeout_ms,
		step->attempts, step->delay_ms, step->backoff, step->idempotent, step->on_interrupt,
		step->on_failure, limits->memory, limits->processes, limits->file_size,
		limits->cpu_ms, limits->open_files, step->detach, step->new_privs,
		step->stdin_alert, step->within_ms, step->every_ms, step->settle_ms,
		step->four_eyes };

	buf_add(out, numbers, sizeof(numbers));
	add_text(out, step->name);
	add_text(out, step->user);
	add_text(out, step->cwd);
	add_when(out, step);
}

static int add_step(struct buf *out, const struct approval_subject *subject,
		const struct step *step, struct err *err)
{
	add_settings(out, step);
	switch ((enum step_kind)step->kind) {
	case STEP_RUN:
	case STEP_SCRIPT:
		return add_program(out, step, subject->params, err);
	case STEP_CHECK:
		return add_check_of(out, subject, step, err);
	case STEP_APPROVE:
		return step->message ? add_template(out, step->message, subject->params, err) : 0;
	case STEP_NOTIFY:
		return add_notice(out, step, subject->params, err);
	case STEP_WAIT:
	case STEP_KINDS:
		break;
	}
	return 0;
}

int approval_work(const struct approval_subject *subject, uint8_t ret_work[DIGEST_SIZE],
		struct err *err)
{
	const struct playbook *playbook = subject->playbook;
	auto_buf struct buf all = { 0 };

	add_text(&all, playbook->name);
	for (size_t i = 0; i < subject->params->len; i++) {
		add_text(&all, subject->params->items[i].name);
		add_text(&all, subject->params->items[i].value);
	}
	for (size_t i = 0; i < playbook->steps_len; i++) {
		if (add_step(&all, subject, &playbook->steps[i], err) < 0) {
			return err_wrap(err, "playbook '%s'", playbook->name);
		}
	}
	digest_sha256(all.data, all.len, ret_work);
	return 0;
}

void approval_digest(const struct approval_binding *binding, uint8_t ret_digest[DIGEST_SIZE])
{
	auto_buf struct buf all = { 0 };

	add_int(&all, (int64_t)binding->run);
	add_int(&all, binding->step);
	add_int(&all, binding->expires_at);
	buf_add(&all, binding->config_hash, DIGEST_SIZE);
	buf_add(&all, binding->work, DIGEST_SIZE);
	digest_sha256(all.data, all.len, ret_digest);
}

void approval_seal(const uint8_t key[DIGEST_SIZE], const uint8_t digest[DIGEST_SIZE],
		uint8_t ret_seal[DIGEST_SIZE])
{
	static const char purpose[] = "approved";
	auto_buf struct buf all = { 0 };

	buf_add(&all, purpose, sizeof(purpose));
	buf_add(&all, digest, DIGEST_SIZE);
	digest_mac(key, DIGEST_SIZE, all.data, all.len, ret_seal);
}

enum approval_need approval_need(const struct step *step, const struct labels *params)
{
	enum approval_need need = APPROVAL_NEEDED;

	for (size_t i = 0; i < step->when_len; i++) {
		const struct matcher *matcher = &step->when[i];
		const char *value = labels_get(params, matcher->name);
		struct label label = { matcher->name, value };
		bool holds = true;
		struct err err;

		if (!value) {
			need = APPROVAL_OPEN;
			continue;
		}
		if (matcher_match(matcher, &(struct labels){ &label, 1 }, &holds, &err) == 0 &&
				!holds) {
			return APPROVAL_LEFT_OUT;
		}
	}
	return need;
}

int approval_before(const struct playbook *playbook, size_t index)
{
	for (size_t i = index < playbook->steps_len ? index : playbook->steps_len; i > 0; i--) {
		if (playbook->steps[i - 1].kind == STEP_APPROVE) {
			return (int)(i - 1);
		}
	}
	return -1;
}
