#include "core/api/command/approval_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/api/command/run_commands.h"
#include "core/core.h"
#include "core/run/answers.h"
#include "core/run/start.h"
#include "store/approvals.h"
#include "store/runs.h"

/* Showing. */

struct showing {
	struct reply *reply;
	const char *playbook;
	const struct labels *params;
};

static void write_env(struct jsonw *w, const struct step *step, const struct labels *params)
{
	jsonw_object(w, "env");
	for (size_t i = 0; i < step->env.len; i++) {
		auto_buf struct buf value = { 0 };
		struct err err;

		params_expand(step->env.items[i].value, params, &value, &err);
		jsonw_str(w, step->env.items[i].name, buf_text(&value));
	}
	jsonw_close(w);
}

static void write_step(const struct showing *showing, const struct config *config,
		const struct step *step, size_t index)
{
	struct jsonw *w = &showing->reply->w;

	jsonw_object(w, NULL);
	jsonw_int(w, "index", (int64_t)index);
	jsonw_str(w, "phase", phase_names[step->phase]);
	jsonw_str(w, "name", step->name);
	jsonw_str(w, "kind", step_kind_names[step->kind]);
	launch_write_argv(w, "argv", config, step, showing->params);
	write_env(w, step, showing->params);
	jsonw_str(w, "user", step->user);
	jsonw_str(w, "cwd", step->cwd);
	jsonw_close(w);
}

/* What is let through: up to the next approve step, or all that is left but for rescue. */
static void write_steps(const struct showing *showing, uint32_t asks)
{
	const struct config *config = core_config(showing->reply->core);
	const struct playbook *playbook = config_playbook(config, showing->playbook);

	for (size_t i = asks + 1; playbook && i < playbook->steps_len; i++) {
		const struct step *step = &playbook->steps[i];

		if (step->kind == STEP_APPROVE || step->phase == PHASE_RESCUE) {
			return;
		}
		write_step(showing, config, step, i);
	}
}

/* The members that an open question and one that was answered have in common. */
static void write_question(struct jsonw *w, const struct approval_row *row)
{
	char digest[DIGEST_TEXT_MAX];

	jsonw_int(w, "step", row->binding.step);
	jsonw_str(w, "name", row->name);
	jsonw_str(w, "message", row->message);
	jsonw_time(w, "askedAt", row->asked_at);
	jsonw_time(w, "expiresAt", row->binding.expires_at);
	jsonw_str(w, "digest", digest_text(row->digest, digest));
	jsonw_str(w, "notBy", row->not_by);
}

static void write_one(const struct approval_row *row, void *arg)
{
	const struct showing *showing = arg;
	struct jsonw *w = &showing->reply->w;
	char hash[DIGEST_TEXT_MAX];

	jsonw_object(w, NULL);
	write_question(w, row);
	jsonw_str(w, "configHash", digest_text(row->binding.config_hash, hash));
	jsonw_str(w, "decision", approval_decision_names[row->decision]);
	jsonw_time(w, "decidedAt", row->decided_at);
	jsonw_str(w, "decidedBy", row->decided_by);
	jsonw_str(w, "reason", row->reason);
	jsonw_close(w);
}

static void write_open(const struct approval_row *row, void *arg)
{
	const struct showing *showing = arg;
	struct jsonw *w = &showing->reply->w;

	if (row->decision != APPROVAL_PENDING) {
		jsonw_null(w, "approval");
		return;
	}
	jsonw_object(w, "approval");
	write_question(w, row);
	jsonw_array(w, "steps");
	write_steps(showing, row->binding.step);
	jsonw_close(w);
	jsonw_close(w);
}

static int write_both(struct showing *showing, int64_t run_id, struct err *err)
{
	struct db *db = showing->reply->core->db;
	struct jsonw *w = &showing->reply->w;
	int rc = approvals_last(db, run_id, write_open, showing, err);

	if (rc == 0) {
		jsonw_null(w, "approval");
	}
	if (rc < 0) {
		return -1;
	}
	jsonw_array(w, "approvals");
	rc = approvals_of(db, run_id, write_one, showing, err);
	jsonw_close(w);
	return rc;
}

static void take_playbook(const struct run_row *row, void *arg)
{
	char **playbook = arg;

	*playbook = xstrdup(row->playbook);
}

int approve_write(struct reply *reply, int64_t run_id, const struct labels *params, struct err *err)
{
	auto_free char *playbook = NULL;
	struct showing showing = { .reply = reply, .params = params };

	if (runs_get(reply->core->db, run_id, take_playbook, &playbook, err) != 1) {
		return -1;
	}
	showing.playbook = playbook;
	return write_both(&showing, run_id, err);
}

/* Answering. */

struct explaining {
	struct reply *reply;
	const uint8_t *digest; /* NULL: none was given */
};

