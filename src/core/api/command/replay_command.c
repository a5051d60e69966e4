/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/replay_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/api/command/run_commands.h"
#include "core/run/run_request.h"
#include "domain/incident.h"
#include "store/episodes.h"
#include "store/incidents.h"
#include "wire/json_labels.h"

#define REPLAY_ALERTS_MAX 1000 /* of one incident */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* An incident's playbook once more. */
struct replay {
	struct reply *reply;
	struct arena *arena;
	int64_t incident_id;
	uint8_t status; /* enum incident_status */
	int64_t times_opened;
	const char *playbook_name; /* NULL: unmatched */
	const struct playbook *playbook;
	struct episode_row *episodes;
	size_t len;
	size_t cap;
	uint8_t (*targets)[DIGEST_SIZE]; /* of the runs that were added */
	int64_t *runs;
	size_t runs_len;
	char held[PLAN_REASON_MAX]; /* why the first that did not start did not */
};

static void on_incident(const struct incident_row *row, void *arg)
{
	struct replay *replay = arg;

	replay->status = row->status;
	replay->times_opened = row->times_opened;
	replay->playbook_name = arena_strdup(replay->arena, row->playbook);
}

static void on_episode(const struct episode_row *row, void *arg)
{
	struct replay *replay = arg;
	void *items = replay->episodes;

	if (!row->occurrences) {
		return;
	}

	struct episode_row *copy = mem_push(&items, replay->len, &replay->cap, sizeof(*copy));

	replay->episodes = items;
	replay->len++;
	*copy = *row;
	copy->fingerprint = arena_strdup(replay->arena, row->fingerprint);
	copy->labels = arena_strdup(replay->arena, row->labels);
	copy->annotations = arena_strdup(replay->arena, row->annotations);
	copy->generator_url = arena_strdup(replay->arena, row->generator_url);
	copy->status = arena_strdup(replay->arena, row->status);
}

/* What cannot be replayed becomes the problem. */
static int check_replay(struct replay *replay)
{
	struct err *problem = &replay->reply->problem;
	const char *name = replay->playbook_name;

	if (run_commands_check(replay->reply) < 0) {
		return -1;
	}
	if (replay->status == INCIDENT_CLOSED) {
		return err_set(problem, ERR_CONFLICT, "the incident is closed");
	}
	if (!name) {
		return err_set(problem, ERR_CONFLICT, "no playbook matched this incident");
	}
	replay->playbook = config_playbook(configs_now(&replay->reply->ground->configs), name);
	if (!replay->playbook) {
		return err_set(problem, ERR_CONFLICT,
				"its playbook '%s' is not in the configuration any more", name);
	}
	return 0;
}

static void write_decision(const struct replay *replay, const struct run_request *request,
		const char *fingerprint, enum decision decision, const char *reason, int64_t run_id)
{
	struct jsonw *w = &replay->reply->w;

	jsonw_object(w, NULL);
	jsonw_str(w, "fingerprint", fingerprint);
	jsonw_str(w, "alertname", request->alertname);
	jsonw_str(w, "decision", decision_names[decision]);
	jsonw_str(w, "reason", reason);
	jsonw_str(w, "playbook", replay->playbook->name);
	jsonw_int(w, "incidentId", replay->incident_id);
	if (run_id) {
		jsonw_int(w, "runId", run_id);
	} else {
		jsonw_null(w, "runId");
	}
	jsonw_close(w);
}

/* The run that this replay has added for the same target, or 0. */
static int64_t same_target(const struct replay *replay, const struct run_request *request)
{
	uint8_t target[DIGEST_SIZE];

	run_request_target(request, target);
	for (size_t i = 0; i < replay->runs_len; i++) {
		if (!memcmp(replay->targets[i], target, DIGEST_SIZE)) {
			return replay->runs[i];
		}
	}
	return 0;
}

static int replay_alert(struct replay *replay, struct run_request *request, const char *fingerprint,
		struct err *err)
{
	char reason[PLAN_REASON_MAX];
	enum decision decision;
	int64_t run_id = request->param_error ? 0 : same_target(replay, request);

