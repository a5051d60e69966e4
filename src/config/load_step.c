/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_step.h"

#include <string.h>

#include "config/config.h"
#include "config/load_matchers.h"
#include "config/text.h"
#include "domain/template.h"

#define TIMEOUT_MS 60000
#define EVERY_MS   2000
#define APPROVE_MS (30 * 60000)
#define ENV_MAX    64
#define SCRIPT_MAX 65536 /* it is one element of an argv: at most 128 KiB */

static const char *const on_failure_words[] = {
	[ON_FAILURE_STOP] = "stop",
	[ON_FAILURE_CONTINUE] = "continue",
	NULL,
};
static const char *const on_interrupt_words[] = {
	[ON_INTERRUPT_ESCALATE] = "escalate",
	[ON_INTERRUPT_FAIL] = "fail",
	[ON_INTERRUPT_RETRY] = "retry",
	[ON_INTERRUPT_VERIFY] = "verify",
	NULL,
};
/* step.stdin_alert is the position of the word. */
static const char *const stdin_words[] = { "none", "alert", NULL };

static const struct spec retry_keys[] = {
	{ "attempts", "how many attempts in all", SPEC_INT, SPEC_FIELD(struct step, attempts),
			.min = 1, .max = 100 },
	{ "backoff", "factor by which the pause grows", SPEC_INT, SPEC_FIELD(struct step, backoff),
			.min = 1, .max = 10 },
	{ "delay", "pause before the next attempt", SPEC_DURATION,
			SPEC_FIELD(struct step, delay_ms), .max = DAY_MS },
	{ 0 },
};

#define LIMIT(member) SPEC_FIELD(struct step, limits.member)
#define TIB           (INT64_C(1) << 40)

static const struct spec limit_keys[] = {
	{ "cpu", "time on a processor, of each process", SPEC_DURATION, LIMIT(cpu_ms), .min = 1000,
			.max = DAY_MS },
	{ "file_size", "of a file that it writes", SPEC_SIZE, LIMIT(file_size), .min = 1,
			.max = 1024 * TIB },
	{ "memory", "of all its processes", SPEC_SIZE, LIMIT(memory), .min = 1 << 20,
			.max = 1024 * TIB },
	{ "open_files", "of each process", SPEC_INT, LIMIT(open_files), .min = 16, .max = 1 << 20 },
	{ "processes", "that it may have at a time", SPEC_INT, LIMIT(processes), .min = 1,
			.max = 1 << 22 },
	{ 0 },
};

static const struct spec approve_keys[] = {
	{ "four_eyes", "not by the operator who requested the run", SPEC_BOOL,
			SPEC_FIELD(struct step, four_eyes) },
	{ "message", "the question that the approver reads", SPEC_STRING,
			SPEC_FIELD(struct step, message), SPEC_PARAMS, .max = 1024,
			.format = text_is_line },
	{ "within", "how long it waits; without an answer the run is rejected", SPEC_DURATION,
			SPEC_FIELD(struct step, within_ms), .min = 1000, .max = 30 * DAY_MS },
	{ 0 },
};

static void load_env(struct loader *loader, const struct yaml_node *node, void *base);
static void load_when(struct loader *loader, const struct yaml_node *node, void *base);