/* Why an answer did not count. */
static void explain(const struct approval_row *row, void *arg)
{
	const struct explaining *explaining = arg;
	struct err *problem = &explaining->reply->problem;
	char when[CLOCK_TEXT_MAX];

	if (row->decision != APPROVAL_PENDING) {
		err_set(problem, ERR_CONFLICT, "'%s' was %s%s%s at %s%s%s", row->name,
				row->decision == APPROVAL_EXPIRED
						? "rejected"
						: approval_decision_names[row->decision],
				row->decided_by ? " by " : "",
				row->decided_by ? row->decided_by : "",
				clock_format(row->decided_at, when),
				row->reason && *row->reason ? ": " : "",
				row->reason ? row->reason : "");
	} else if (explaining->digest && !digest_equal(explaining->digest, row->digest)) {
		err_set(problem, ERR_CONFLICT,
				"this is not the digest of what would be done now: look at the run "
				"again");
	} else if (row->not_by && !strcmp(row->not_by, explaining->reply->query->principal)) {
		err_set(problem, ERR_CONFLICT,
				"%s asked for this run: somebody else must approve it (four_eyes)",
				row->not_by);
	} else {
		err_set(problem, ERR_CONFLICT, "it is too late");
	}
}

static void take_status(const struct run_row *row, void *arg)
{
	uint8_t *status = arg;

	*status = row->status;
}

/* The digest that was sent; *ret is NULL when none was. -1: that is the reply's problem. */
static int read_digest(struct reply *reply, uint8_t digest[DIGEST_SIZE], const uint8_t **ret)
{
	const char *text = reply_arg(reply, "digest");

	*ret = NULL;
	if (text && !digest_parse(text, digest)) {
		return err_set(&reply->problem, ERR_INPUT, "digest: expected 64 hex digits");
	}
	if (text) {
		*ret = digest;
	}
	return 0;
}

/* Say it, if it counts; else the reply has a problem. */
static int answer(struct reply *reply, const struct approval_answer *said, bool *ret_taken,
		struct err *err)
{
	struct explaining explaining = { reply, said->digest };
	struct db *db = reply->core->db;
	uint8_t status = RUN_QUEUED;
	int rc = runs_get(db, said->run_id, take_status, &status, err);

	*ret_taken = false;
	if (rc != 1) {
		return reply_found(reply, rc, "run", reply->query->ids[0]);
	}
	if (approvals_look(reply->core, err) < 0 ||
			approvals_decide(db, said, ret_taken, err) < 0) {
		return -1;
	}
	if (*ret_taken) {
		return 0;
	}
	rc = approvals_last(db, said->run_id, explain, &explaining, err);
	if (rc == 0) {
		err_set(&reply->problem, ERR_CONFLICT, "run %" PRId64 " asks nobody: it is %s",
				said->run_id, run_status_names[status]);
	}
	return rc < 0 ? -1 : 0;
}

static void log_answer(const struct approval_answer *said)
{
	log_info("a run that waited was answered", LOG_INT("run", said->run_id),
			LOG_STR("decision", approval_decision_names[said->decision]),
			LOG_STR("by", said->by), LOG_STR("reason", said->reason));
}

/* "approved by operator: it is quiet now"; text has RUN_REASON_MAX. */
static const char *in_words(const struct approval_answer *said, char *text)
{
	snprintf(text, RUN_REASON_MAX, "%s by %s%s%.250s", approval_decision_names[said->decision],
			said->by, *said->reason ? ": " : "", said->reason);
	return text;
}

static int conclude(struct reply *reply, const struct approval_answer *said, struct err *err)
{
	struct core *core = reply->core;
	char text[RUN_REASON_MAX];
	bool taken;
	int rc;

	if (answer(reply, said, &taken, err) < 0) {
		return -1;
	}
	if (!taken) {
		return 0;
	}
	log_answer(said);
	in_words(said, text);
	rc = said->decision == APPROVAL_APPROVED ? approvals_grant(core, said->run_id, text, err)
						 : approvals_refuse(core, said->run_id, text, err);
	return rc < 0 ? -1 : manual_write_run(reply, NULL, said->run_id, err);
}

static struct approval_answer said_in(const struct reply *reply, enum approval_decision decision)
{
	const char *reason = reply_arg(reply, "reason");

	return (struct approval_answer){ .run_id = (int64_t)reply->query->ids[0],
		.decision = (uint8_t)decision,
		.by = reply->query->principal,
		.reason = reason ? reason : "",
		.now = clock_wall_ms() };
}

int approve_run(struct reply *reply, struct err *err)
{
	struct approval_answer said = said_in(reply, APPROVAL_APPROVED);
	uint8_t digest[DIGEST_SIZE];
	uint8_t seal[DIGEST_SIZE];
	const char *sealed = reply_arg(reply, "seal");
	char why[GUARD_REASON_MAX];

	if (read_digest(reply, digest, &said.digest) < 0) {
		return 0;
	}
	if (!guard_pause(&reply->core->pause.guard, said.now, why)) {
		err_set(&reply->problem, ERR_CONFLICT, "%s", why);
		return 0;
	}
	if (sealed && digest_parse(sealed, seal)) {
		said.seal = seal;
	}
	return conclude(reply, &said, err);
}

int approve_reject(struct reply *reply, struct err *err)
{
	struct approval_answer said = said_in(reply, APPROVAL_REJECTED);
	uint8_t digest[DIGEST_SIZE];

	if (read_digest(reply, digest, &said.digest) < 0) {
		return 0;
	}
	return conclude(reply, &said, err);
}
