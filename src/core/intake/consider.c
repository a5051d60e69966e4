/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/consider.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/escalate/attention.h"
#include "core/intake/incident_of.h"
#include "core/run/run_request.h"
#include "core/view/rows.h"
#include "store/deliveries.h"
#include "store/guard_facts.h"
#include "store/runs.h"

int consider_record(struct intake *in, const struct subject *subject, const struct verdict *verdict,
		struct err *err)
{
	const char *note = subject->alert->note;
	char noted[2 * PLAN_REASON_MAX + ALERT_NOTE_MAX];
	const struct decision_row row = {
		.delivery_id = in->delivery_id,
		.position = in->position++,
		.at = in->now,
		.fingerprint = subject->fingerprint,
		.alertname = subject->alertname,
		.decision = decision_names[verdict->decision],
		.reason = note ? noted : verdict->reason,
		.playbook = verdict->playbook,
		.incident_id = verdict->incident_id,
		.run_id = verdict->run_id,
	};

	if (note) {
		snprintf(noted, sizeof(noted), "%s; %s", verdict->reason, note);
	}
	rows_alert_decision(&in->answer, &row);
	if (!in->msg->dry_run) {
		in->ground->counters.decisions[verdict->decision]++;
	}
	return decisions_add(in->ground->db, &row, err);
}

int consider_attention(struct intake *in, int64_t incident_id, const char *why, struct err *err)
{
	return in->msg->dry_run ? 0 : attention_state(in->room->escalate, incident_id, why, err);
}

/*
 * More targets are broken than the playbook is for: that is one outage, so a level is paged once
 * in its window, for the first incident. As long as that is open, the others point to it.
 */
static int page_once(struct intake *in, const struct subject *subject,
		const struct playbook *playbook, char *reason, struct err *err)
{
	struct db *db = in->ground->db;
	const struct guard_outage outage = { playbook->name, subject->incident.id, in->now };
	size_t used = strlen(reason);
	int64_t known = 0;

	if (guard_facts_outage(db, &outage, playbook->guards.targets_per_ms, &known, err) < 0) {
		return -1;
	}
	if (known && known != subject->incident.id) {
		snprintf(reason + used, PLAN_REASON_MAX - used,
				"; the on-call engineer was paged for incident %" PRId64, known);
		return in->msg->dry_run
				       ? 0
				       : attention_note(in->room->escalate,
							 &(struct attention){
									 .incident_id = subject->incident
													.id,
									 .why = reason },
							 err);
	}
	if (!known && guard_facts_note_outage(db, &outage, err) < 0) {
		return -1;
	}
	return consider_attention(in, subject->incident.id, reason, err);
}

/*
 * The alert still fires after a verified run: another one looks again. The steps are not run again,
 * and nothing is said of the run that was verified until the look has ended.
 */
static int look_again(struct intake *in, const struct run_request *done, int64_t verified,
		struct verdict *verdict, char *reason, struct err *err)
{
	const struct playbook *playbook = done->playbook;
	struct run_request request = *done;
	struct run_facts last;
	struct plan_look look = {
		.notification_reason = in->msg->delivery.notification_reason,
		.has_verify = playbook_verifies(playbook),
		.now = in->now,
	};

	if (runs_last(in->ground->db, done->target, &last, err) < 0) {
		return -1;
	}
	look.busy = !run_status_final(last.status);
	look.last_ended_at = last.finished_at;
	if (!plan_look_again(&look)) {
		return 0;
	}
	request.trigger = "escalation";
	request.alert = "{}";
	request.needs_approval = false; /* it only looks */
	if (run_request_add(in->room->run, &request, &verdict->run_id, err) < 0) {
		return -1;
	}
	snprintf(reason, PLAN_REASON_MAX,
			"run %" PRId64 " was verified, and the alert still fires: run %" PRId64
			" verifies again",
			verified, verdict->run_id);
	return 0;
}

/* The run that this playbook would have for the alert in hand. */
static struct run_request request_of(const struct intake *in, const struct subject *subject,
		const struct playbook *playbook, const struct labels *params)
{
	return (struct run_request){
		.playbook = playbook,
		.params = params,
		.incident_id = subject->incident.id,
		.episode_id = subject->episode_id,
		.times_opened = subject->incident.times_opened,
		.starts_at = subject->alert->starts_at,
		.received_at = in->received_at,
		.now = in->now,
		.by_hand = in->msg->replay_of != 0,
		.override_guards = in->msg->override_guards,
		.reason = in->msg->reason,
		.trigger = in->msg->replay_of ? "replay" : "alert",
		.requested_by = in->msg->principal,
		.alertname = subject->alertname,
		.alert_status = alert_status_names[subject->alert->status],
	};
}

/* The run that the verdict speaks of: the one that is there, or a new one. */
static int give_run(struct intake *in, const struct subject *subject, struct run_request *request,
		struct verdict *verdict, struct err *err)
{
	if (!plan_makes_run(verdict->decision)) {
		return 0;
	}
	request->alert = run_request_alert_json(in->arena, subject->alert);
	return run_request_add(in->room->run, request, &verdict->run_id, err);
}