/* The first rows stand in the order of enum step_kind. */
static const struct spec step_keys[] = {
	{ "run", "program and arguments", SPEC_STRINGS, SPEC_FIELD(struct step, argv),
			SPEC_PARAMS | SPEC_EMPTY, .min = 1 },
	{ "script", "text for /bin/sh -eu", SPEC_STRING, SPEC_FIELD(struct step, script),
			.max = SCRIPT_MAX },
	{ "check", "the name of a check", SPEC_STRING, SPEC_FIELD(struct step, check), SPEC_PARAMS,
			.max = 256 },
	{ "wait", "how long to wait", SPEC_DURATION, SPEC_FIELD(struct step, wait_ms), .min = 1,
			.max = DAY_MS },
	{ "approve", "an operator must approve first", SPEC_MAPPING, .keys = approve_keys },
	{ "notify", "the receiver that is notified", SPEC_STRING, SPEC_FIELD(struct step, notify),
			.max = 64 },
	{ "cwd", "the folder in which it runs", SPEC_STRING, SPEC_FIELD(struct step, cwd),
			SPEC_VARS, .format = text_is_absolute },
	{ "detach", "what it leaves in sessions of its own continues", SPEC_BOOL,
			SPEC_FIELD(struct step, detach) },
	{ "env", "environment variables", SPEC_CUSTOM, .load = load_env },
	{ "every", "pause between two probes", SPEC_DURATION, SPEC_FIELD(struct step, every_ms),
			.min = 100, .max = DAY_MS },
	{ "idempotent", "running it twice is as good as running it once", SPEC_BOOL,
			SPEC_FIELD(struct step, idempotent) },
	{ "limits", "limits of what it may use", SPEC_MAPPING, .keys = limit_keys },
	{ "name", "what the step does", SPEC_STRING, SPEC_FIELD(struct step, name), .max = 128,
			.format = text_is_line },
	{ "new_privs", "sudo and other setuid programs work", SPEC_BOOL,
			SPEC_FIELD(struct step, new_privs) },
	{ "on_failure", "what happens after a failure", SPEC_CHOICE,
			SPEC_FIELD(struct step, on_failure), .choices = on_failure_words },
	{ "on_interrupt", "what happens when nobody knows how it ended", SPEC_CHOICE,
			SPEC_FIELD(struct step, on_interrupt), .choices = on_interrupt_words },
	{ "retry", "how often a failed step is attempted again", SPEC_MAPPING, .keys = retry_keys },
	{ "settle", "how long the check must keep passing", SPEC_DURATION,
			SPEC_FIELD(struct step, settle_ms), .max = DAY_MS },
	{ "stdin", "the content of standard input", SPEC_CHOICE,
			SPEC_FIELD(struct step, stdin_alert), .choices = stdin_words },
	{ "subject", "the first line of the notification", SPEC_STRING,
			SPEC_FIELD(struct step, subject), SPEC_PARAMS, .max = 512,
			.format = text_is_line },
	{ "text", "the text of the notification", SPEC_STRING, SPEC_FIELD(struct step, text),
			SPEC_PARAMS },
	{ "timeout", "deadline of one attempt", SPEC_DURATION, SPEC_FIELD(struct step, timeout_ms),
			.min = 1, .max = DAY_MS },
	{ "user", "the user as whom it runs", SPEC_STRING, SPEC_FIELD(struct step, user), SPEC_VARS,
			.format = text_is_user },
	{ "when", "matchers that must hold, else it is skipped", SPEC_CUSTOM, .load = load_when },
	{ "within", "by when the check must have passed", SPEC_DURATION,
			SPEC_FIELD(struct step, within_ms), .max = DAY_MS },
	{ 0 },
};

#define BIT(n)    (1U << (n))
#define ANY_KIND  (BIT(STEP_KINDS) - 1)
#define PROGRAMS  (BIT(STEP_RUN) | BIT(STEP_SCRIPT))
#define ANY_PHASE (BIT(PHASES) - 1)