	if (run_id) {
		snprintf(reason, sizeof(reason), "run %" PRId64 " does the same", run_id);
		write_decision(replay, request, fingerprint, DECISION_DUPLICATE, reason, run_id);
		return 0;
	}
	if (run_commands_decide(replay->reply, request, reason, &decision, &run_id, err) < 0) {
		return -1;
	}
	if (run_id) {
		memcpy(replay->targets[replay->runs_len], request->target, DIGEST_SIZE);
		replay->runs[replay->runs_len++] = run_id;
	} else if (!*replay->held) {
		memcpy(replay->held, reason, sizeof(reason));
	}
	write_decision(replay, request, fingerprint, decision, reason, run_id);
	return 0;
}

/* The alert as it was, in the arena. What intake wrote can be read again. */
static int read_alert(struct replay *replay, const struct episode_row *row, struct alert *ret,
		struct err *err)
{
	*ret = (struct alert){
		.status = !strcmp(row->status, alert_status_names[ALERT_FIRING]) ? ALERT_FIRING
										 : ALERT_RESOLVED,
		.starts_at = row->starts_at,
		.ends_at = row->ends_at,
		.generator_url = row->generator_url,
		.fingerprint = row->fingerprint,
	};
	if (json_labels(row->labels, replay->arena, &ret->labels, err) < 0) {
		return -1;
	}
	return json_labels(row->annotations, replay->arena, &ret->annotations, err);
}

static int replay_episode(struct replay *replay, const struct episode_row *row, struct err *err)
{
	const struct playbook *playbook = replay->playbook;
	struct labels params = {
		arena_calloc(replay->arena, playbook->params_len, sizeof(*params.items)), 0
	};
	struct alert alert;
	struct err wrong;
	struct run_request request = {
		.playbook = playbook,
		.params = &params,
		.incident_id = replay->incident_id,
		.episode_id = row->id,
		.times_opened = replay->times_opened,
		.now = replay->reply->ground->turn.wall_ms,
		.received_at = row->last_seen,
		.by_hand = true,
		.override_guards = reply_arg_true(replay->reply, "force"),
		.trigger = "replay",
		.requested_by = replay->reply->query->principal,
		.reason = reply_arg(replay->reply, "reason"),
	};

	if (read_alert(replay, row, &alert, err) < 0) {
		return -1;
	}
	request.alertname = labels_value(&alert.labels, "alertname");
	request.alert_status = alert_status_names[alert.status];
	request.alert = run_request_alert_json(replay->arena, &alert);
	if (playbook_params(playbook, &alert, &params, &wrong) < 0) {
		request.param_error = wrong.msg;
	}
	return replay_alert(replay, &request, row->fingerprint, err);
}

static int replay_all(struct replay *replay, struct err *err)
{
	struct reply *reply = replay->reply;
	struct jsonw *w = &reply->w;

	replay->targets = arena_calloc(replay->arena, replay->len, DIGEST_SIZE);
	replay->runs = arena_calloc(replay->arena, replay->len, sizeof(*replay->runs));
	jsonw_object(w, NULL);
	jsonw_int(w, "incidentId", replay->incident_id);
	jsonw_array(w, "decisions");
	for (size_t i = 0; i < replay->len; i++) {
		if (replay_episode(replay, &replay->episodes[i], err) < 0) {
			return -1;
		}
	}
	jsonw_close(w);
	jsonw_close(w);
	if (!replay->runs_len && !reply_arg_true(reply, "dry_run")) {
		err_set(&reply->problem, ERR_CONFLICT, "%s",
				*replay->held ? replay->held
					      : "no alert of the incident has fired");
	}
	return 0;
}

int replay_command(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct db *db = reply->ground->db;
	struct replay replay = {
		.reply = reply, .arena = arena, .incident_id = (int64_t)reply->query->ids[0]
	};
	int rc = incidents_get(db, replay.incident_id, on_incident, &replay, err);

	if (rc != 1) {
		return reply_found(reply, rc, "incident", reply->query->ids[0]);
	}
	if (check_replay(&replay) < 0) {
		return 0;
	}
	rc = episodes_of(db, replay.incident_id, REPLAY_ALERTS_MAX, on_episode, &replay, err);
	if (rc == 0) {
		rc = replay_all(&replay, err);
	}
	free(replay.episodes);
	return rc;
}
