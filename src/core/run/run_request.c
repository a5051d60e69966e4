/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/run_request.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "core/run/question.h"
#include "core/run/run_incidents.h"
#include "store/guard_facts.h"
#include "store/run_episodes.h"
#include "store/runs.h"
#include "store/timeline.h"
#include "wire/json_labels.h"

#define HOUR_MS (INT64_C(3600) * 1000)

void run_request_target(const struct run_request *request, uint8_t ret_target[DIGEST_SIZE])
{
	auto_buf struct buf key = { 0 };
	const char *name = request->playbook->name;

	buf_add(&key, name, strlen(name) + 1);
	for (size_t i = 0; i < request->params->len; i++) {
		const char *value = request->params->items[i].value;

		buf_add(&key, value, strlen(value) + 1);
	}
	digest_sha256(key.data, key.len, ret_target);
}

/* The value of the param that max_targets counts, or NULL. */
static const char *distinct_value(const struct run_request *request)
{
	const char *distinct = request->playbook->guards.distinct;

	return distinct ? labels_get(request->params, distinct) : NULL;
}

/* The runs that are there already. */
static int gather_runs(struct db *db, const struct run_request *request, struct plan_facts *facts,
		struct err *err)
{
	struct run_facts episode = { 0 };
	struct run_facts once = { 0 };
	struct run_facts waiting = { 0 };
	struct run_facts last = { 0 };

	if (request->episode_id && runs_of_episode(db, request->episode_id, facts->playbook->name,
						   &episode, err) < 0) {
		return -1;
	}
	if (request->incident_id && !episode.id &&
			runs_once(db, request->incident_id, request->times_opened, request->target,
					&once, err) < 0) {
		return -1;
	}
	if (facts->playbook->guards.cooldown_ms && runs_last(db, request->target, &last, err) < 0) {
		return -1;
	}
	if (runs_waiting(db, request->target, &waiting, err) < 0) {
		return -1;
	}
	facts->waiting_run = waiting.id;
	facts->waiting_status = run_status_names[waiting.status];
	facts->episode_run = episode.id;
	facts->target_run = once.id;
	facts->target_ended_at = once.finished_at;
	facts->known_status = run_status_names[episode.id ? episode.status : once.status];
	facts->last_run = (struct guard_run){ last.id, last.finished_at };
	return 0;
}

/* What the playbook's guards count; those that are not set cost nothing. */
static int gather_counts(struct db *db, const struct run_request *request, struct plan_facts *facts,
		struct err *err)
{
	const struct guard_rules *rules = &facts->playbook->guards;
	const char *name = facts->playbook->name;
	int64_t now = request->now;

	if (rules->limit_runs && guard_facts_limit(db, name, now - rules->limit_per_ms + 1,
						 rules->limit_runs, &facts->in_window,
						 &facts->oldest_at, err) < 0) {
		return -1;
	}
	if (rules->breaker_failures &&
			guard_facts_breaker(db, name, rules->breaker_failures, &facts->failures,
					&facts->last_failure, &facts->trial, err) < 0) {
		return -1;
	}
	if (rules->distinct && guard_facts_targets(db, name, distinct_value(request),
					       now - rules->targets_per_ms + 1,
					       &facts->other_targets, err) < 0) {
		return -1;
	}
	if (facts->starts_at_most &&
			guard_facts_starts(db, now - HOUR_MS + 1, facts->starts_at_most,
					&facts->starts_in_hour, err) < 0) {
		return -1;
	}
	return 0;
}

int run_request_gather(struct run_room *run, struct run_request *request,
		struct plan_facts *ret_facts, struct err *err)
{
	const struct config *config = configs_now(&run->ground->configs);
	struct plan_facts facts = {
		.playbook = request->playbook,
		.param_error = request->param_error,
		.by_hand = request->by_hand,
		.override_guards = request->override_guards,
		.now = request->now,
		.starts_at = request->starts_at,
		.max_alert_age_ms = config->max_alert_age_ms,
		.received_at = request->received_at,
		.max_replay_age_ms = config->max_replay_age_ms,
		.dry_run = config->dry_run,
		.pause = run->ground->pause.guard,
		.clocks = clocks_at(&run->ground->clocks, config, request->now),
		.starts_at_most = config->max_starts_per_hour,
	};

	if (!request->param_error) {
		request->needs_approval =
				run_begins_with_approval(request->playbook, request->params);
		facts.approval_step =
				request->needs_approval ? request->playbook->steps[0].name : NULL;
		run_request_target(request, request->target);
		if (guard_facts_set_back(run->ground->db, request->now, err) < 0 ||
				gather_runs(run->ground->db, request, &facts, err) < 0 ||
				gather_counts(run->ground->db, request, &facts, err) < 0) {
			return -1;
		}
	}
	*ret_facts = facts;
	return 0;
}