/* Keys that do not fit every kind and every phase. */
static const struct scope {
	const char *key;
	unsigned kinds;
	unsigned phases;
} scopes[] = {
	{ "approve", ANY_KIND, BIT(PHASE_STEPS) },
	{ "check", ANY_KIND, ANY_PHASE & ~BIT(PHASE_PRECHECK) },
	{ "cwd", PROGRAMS, ANY_PHASE },
	{ "detach", PROGRAMS, BIT(PHASE_STEPS) | BIT(PHASE_RESCUE) },
	{ "env", PROGRAMS, ANY_PHASE },
	{ "every", BIT(STEP_CHECK), ANY_PHASE },
	{ "idempotent", PROGRAMS, ANY_PHASE & ~BIT(PHASE_PRECHECK) },
	{ "limits", PROGRAMS, ANY_PHASE },
	{ "new_privs", PROGRAMS, ANY_PHASE },
	{ "notify", ANY_KIND, BIT(PHASE_STEPS) | BIT(PHASE_RESCUE) },
	{ "on_failure", ANY_KIND & ~BIT(STEP_APPROVE), BIT(PHASE_STEPS) },
	{ "on_interrupt", PROGRAMS, BIT(PHASE_STEPS) | BIT(PHASE_VERIFY) },
	{ "retry", PROGRAMS, ANY_PHASE & ~BIT(PHASE_PRECHECK) },
	{ "settle", BIT(STEP_CHECK), ANY_PHASE },
	{ "stdin", PROGRAMS, ANY_PHASE },
	{ "subject", BIT(STEP_NOTIFY), ANY_PHASE },
	{ "text", BIT(STEP_NOTIFY), ANY_PHASE },
	{ "timeout", PROGRAMS, ANY_PHASE },
	{ "wait", ANY_KIND, BIT(PHASE_STEPS) | BIT(PHASE_RESCUE) },
	{ "when", ANY_KIND, BIT(PHASE_STEPS) | BIT(PHASE_RESCUE) },
	{ "within", BIT(STEP_CHECK), ANY_PHASE },
};

static const struct spec env_value = { "env", "a value", SPEC_STRING,
	.flags = SPEC_PARAMS | SPEC_EMPTY };

static void load_env(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct step *step = base;

	if (node->kind != YAML_MAPPING || node->len > ENV_MAX) {
		mistakes_add(loader->mistakes, &node->place,
				"expected a mapping of at most %d names to values", ENV_MAX);
		return;
	}
	step->env.items = arena_calloc(loader->arena, node->len, sizeof(*step->env.items));
	for (yaml_each(item, node)) {
		const char *wrong = text_is_env_name(item->key->text);
		const char *value = spec_string(loader, &env_value, item);

		if (wrong) {
			mistakes_add(loader->mistakes, &item->key->place, "expected %s, got \"%s\"",
					wrong, item->key->text);
		}
		step->env.items[step->env.len++] =
				(struct label){ item->key->text, value ? value : "" };
	}
	labels_sort(&step->env);
}

static void load_when(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct step *step = base;

	load_matchers(loader, node, &step->when, &step->when_len);
}

/* Is name a param, or PHASE.NAME of an earlier step? */
static bool known_to_when(const struct playbook *playbook, const char *name)
{
	for (size_t i = 0; i < playbook->params_len; i++) {
		if (strcmp(playbook->params[i].name, name) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < playbook->steps_len; i++) {
		if (playbook->steps[i].name && step_is_label(&playbook->steps[i], name)) {
			return true;
		}
	}
	return false;
}

static void check_when(struct loader *loader, const struct yaml_node *node,
		const struct playbook *playbook, const struct step *step)
{
	const struct yaml_node *when = yaml_get(node, "when");

	for (size_t i = 0; i < step->when_len; i++) {
		if (!known_to_when(playbook, step->when[i].name)) {
			mistakes_add(loader->mistakes, &when->place,
					"'%s' is neither a param nor an earlier step, like \"steps.NAME\"",
					step->when[i].name);
		}
	}
}

/* What must not happen twice is not tried twice. */
static void check_again(
		struct loader *loader, const struct yaml_node *node, const struct step *step)
{
	const struct yaml_node *retry = yaml_get(node, "retry");
	const struct yaml_node *interrupt = yaml_get(node, "on_interrupt");

	if (interrupt && step->on_interrupt == ON_INTERRUPT_VERIFY && step->phase == PHASE_VERIFY) {
		mistakes_add(loader->mistakes, &interrupt->place,
				"'verify' may not stand in verify");
	}
	if (step->idempotent || step->phase == PHASE_PRECHECK) {
		return;
	}
	if (retry && step->attempts > 1) {
		mistakes_add(loader->mistakes, &retry->key->place,
				"only a step that may run twice is tried again: say idempotent: true when running it twice is as good as running it once");
	}
	if (interrupt && step->on_interrupt == ON_INTERRUPT_RETRY) {
		mistakes_add(loader->mistakes, &interrupt->place,
				"only a step that may run twice is started again: say idempotent: true when running it twice is as good as running it once");
	}
}

static void check_scopes(
		struct loader *loader, const struct yaml_node *node, const struct step *step)
{
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		const struct scope *scope = &scopes[i];
		const struct yaml_node *value = yaml_get(node, scope->key);

		if (!value) {
			continue;
		}
		if (!(scope->kinds & BIT(step->kind))) {
			mistakes_add(loader->mistakes, &value->key->place,
					"'%s' means nothing for %s %s step", scope->key,
					step->kind == STEP_APPROVE ? "an" : "a",
					step_kind_names[step->kind]);
		} else if (!(scope->phases & BIT(step->phase))) {
			mistakes_add(loader->mistakes, &value->key->place,
					"'%s' may not stand in %s", scope->key,
					phase_names[step->phase]);
		}
	}
}

