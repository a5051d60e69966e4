/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/permit.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "domain/approval.h"
#include "domain/playbook.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *const triggers[] = { "alert", "manual", "replay", "escalation", NULL };
static const char *const statuses[] = { "", "firing", "resolved", NULL };

static bool one_of(const char *const *words, const char *text)
{
	for (; *words; words++) {
		if (strcmp(*words, text) == 0) {
			return true;
		}
	}
	return false;
}

/* What is not checked against the configuration only has to be short and harmless. */
static int check_words(const struct msg_start *start, struct err *err)
{
	size_t len = strlen(start->alertname);

	if (start->id.attempt < 1 || start->id.attempt > PERMIT_ATTEMPT_MAX) {
		return err_set(err, ERR_INPUT, "attempt %" PRIu32 " is not between 1 and %d",
				start->id.attempt, PERMIT_ATTEMPT_MAX);
	}
	if (start->id.run < 1 || start->id.run > INT64_MAX) {
		return err_set(err, ERR_INPUT, "run %" PRIu64 " is out of range", start->id.run);
	}
	if (!one_of(triggers, start->trigger) || !one_of(statuses, start->status)) {
		return err_set(err, ERR_INPUT, "unknown trigger or status");
	}
	if (len > ALERT_NAME_MAX || !utf8_valid(start->alertname, len)) {
		return err_set(err, ERR_INPUT, "alertname is longer than %d bytes or not UTF-8",
				ALERT_NAME_MAX);
	}
	if (start->alert.len > START_ALERT_MAX) {
		return err_set(err, ERR_INPUT, "alert is longer than %d bytes", START_ALERT_MAX);
	}
	return 0;
}

/* The first who sets a name wins. */
static void env_set(struct strv *env, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->len; i++) {
		if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=') {
			return;
		}
	}
	strv_addf(env, "%s=%s", name, value);
}

static void env_set_number(struct strv *env, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	env_set(env, name, text);
}

static void env_set_param(struct strv *env, const struct label *param)
{
	auto_buf struct buf name = { 0 };

	buf_adds(&name, "PARAM_");
	for (const char *c = param->name; *c; c++) {
		buf_addch(&name, (char)toupper((unsigned char)*c));
	}
	env_set(env, buf_text(&name), param->value);
}

/* The environment, from nothing. What the daemon itself was started with is not looked at. */
static int build_env(const struct msg_start *start, const struct playbook *playbook,
		const struct step *step, struct strv *env, struct err *err)
{
	for (size_t i = 0; i < start->params.len; i++) {
		env_set_param(env, &start->params.items[i]);
	}
	if (start->incident > 0) {
		env_set_number(env, "PLAYBOOKD_INCIDENT_ID", start->incident);
	}
	env_set_number(env, "PLAYBOOKD_RUN_ID", start->id.run);
	env_set(env, "PLAYBOOKD_PLAYBOOK", playbook->name);
	env_set(env, "PLAYBOOKD_STEP", step->name);
	env_set_number(env, "PLAYBOOKD_ATTEMPT", start->id.attempt);
	env_set(env, "PLAYBOOKD_TRIGGER", start->trigger);
	env_set(env, "PLAYBOOKD_ALERTNAME", start->alertname);
	env_set(env, "PLAYBOOKD_STATUS", start->status);
	for (size_t i = 0; i < step->env.len; i++) {
		auto_buf struct buf value = { 0 };

		if (params_expand(step->env.items[i].value, &start->params, &value, err) < 0) {
			return err_wrap(err, "env %s", step->env.items[i].name);
		}
		env_set(env, step->env.items[i].name, buf_text(&value));
	}
	env_set(env, "PATH", DEFAULT_PATH);
	env_set(env, "LANG", "C.UTF-8");
	return 0;
}

/* A check is a step's work only when it is a command; the others are egress's. */
static int permit_check_step(const struct config *config, const struct step *step,
		const struct labels *params, struct permit *ret, struct err *err)
{
	auto_buf struct buf name = { 0 };

	if (params_expand(step->check, params, &name, err) < 0) {
		return -1;
	}

	const struct check *check = config_check(config, buf_text(&name));

	if (!check || check->kind != CHECK_COMMAND) {
		return err_set(err, ERR_INPUT, "there is no check '%s' that is a command",
				buf_text(&name));
	}
	for (const char *const *arg = check->argv; *arg; arg++) {
		strv_add(&ret->argv, *arg);
	}
	ret->timeout_ms = check->timeout_ms;
	return 0;
}

