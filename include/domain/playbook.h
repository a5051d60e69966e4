/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbook - a named remediation, as the configuration describes it. Plain data, read-only once
 * loaded; everything lives in the configuration's arena.
 *
 * Steps of all phases stand in one array, in the order in which they may run; their position in it
 * is the step's index everywhere: in messages, tables and the API.
 *
 * precheck: one program that looks whether the run is needed now. Exit 0: go on. Exit 75
 * (EX_TEMPFAIL of sysexits.h): no; the run ends as `canceled`, with the last line that the program
 * wrote as the reason, and nothing else is run. Any other end is a failure of the run.
 *
 * when: matchers over the params and over the results of earlier steps; all must hold, else the
 * step is `skipped` and the run goes on. The result of an earlier step is the label PHASE.NAME,
 * quoted when the name has spaces ('"steps.restart all"="failed"', also precheck., verify. and
 * rescue.), with the value succeeded, failed, timed_out, interrupted or skipped; of a step that the
 * run did not come to it is empty. verify has no `when`: a check that may be left out shows
 * nothing.
 *
 * retry: a step that failed or ran into its deadline is tried again, `attempts` times in all, but
 * only one that says `idempotent: true` (doing it twice is as good as once). The pause is `delay`
 * before the second attempt and `backoff` times as long before each one after it, at most an hour
 * (or `delay`, when that is longer).
 *
 * on_interrupt: what is done when an attempt was started and nobody knows how it ended (the shim
 * was killed, or the machine went down): `escalate` ends the run as `interrupted`;
 * `fail` counts it as an attempt that failed; `retry` starts the next attempt, at most
 * RUN_INTERRUPTIONS_MAX times for a step and only of an idempotent one; `verify` leaves out the
 * steps that remain, and what verify says decides. In rescue the next step runs, whatever happened.
 *
 * approve: an operator must approve the steps behind it. The run waits as `awaiting_approval` until
 * an operator approves or rejects it, or `within` is over, which rejects it: it ends as `rejected`
 * and nothing more is done, not even rescue steps. With `four_eyes` the operator who requested the
 * run may not approve it. Stands in steps only. See domain/approval.h for what is approved.
 *
 * limits: what all processes of an attempt together may use, where the daemon may make a cgroup for
 * it: `memory`, and `processes` (with their threads; 512 when nothing is said). Where it may not,
 * they are resource limits instead, `memory` of the address space of each process and `processes`
 * (only when something is said) of all that the user of the step has; the latter does not hold back
 * root. Always of each process: `file_size`, `cpu` (SIGXCPU, a second later SIGKILL) and
 * `open_files` (1024 when nothing is said, which the step may raise as far as the daemon's own).
 *
 * detach: the step means to leave something running. When its process has ended, what it started
 * has 2 s to end or to make a session of its own (setsid, as every daemon does); what is then still
 * in the step's session is killed, and the sessions of their own are left alone. The step's output
 * ends there: what is left must write elsewhere. It stays in the attempt's cgroup, under its
 * limits. A step that is ended by its deadline or canceled leaves nothing, and neither does one
 * without detach.
 *
 * notify: the step writes the notification into the outbox, and has succeeded: a receiver that
 * cannot be reached does not hold up the run.
 *
 * new_privs: a step cannot get more rights than it was started with (no_new_privs: sudo and other
 * setuid programs do not work) unless it says `new_privs: true`. What runs as root then can be
 * ended by a daemon that is not root through its cgroup only.
 */
#ifndef DOMAIN_PLAYBOOK_H
#define DOMAIN_PLAYBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "domain/alert.h"
#include "domain/check.h"
#include "domain/guards.h"
#include "domain/label.h"
#include "domain/matcher.h"
#include "sys/regex.h"

#define PARAM_VALUE_MAX 256 /* bytes */

/* Where a param's value comes from. */
enum param_source { PARAM_LABEL, PARAM_ANNOTATION, PARAM_CONSTANT };

struct param {
	const char *name;     /* [a-z_][a-z0-9_]* */
	uint8_t source;       /* enum param_source */
	const char *key;      /* the label's or annotation's name; NULL of a constant */
	const char *fallback; /* `default:`, used when the alert has no such label; or NULL. Of a
				 constant its value */
	const char *pattern;  /* source text, for messages */
	struct regex *regex;  /* the anchored pattern */
};

enum phase { PHASE_PRECHECK, PHASE_STEPS, PHASE_VERIFY, PHASE_RESCUE, PHASES };
/* "precheck", "steps", "verify", "rescue". */
extern const char *const phase_names[PHASES];

enum step_kind {
	STEP_RUN,
	STEP_SCRIPT,
	STEP_CHECK,
	STEP_WAIT,
	STEP_APPROVE,
	STEP_NOTIFY,
	STEP_KINDS
};
/* "run", "script", "check", "wait", "approve", "notify". */
extern const char *const step_kind_names[STEP_KINDS];

#define PHASE_STEPS_MAX 100 /* of one phase */

enum on_failure { ON_FAILURE_STOP, ON_FAILURE_CONTINUE };

enum on_interrupt {
	ON_INTERRUPT_ESCALATE,
	ON_INTERRUPT_FAIL,
	ON_INTERRUPT_RETRY,
	ON_INTERRUPT_VERIFY
};

/* 0: not given. */
struct step_limits {
	int64_t memory; /* bytes */
	int64_t processes;
	int64_t file_size; /* bytes */
	int64_t cpu_ms;
	int64_t open_files;
};

struct step {
	uint8_t phase; /* enum phase */
	uint8_t kind;  /* enum step_kind */
	const char *name;
	const char *const *argv; /* run: templates, NULL-terminated; argv[0] without any ${} */
	const char *script;      /* script: text for /bin/sh -eu; no ${} of ours in it */
	const char *check;       /* check: template of a check's name */
	int64_t wait_ms;         /* wait: how long */
	const char *notify;      /* notify: the receiver */
	const char *subject;  /* notify: template; NULL: made of the playbook's and step's name */
	const char *text;     /* notify: template */
	const char *message;  /* approve: the question that the approver reads; template, or NULL */
	bool four_eyes;       /* approve: not by the operator who requested the run */
	int64_t timeout_ms;   /* run, script: deadline of one attempt; default 1 minute */
	uint32_t attempts;    /* retry.attempts; 1 = no retry */
	int64_t delay_ms;     /* retry.delay before the second attempt */
	uint32_t backoff;     /* retry.backoff: factor for each pause after that; default 1 */
	bool idempotent;      /* doing it twice is as good as once */
	uint8_t on_interrupt; /* enum on_interrupt */
	struct matcher *when; /* all must hold, else it is skipped */
	size_t when_len;
	uint8_t on_failure; /* enum on_failure; rescue steps always continue */
	struct labels env;  /* `env:`; values are templates */
	const char *user;   /* user name, or NULL for the daemon's own */
	const char *cwd;    /* absolute; default "/" */
	struct step_limits limits;
	bool detach;       /* sessions that it leaves go on */
	bool new_privs;    /* setuid programs work */
	bool stdin_alert;  /* `stdin: alert`: the alert as JSON; else /dev/null */
	int64_t within_ms; /* check: it must have passed by then; 0 = one probe. approve: until when
			      an operator must have approved */
	int64_t every_ms;  /* check: between probes */
	int64_t settle_ms; /* check: it must go on passing for this long */
};

struct playbook {
	const char *name;
	struct matcher *matchers;
	size_t matchers_len;
	bool continue_matching;      /* `continue: true` */
	const char *title;           /* incident.title template, or NULL */
	const char *const *group_by; /* label names, NULL-terminated; NULL = default_group_by */
	const char *level;           /* "L1".."L4", or NULL */
	struct param *params;
	size_t params_len;
	bool dry_run; /* decide and record, run nothing */
	struct guard_rules guards;
	struct step *steps; /* in the order of enum phase */
	size_t steps_len;
};

/* alertname, service, instance. NULL-terminated. */
extern const char *const default_group_by[];

/* The position of the first step of phase, or of the one after its last (steps_len if none). */
size_t playbook_phase_begin(const struct playbook *playbook, enum phase phase);
size_t playbook_phase_end(const struct playbook *playbook, enum phase phase);
/* Does it have verify steps? */
bool playbook_verifies(const struct playbook *playbook);
/*
 * Do its steps notify somebody, and neither find out nor do anything? A wait or an approval does
 * not; a precheck may find out.
 */
bool playbook_only_notifies(const struct playbook *playbook);

/* Does the playbook want this alert? 0 and *ret_match, or -1 when a regex gave up. */
int playbook_match(const struct playbook *playbook, const struct labels *labels, bool *ret_match,
		struct err *err);

/*
 * May value be the value of param? Not empty, at most PARAM_VALUE_MAX bytes, UTF-8 without control
 * characters (utf8_is_control), matches the pattern; a leading '-', '@', '+' or '=' only where the
 * pattern (or one of its top-level alternatives) begins with that character, plain or escaped; ".."
 * only where the pattern has "\.\." in it. The executor and the core both ask this. ERR_INPUT says
 * what is wrong, naming param, value and pattern.
 */
int param_check(const struct param *param, const char *value, struct err *err);

/*
 * The values of all params for this alert, in the order of playbook->params, borrowed from alert
 * and playbook. Each passed param_check(). ret_values->items has room for params_len.
 */
int playbook_params(const struct playbook *playbook, const struct alert *alert,
		struct labels *ret_values, struct err *err);

/* Do the names of values equal the declared params, in order, and does each pass param_check()? */
int playbook_params_check(
		const struct playbook *playbook, const struct labels *values, struct err *err);

/* Is name the label PHASE.NAME of this step? */
bool step_is_label(const struct step *step, const char *name);

/*
 * Append the step's argv with params put in: of a script, /bin/sh -eu -c TEXT NAME, where nothing
 * is put in. Only of a run or script step.
 */
int step_argv(const struct step *step, const struct labels *params, struct strv *out,
		struct err *err);
/* Append template text with params put in to out. */
int params_expand(const char *text, const struct labels *params, struct buf *out, struct err *err);
/*
 * The step's name, for operators. One of verify without a name of its own has that of its
 * check, which may have params in it: they are put in, in out. params NULL: as it is.
 */
const char *step_title(const struct step *step, const struct labels *params, struct buf *out);

#endif