static void check_run(struct loader *loader, const struct yaml_node *node, const struct step *step)
{
	const struct yaml_node *program = node->child;

	if (!step->argv || !program) {
		return;
	}
	if (*step->argv[0] == '\0') {
		mistakes_add(loader->mistakes, &program->place,
				"the program's name may not be empty");
	}
	if (template_has_names(step->argv[0])) {
		struct place place = yaml_place_of(program, "${");

		mistakes_add(loader->mistakes, &place, "no param may stand in the program's name");
	}
}

/* The check is looked up when all files are read; a name with a param in it, when it runs. */
static void check_check(
		struct loader *loader, const struct yaml_node *node, const struct step *step)
{
	if (!step->check || template_has_names(step->check)) {
		return;
	}

	struct check_name name = { .place = node->place, .name = step->check };

	if (loader->playbook) {
		name.params = loader->playbook->params;
		name.params_len = loader->playbook->params_len;
	}
	loader_add_check_name(loader, &name);
}

/* receivers stand in the main file, before all playbooks. */
static void check_notify(
		struct loader *loader, const struct yaml_node *node, const struct step *step)
{
	if (step->notify && !config_receiver(loader->config, step->notify)) {
		mistakes_add(loader->mistakes, &yaml_get(node, "notify")->place,
				"there is no receiver '%s'", step->notify);
	}
	if (!yaml_get(node, "text")) {
		mistakes_add(loader->mistakes, &node->place,
				"missing key 'text': the text of the notification");
	}
}

static void check_kind(struct loader *loader, const struct yaml_node *node, const struct step *step)
{
	switch ((enum step_kind)step->kind) {
	case STEP_RUN:
		check_run(loader, yaml_get(node, "run"), step);
		break;
	case STEP_SCRIPT:
		text_check_script(loader, yaml_get(node, "script"), &step->env);
		break;
	case STEP_CHECK:
		check_check(loader, yaml_get(node, "check"), step);
		break;
	case STEP_NOTIFY:
		check_notify(loader, node, step);
		break;
	case STEP_WAIT:
	case STEP_APPROVE:
	case STEP_KINDS:
		break;
	}
}

/* The name of a verify step that gives none. */
static const char *default_name(struct loader *loader, const struct step *step)
{
	if (step->kind == STEP_CHECK && step->check) {
		return arena_printf(loader->arena, "check %s", step->check);
	}
	if (step->kind == STEP_RUN && step->argv) {
		return step->argv[0];
	}
	return step_kind_names[step->kind];
}

