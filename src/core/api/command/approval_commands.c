/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/approval_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/api/read/read_runs.h"
#include "core/run/answers.h"
#include "store/approvals.h"
#include "store/runs.h"

struct explaining {
	struct reply *reply;
	const uint8_t *digest; /* NULL: none was given */
	bool over;             /* the run was canceled, since its alerts had ended */
};

/* Why an answer did not count. */
static void explain(const struct approval_row *row, void *arg)
{
	const struct explaining *explaining = arg;
	struct err *problem = &explaining->reply->problem;
	char when[CLOCK_TEXT_MAX];

	if (explaining->over && row->decision == APPROVAL_CANCELED) {
		err_set(problem, ERR_CONFLICT, "%s: run %" PRIu64 " was canceled", row->reason,
				row->binding.run);
	} else if (row->decision != APPROVAL_PENDING) {
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
				"the digest is not that of the open question: read the run again");
	} else if (row->not_by && !strcmp(row->not_by, explaining->reply->query->principal)) {
		err_set(problem, ERR_CONFLICT,
				"%s requested this run: another operator must approve it (four_eyes)",
				row->not_by);
	} else {
		err_set(problem, ERR_CONFLICT, "the approval has expired");
	}
}

/* The run that is asked about. */
struct asked {
	uint8_t status; /* enum run_status */
	bool over;      /* it was canceled, and no operator did that … */
	bool started_once;
	char reason[RUN_REASON_MAX]; /* … but for this */
};

static void on_asked(const struct run_row *row, void *arg)
{
	struct asked *asked = arg;

	asked->status = row->status;
	asked->over = row->status == RUN_CANCELED && !row->cancel;
	asked->started_once = row->started_at != 0;
	snprintf(asked->reason, sizeof(asked->reason), "%s", row->reason);
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
static int answer(struct reply *reply, const struct approval_answer *given, bool *ret_taken,
		struct err *err)
{
	struct explaining explaining = { reply, given->digest, false };
	struct db *db = reply->ground->db;
	struct asked asked = { 0 };
	int rc = runs_get(db, given->run_id, on_asked, &asked, err);

	*ret_taken = false;
	if (rc != 1) {
		return reply_found(reply, rc, "run", reply->query->ids[0]);
	}
	if (answers_look(reply->api->run, err) < 0 ||
			approvals_decide(db, given, ret_taken, err) < 0) {
		return -1;
	}
	if (*ret_taken) {
		return 0;
	}
	if (asked.over && !asked.started_once) {
		err_set(&reply->problem, ERR_CONFLICT, "%s: run %" PRId64 " was canceled",
				asked.reason, given->run_id);
		return 0;
	}
	explaining.over = asked.over;
	rc = approvals_last(db, given->run_id, explain, &explaining, err);
	if (rc == 0) {
		err_set(&reply->problem, ERR_CONFLICT,
				"run %" PRId64 " does not wait for approval: it is %s",
				given->run_id, run_status_names[asked.status]);
	}
	return rc < 0 ? -1 : 0;
}

static void log_answer(const struct approval_answer *given)
{
	log_info("approval answered", LOG_INT("run", given->run_id),
			LOG_STR("decision", approval_decision_names[given->decision]),
			LOG_STR("by", given->by), LOG_STR("reason", given->reason));
}

/* "approved by operator: it is quiet now"; text has RUN_REASON_MAX. */
static const char *in_words(const struct approval_answer *given, char *text)
{
	snprintf(text, RUN_REASON_MAX, "%s by %s%s%.250s", approval_decision_names[given->decision],
			given->by, *given->reason ? ": " : "", given->reason);
	return text;
}

static int conclude(struct reply *reply, const struct approval_answer *given, struct err *err)
{
	char text[RUN_REASON_MAX];
	bool taken;
	int rc;

	if (answer(reply, given, &taken, err) < 0) {
		return -1;
	}
	if (!taken) {
		return 0;
	}
	log_answer(given);
	in_words(given, text);
	rc = given->decision == APPROVAL_APPROVED
			     ? answers_grant(reply->api->run, given->run_id, text, err)
			     : answers_refuse(reply->api->run, given->run_id, text, err);
	return rc < 0 ? -1 : read_run_object(reply, NULL, given->run_id, err);
}

static struct approval_answer given_in(const struct reply *reply, enum approval_decision decision)
{
	const char *reason = reply_arg(reply, "reason");

	return (struct approval_answer){ .run_id = (int64_t)reply->query->ids[0],
		.decision = (uint8_t)decision,
		.by = reply->query->principal,
		.reason = reason ? reason : "",
		.now = reply->ground->turn.wall_ms };
}

int approval_commands_approve(struct reply *reply, struct err *err)
{
	struct approval_answer given = given_in(reply, APPROVAL_APPROVED);
	uint8_t digest[DIGEST_SIZE];
	uint8_t seal[DIGEST_SIZE];
	const char *sealed = reply_arg(reply, "seal");
	char why[GUARD_REASON_MAX];

	if (read_digest(reply, digest, &given.digest) < 0) {
		return 0;
	}
	if (!guard_pause(&reply->ground->pause.guard, given.now, why)) {
		err_set(&reply->problem, ERR_CONFLICT, "%s", why);
		return 0;
	}
	if (sealed && digest_parse(sealed, seal)) {
		given.seal = seal;
	}
	return conclude(reply, &given, err);
}

int approval_commands_reject(struct reply *reply, struct err *err)
{
	struct approval_answer given = given_in(reply, APPROVAL_REJECTED);
	uint8_t digest[DIGEST_SIZE];

	if (read_digest(reply, digest, &given.digest) < 0) {
		return 0;
	}
	return conclude(reply, &given, err);
}