/* Does the verdict need an operator? reason may be added to. */
static int attention_if_needed(struct intake *in, const struct subject *subject,
		const struct playbook *playbook, enum decision decision, char *reason,
		struct err *err)
{
	if (decision == DECISION_AWAITING_APPROVAL && !in->msg->dry_run) {
		log_warn("incident needs an operator", LOG_INT("incident", subject->incident.id),
				LOG_STR("reason", reason));
	}
	if (decision == DECISION_TOO_MANY_TARGETS) {
		return page_once(in, subject, playbook, reason, err);
	}
	return plan_needs_operator(decision)
			       ? consider_attention(in, subject->incident.id, reason, err)
			       : 0;
}

/* How it arrived, if there is a word for that, and why. */
static const char *after_arrival(
		struct intake *in, const struct subject *subject, const char *reason)
{
	return *subject->arrival ? arena_printf(in->arena, "%s; %s", subject->arrival, reason)
				 : arena_strdup(in->arena, reason);
}

/* It was thought repaired: what is decided now says whether it was, for this alert too. */
static int fire_again(
		struct intake *in, struct subject *subject, enum decision decision, struct err *err)
{
	bool meant = decision == DECISION_REPEAT || decision == DECISION_DUPLICATE;

	return meant || subject->incident.status != INCIDENT_MITIGATED
			       ? 0
			       : incident_of_fire_again(in, subject, err);
}

/* What is decided is done: the run, or the look, or an operator. reason may be changed. */
static int carry_out(struct intake *in, struct subject *subject, struct run_request *request,
		const struct plan_facts *facts, struct verdict *verdict, char *reason,
		struct err *err)
{
	int64_t verified = verdict->run_id;

	if (verdict->decision == DECISION_DUPLICATE && facts->waiting_run &&
			verdict->run_id == facts->waiting_run &&
			run_request_join(in->room->run, request, facts->waiting_run, err) < 0) {
		return -1;
	}
	if (fire_again(in, subject, verdict->decision, err) < 0 ||
			give_run(in, subject, request, verdict, err) < 0) {
		return -1;
	}
	if (verdict->decision == DECISION_REPEAT && verified &&
			subject->incident.status == INCIDENT_MITIGATED &&
			look_again(in, request, verified, verdict, reason, err) < 0) {
		return -1;
	}
	return attention_if_needed(in, subject, request->playbook, verdict->decision, reason, err);
}

/* One playbook that matches: does it run? */
static int consider(struct intake *in, struct subject *subject, const struct playbook *playbook,
		struct err *err)
{
	char reason[PLAN_REASON_MAX];
	struct labels params = {
		arena_calloc(in->arena, playbook->params_len, sizeof(struct label)), 0
	};
	struct run_request request = request_of(in, subject, playbook, &params);
	struct verdict verdict = { .playbook = playbook->name,
		.incident_id = subject->incident.id };
	struct err wrong = { 0 };
	struct plan_facts facts;

	if (playbook_params(playbook, subject->alert, &params, &wrong) < 0) {
		request.param_error = wrong.msg;
	}
	if (run_request_gather(in->room->run, &request, &facts, err) < 0) {
		return -1;
	}
	facts.repeats = subject->repeats;
	verdict.decision = plan_run(&facts, reason);
	verdict.run_id = facts.episode_run ? facts.episode_run : facts.target_run;
	verdict.run_id = verdict.run_id ? verdict.run_id : facts.waiting_run;
	if (carry_out(in, subject, &request, &facts, &verdict, reason, err) < 0) {
		return -1;
	}
	verdict.reason = after_arrival(in, subject, reason);
	return consider_record(in, subject, &verdict, err);
}

struct consider_matches consider_match(struct intake *in, const struct alert *alert)
{
	const struct config *config = in->config;
	struct consider_matches matches = { .items = arena_calloc(in->arena, config->playbooks_len,
							    sizeof(*matches.items)) };

	for (size_t i = 0; i < config->playbooks_len; i++) {
		const struct playbook *playbook = &config->playbooks[i];
		bool match = false;

		if (playbook_match(playbook, &alert->labels, &match, &matches.error) < 0) {
			matches.len = 0;
			return matches;
		}
		if (match) {
			matches.items[matches.len++] = playbook;
		}
		if (match && !playbook->continue_matching) {
			break;
		}
	}
	return matches;
}

/* No playbook is for it. */
static int consider_unmatched(struct intake *in, struct subject *subject, const struct err *error,
		struct err *err)
{
	const char *why = error->code != ERR_NONE ? error->msg : "no playbook matches this alert";
	struct verdict verdict = {
		.decision = subject->repeats ? DECISION_REPEAT : DECISION_UNMATCHED,
		.incident_id = subject->incident.id,
		.reason = subject->arrival,
	};

	if (!subject->repeats) {
		verdict.reason = after_arrival(in, subject, why);
	}
	if (subject->incident.id && !subject->repeats &&
			(fire_again(in, subject, verdict.decision, err) < 0 ||
					consider_attention(in, subject->incident.id,
							in->own ? in->own->summary : why,
							err) < 0)) {
		return -1;
	}
	return consider_record(in, subject, &verdict, err);
}

int consider_all(struct intake *in, struct subject *subject, const struct consider_matches *matches,
		struct err *err)
{
	for (size_t i = 0; i < matches->len; i++) {
		if (consider(in, subject, matches->items[i], err) < 0) {
			return -1;
		}
	}
	return matches->len ? 0 : consider_unmatched(in, subject, &matches->error, err);
}