static int permit_step(const struct config *config, const struct playbook *playbook,
		const struct msg_start *start, struct permit *ret, struct err *err)
{
	const struct step *step = &playbook->steps[start->id.step];

	switch ((enum step_kind)step->kind) {
	case STEP_RUN:
	case STEP_SCRIPT:
		if (step_argv(step, &start->params, &ret->argv, err) < 0) {
			return -1;
		}
		ret->timeout_ms = step->timeout_ms;
		break;
	case STEP_CHECK:
		if (permit_check_step(config, step, &start->params, ret, err) < 0) {
			return -1;
		}
		break;
	case STEP_WAIT:
	case STEP_APPROVE:
	case STEP_NOTIFY:
	case STEP_KINDS:
		return err_set(err, ERR_INPUT, "it is not a kind of step that is executed");
	}
	ret->cwd = step->cwd ? step->cwd : "/";
	ret->user = step->user;
	ret->limits = step->limits;
	ret->detach = step->detach;
	ret->new_privs = step->new_privs;
	ret->stdin_alert = step->stdin_alert;
	return build_env(start, playbook, step, &ret->env, err);
}

/* Is this really sealed for what would be started here? */
static bool is_sealed(const uint8_t *key, const struct config *config,
		const struct playbook *playbook, const struct msg_start *start)
{
	const struct start_approval *approval = &start->approval;
	const struct approval_subject subject = { playbook, &start->params, config->checks,
		config->checks_len };
	struct approval_binding binding = {
		.run = start->id.run, .step = approval->step, .expires_at = approval->expires_at
	};
	uint8_t digest[DIGEST_SIZE];
	uint8_t seal[DIGEST_SIZE];
	struct err err;

	if (!approval->given || !key || approval_work(&subject, binding.work, &err) < 0) {
		return false;
	}
	memcpy(binding.config_hash, approval->config_hash, DIGEST_SIZE);
	approval_digest(&binding, digest);
	approval_seal(key, digest, seal);
	return digest_equal(seal, approval->seal);
}

/*
 * Every approve step before this one was passed when the nearest that must be asked was. Whether
 * one whose `when` looks at results of steps had to be asked, only the core knows.
 */
static int permit_approval(const uint8_t *key, const struct config *config,
		const struct playbook *playbook, const struct msg_start *start, struct err *err)
{
	int at = playbook->steps[start->id.step].phase == PHASE_STEPS
				 ? approval_before(playbook, start->id.step)
				 : -1;

	for (; at >= 0; at = approval_before(playbook, (size_t)at)) {
		const struct step *step = &playbook->steps[at];

		if (start->approval.given && start->approval.step == (uint32_t)at) {
			if (is_sealed(key, config, playbook, start)) {
				return 0;
			}
			return err_set(err, ERR_INPUT,
					"the approval at '%s' is missing, or is for other work",
					step->name);
		}
		if (approval_need(step, &start->params) == APPROVAL_NEEDED) {
			return err_set(err, ERR_INPUT, "'%s' was not approved", step->name);
		}
	}
	return 0;
}

int permit_start(const struct config_versions *versions, const struct msg_start *start,
		struct permit *ret_permit, struct err *err)
{
	*ret_permit = (struct permit){ 0 };
	if (check_words(start, err) < 0) {
		return -1;
	}

	const struct config *config = config_versions_find(versions, start->config_hash);

	if (!config) {
		return err_set(err, ERR_NOT_FOUND, "the executor does not know this configuration");
	}

	const struct playbook *playbook = config_playbook(config, start->playbook);

	if (!playbook) {
		return err_set(err, ERR_INPUT, "there is no playbook of that name");
	}
	if (start->id.step >= playbook->steps_len) {
		return err_set(err, ERR_INPUT, "playbook '%s' has no step %" PRIu32, playbook->name,
				start->id.step);
	}
	if (playbook_params_check(playbook, &start->params, err) < 0 ||
			permit_approval(versions->seal_key, config, playbook, start, err) < 0 ||
			permit_step(config, playbook, start, ret_permit, err) < 0) {
		return err_wrap(err, "playbook '%s', step %" PRIu32, playbook->name,
				start->id.step);
	}
	return 0;
}

int permit_check(const struct config_versions *versions, const struct msg_probe_command *probe,
		struct permit *ret_permit, struct err *err)
{
	const struct config *config = config_versions_find(versions, probe->config_hash);
	const struct check *check = config ? config_check(config, probe->check) : NULL;

	*ret_permit = (struct permit){ .cwd = "/" };
	if (!config) {
		return err_set(err, ERR_NOT_FOUND, "the executor does not know this configuration");
	}
	if (!check || check->kind != CHECK_COMMAND || check->interval_ms == 0) {
		return err_set(err, ERR_INPUT,
				"there is no check '%.64s' that is a command with an interval",
				probe->check);
	}
	for (const char *const *arg = check->argv; *arg; arg++) {
		strv_add(&ret_permit->argv, *arg);
	}
	ret_permit->timeout_ms = check->timeout_ms;
	env_set(&ret_permit->env, "PLAYBOOKD_CHECK", check->name);
	env_set(&ret_permit->env, "PATH", DEFAULT_PATH);
	env_set(&ret_permit->env, "LANG", "C.UTF-8");
	return 0;
}

void permit_clear(struct permit *permit)
{
	strv_clear(&permit->argv);
	strv_clear(&permit->env);
}