/* Params passed their patterns, so the template cannot fail. */
static bool lock_key(const struct run_request *request, struct buf *out)
{
	const char *lock = request->playbook->guards.lock;
	struct err err;

	return lock && params_expand(lock, request->params, out, &err) == 0;
}

static int ask_first(struct run_room *run, const struct run_request *request, int64_t run_id,
		struct err *err)
{
	const struct question question = { .run_id = run_id,
		.incident_id = request->incident_id,
		.config = configs_now(&run->ground->configs),
		.playbook = request->playbook,
		.step = 0,
		.params = request->params,
		.trigger = request->trigger,
		.requested_by = request->requested_by };

	return question_ask(run, &question, err);
}

/* The run is in the queue: an entry of the timeline. */
static int add_queued(struct run_room *run, const struct run_request *request, int64_t run_id,
		struct err *err)
{
	const char *reason = request->reason ? request->reason : "";
	auto_free char *text = xasprintf("run %" PRId64 " (%s), trigger %s%s%s%s", run_id,
			request->playbook->name, request->trigger,
			request->override_guards ? ", with its guards overridden" : "",
			*reason ? ": " : "", reason);
	const struct timeline_row row = { .incident_id = request->incident_id,
		.at = request->now,
		.kind = TIMELINE_QUEUED,
		.who = request->by_hand ? request->requested_by : NULL,
		.text = text,
		.run_id = run_id };

	return row.incident_id ? timeline_add(run->ground->db, &row, err) : 0;
}

int run_request_add(struct run_room *run, const struct run_request *request, int64_t *ret_id,
		struct err *err)
{
	auto_buf struct buf lock = { 0 };
	bool locks = lock_key(request, &lock);
	const struct run_row row = {
		.id = run->unknown.highest + 1,
		.lock = locks ? buf_text(&lock) : NULL,
		.distinct_value = distinct_value(request),
		.incident_id = request->incident_id,
		.episode_id = request->episode_id,
		.times_opened = request->times_opened,
		.playbook = request->playbook->name,
		.target = request->target,
		.trigger = request->trigger,
		.requested_by = request->requested_by,
		.request_reason = request->reason,
		.override_guards = request->override_guards,
		.config_hash = configs_now(&run->ground->configs)->hash,
		.status = request->needs_approval ? RUN_AWAITING_APPROVAL : RUN_QUEUED,
		.alertname = request->alertname,
		.alert = request->alert,
		.alert_status = request->alert_status,
		.queued_at = request->now,
	};

	run->queue_waits = true;
	if (runs_add(run->ground->db, &row, request->params, ret_id, err) < 0) {
		return -1;
	}
	if (add_queued(run, request, *ret_id, err) < 0) {
		return -1;
	}
	return request->needs_approval ? ask_first(run, request, *ret_id, err) : 0;
}

int run_request_join(struct run_room *run, const struct run_request *request, int64_t run_id,
		struct err *err)
{
	AUTO_RUN_INCIDENTS(before);

	if (run_incidents_list(run->ground->db, run_id, 0, &before, err) < 0 ||
			run_episodes_add(run->ground->db, run_id, request->episode_id,
					request->incident_id, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < before.len; i++) {
		if (before.items[i] == request->incident_id) {
			return 0;
		}
	}
	return question_join(run, run_id, request->incident_id, err);
}

/* The alert with as much of it as `parts` says; "truncated" tells that something is missing. */
enum alert_parts { ALERT_WHOLE, ALERT_LABELS, ALERT_BARE };

static void write_alert(struct buf *out, const struct alert *alert, enum alert_parts parts)
{
	static const struct labels none;
	struct jsonw w = jsonw_begin(out);

	jsonw_object(&w, NULL);
	jsonw_str(&w, "status", alert_status_names[alert->status]);
	json_labels_write(&w, "labels", parts == ALERT_BARE ? &none : &alert->labels);
	json_labels_write(&w, "annotations", parts == ALERT_WHOLE ? &alert->annotations : &none);
	jsonw_time(&w, "startsAt", alert->starts_at);
	jsonw_time(&w, "endsAt", alert->ends_at);
	jsonw_str(&w, "generatorURL", parts == ALERT_BARE ? "" : alert->generator_url);
	jsonw_str(&w, "fingerprint", alert->fingerprint);
	if (parts != ALERT_WHOLE) {
		jsonw_bool(&w, "truncated", true);
	}
	jsonw_close(&w);
	jsonw_end(&w);
}

char *run_request_alert_json(struct arena *arena, const struct alert *alert)
{
	auto_buf struct buf text = { 0 };

	for (int parts = ALERT_WHOLE; parts <= ALERT_BARE; parts++) {
		buf_reset(&text);
		write_alert(&text, alert, (enum alert_parts)parts);
		if (text.len <= START_ALERT_MAX) {
			break;
		}
	}
	return arena_strndup(arena, buf_text(&text), text.len);
}