static void check_name(struct loader *loader, const struct yaml_node *node,
		const struct playbook *playbook, struct step *step)
{
	const struct yaml_node *name = yaml_get(node, "name");

	if (!name && step->phase == PHASE_PRECHECK) {
		step->name = phase_names[PHASE_PRECHECK];
		return;
	}
	if (!name && step->phase != PHASE_VERIFY) {
		mistakes_add(loader->mistakes, &node->place,
				"missing key 'name': what the step does");
		return;
	}
	if (!name) {
		step->name = default_name(loader, step);
		return;
	}
	if (!step->name) {
		return;
	}
	if (template_has_names(step->name)) {
		mistakes_add(loader->mistakes, &name->place,
				"a step's name is fixed: no '${…}' is replaced in it");
	}
	for (size_t i = 0; i < playbook->steps_len; i++) {
		const struct step *other = &playbook->steps[i];

		if (other->phase == step->phase && other->name &&
				strcmp(other->name, step->name) == 0) {
			mistakes_add(loader->mistakes, &name->place, "%s has a step '%s' already",
					phase_names[step->phase], step->name);
			return;
		}
	}
}

static void load_step(struct loader *loader, const struct yaml_node *node, enum phase phase,
		struct playbook *playbook)
{
	struct step step = {
		.phase = (uint8_t)phase,
		.timeout_ms = TIMEOUT_MS,
		.attempts = 1,
		.backoff = 1,
		.on_failure = phase == PHASE_RESCUE ? ON_FAILURE_CONTINUE : ON_FAILURE_STOP,
		.cwd = "/",
		.every_ms = EVERY_MS,
	};
	uint64_t given = 0;

	if (!spec_load(loader, step_keys, node, &step, &given)) {
		return;
	}

	int kind = spec_one_of(loader, step_keys, STEP_KINDS, node, given);

	if (kind >= 0) {
		step.kind = (uint8_t)kind;
		if (kind == STEP_APPROVE && !step.within_ms) {
			step.within_ms = APPROVE_MS;
		}
		check_scopes(loader, node, &step);
		check_kind(loader, node, &step);
		check_again(loader, node, &step);
	}
	check_when(loader, node, playbook, &step);
	check_name(loader, node, playbook, &step);
	playbook->steps[playbook->steps_len++] = step;
}

static void load_phase(struct loader *loader, const struct yaml_node *node, enum phase phase,
		struct playbook *playbook)
{
	if (!spec_list(loader, node, phase == PHASE_STEPS, PHASE_STEPS_MAX)) {
		return;
	}
	for (yaml_each(item, node)) {
		load_step(loader, item, phase, playbook);
	}
}

void load_steps_precheck(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_step(loader, node, PHASE_PRECHECK, base);
}

/* Whoever is asked is asked for something. */
static void check_last(struct loader *loader, const struct yaml_node *node,
		const struct playbook *playbook)
{
	const struct yaml_node *last = NULL;

	if (!playbook->steps_len || playbook->steps[playbook->steps_len - 1].kind != STEP_APPROVE) {
		return;
	}
	for (yaml_each(item, node)) {
		last = item;
	}
	mistakes_add(loader->mistakes, &last->place,
			"no step stands behind it that would wait for the approval");
}

void load_steps(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_phase(loader, node, PHASE_STEPS, base);
	check_last(loader, node, base);
}

void load_steps_verify(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_phase(loader, node, PHASE_VERIFY, base);
}

void load_steps_rescue(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_phase(loader, node, PHASE_RESCUE, base);
}

void load_steps_check_interrupt(struct loader *loader, const struct yaml_node *node)
{
	const struct yaml_node *steps = yaml_get(node, "steps");
	const struct yaml_node *verify = yaml_get(node, "verify");

	if (!steps || steps->kind != YAML_SEQUENCE || (verify && verify->len > 0)) {
		return;
	}
	for (yaml_each(step, steps)) {
		const struct yaml_node *word = yaml_get(step, "on_interrupt");

		if (word && word->text && strcmp(word->text, "verify") == 0) {
			mistakes_add(loader->mistakes, &word->place,
					"the playbook has no verify that could say how it went");
		}
	}
}
