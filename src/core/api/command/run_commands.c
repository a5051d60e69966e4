/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/run_commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/api/read/read_runs.h"
#include "core/run/runner.h"
#include "store/runs.h"

#define PARAM_ARG "params."
/* What a step with `stdin: alert` reads when there is no alert. */
#define NO_ALERT "{\"status\":\"\",\"labels\":{},\"annotations\":{}}"

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

int run_commands_check(struct reply *reply)
{
	const char *reason = reply_arg(reply, "reason");

	if (reply_arg_true(reply, "force") && (!reason || !*reason)) {
		return err_set(&reply->problem, ERR_INPUT,
				"reason: missing or empty: force needs a reason, which stays with the run");
	}
	return 0;
}

static void log_request(const struct run_request *request, int64_t run_id)
{
	log_info("run requested by hand", LOG_INT("run", run_id),
			LOG_STR("playbook", request->playbook->name),
			LOG_STR("by", request->requested_by),
			LOG_INT("override_guards", request->override_guards),
			LOG_STR("reason", request->reason ? request->reason : ""));
}

static const struct param *find_param(const struct playbook *playbook, const char *name)
{
	for (size_t i = 0; i < playbook->params_len; i++) {
		if (!strcmp(playbook->params[i].name, name)) {
			return &playbook->params[i];
		}
	}
	return NULL;
}

/* Is everything that was given a param that may be given? */
static int check_given(struct reply *reply, const struct playbook *playbook)
{
	const struct labels *args = &reply->query->args;

	for (size_t i = 0; i < args->len; i++) {
		const char *arg = args->items[i].name;
		const struct param *param;

		if (strncmp(arg, PARAM_ARG, strlen(PARAM_ARG)) != 0) {
			continue;
		}
		param = find_param(playbook, arg + strlen(PARAM_ARG));
		if (!param) {
			return err_set(&reply->problem, ERR_INPUT,
					"%s: playbook '%s' has no such param", arg, playbook->name);
		}
		if (param->source == PARAM_CONSTANT) {
			return err_set(&reply->problem, ERR_INPUT,
					"%s: it is a constant of playbook '%s'", arg,
					playbook->name);
		}
	}
	return 0;
}

/* All declared params, in order: as given, else by default. */
static int read_params(struct reply *reply, const struct playbook *playbook, struct labels *params)
{
	if (check_given(reply, playbook) < 0) {
		return -1;
	}
	for (size_t i = 0; i < playbook->params_len; i++) {
		const struct param *param = &playbook->params[i];
		char name[PARAM_VALUE_MAX];
		const char *value;

		snprintf(name, sizeof(name), PARAM_ARG "%s", param->name);
		value = reply_arg(reply, name);
		value = value ? value : param->fallback;
		if (!value) {
			return err_set(&reply->problem, ERR_INPUT,
					"%s: missing; playbook '%s' wants '%.512s'", name,
					playbook->name, param->pattern);
		}
		if (param_check(param, value, &reply->problem) < 0) {
			return -1;
		}
		params->items[params->len++] = (struct label){ param->name, value };
	}
	return 0;
}

int run_commands_decide(struct reply *reply, struct run_request *request, char *reason,
		enum decision *ret_decision, int64_t *ret_id, struct err *err)
{
	struct plan_facts facts;

	*ret_id = 0;
	if (run_request_gather(reply->api->run, request, &facts, err) < 0) {
		return -1;
	}
	facts.dry_run |= reply_arg_true(reply, "dry_run");
	*ret_decision = plan_run(&facts, reason);
	if (!plan_makes_run(*ret_decision)) {
		return 0;
	}
	if (run_request_add(reply->api->run, request, ret_id, err) < 0) {
		return -1;
	}
	log_request(request, *ret_id);
	return 0;
}

static int answer_run(struct reply *reply, struct run_request *request, struct err *err)
{
	struct jsonw *w = &reply->w;
	char reason[PLAN_REASON_MAX];
	enum decision decision;
	int64_t run_id;

	if (run_commands_decide(reply, request, reason, &decision, &run_id, err) < 0) {
		return -1;
	}
	if (!run_id && !reply_arg_true(reply, "dry_run")) {
		err_set(&reply->problem, ERR_CONFLICT, "%s", reason);
		return 0;
	}
	jsonw_object(w, NULL);
	jsonw_str(w, "decision", decision_names[decision]);
	jsonw_str(w, "reason", reason);
	if (!run_id) {
		jsonw_null(w, "runId");
		jsonw_null(w, "run");
	} else {
		jsonw_int(w, "runId", run_id);
		if (read_run_object(reply, "run", run_id, err) < 0) {
			return -1;
		}
	}
	jsonw_close(w);
	return 0;
}

int run_commands_start(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	const char *name = labels_value(&reply->query->args, "playbook");
	const struct playbook *playbook =
			config_playbook(configs_now(&reply->ground->configs), name);
	struct labels params = { 0 };
	struct run_request request = {
		.playbook = playbook,
		.params = &params,
		.now = reply->ground->turn.wall_ms,
		.by_hand = true,
		.override_guards = reply_arg_true(reply, "force"),
		.trigger = "manual",
		.requested_by = reply->query->principal,
		.reason = reply_arg(reply, "reason"),
		.alertname = "",
		.alert = NO_ALERT,
		.alert_status = "",
	};

	if (!playbook) {
		err_set(&reply->problem, ERR_NOT_FOUND, "there is no playbook '%s'", name);
		return 0;
	}
	params.items = arena_calloc(arena, playbook->params_len, sizeof(*params.items));
	if (run_commands_check(reply) < 0 || read_params(reply, playbook, &params) < 0) {
		return 0;
	}
	return answer_run(reply, &request, err);
}

/* The run that is to end. */
struct ending {
	struct reply *reply;
	const char *cancel;
	struct active *active; /* the run, made active when it was not */
	struct err *err;
	int rc;
};

static void on_up(const struct run_row *row, void *arg)
{
	struct ending *ending = arg;

	if (run_status_final(row->status)) {
		if (row->status != RUN_CANCELED) {
			err_set(&ending->reply->problem, ERR_CONFLICT,
					"run %" PRId64 " is over: %s", row->id,
					run_status_names[row->status]);
		}
		return;
	}
	ending->active = active_add(ending->reply->api->run, row,
			ending->reply->ground->configs.newest, ending->err);
	ending->rc = ending->active ? 0 : -1;
}

/* Say who wants it to end, and end it as soon as it can. The first who says so is kept. */
static int cancel(struct ending *ending, int64_t run_id, struct err *err)
{
	struct active *active = ending->active;

	if (!active || active->cancel) {
		return 0;
	}
	if (runs_cancel(ending->reply->ground->db, run_id, ending->cancel, err) < 0) {
		return -1;
	}
	active->cancel = arena_strdup(active->arena, ending->cancel);
	return runner_cancel(ending->reply->api->run, active, err);
}

int run_commands_cancel(struct reply *reply, struct err *err)
{
	const char *reason = reply_arg(reply, "reason");
	int64_t run_id = (int64_t)reply->query->ids[0];
	auto_free char *text = xasprintf("canceled by %s%s%s", reply->query->principal,
			reason && *reason ? ": " : "", reason ? reason : "");
	struct ending ending = { .reply = reply,
		.cancel = text,
		.active = active_find(reply->api->run, run_id),
		.err = err };

	if (!ending.active) {
		int rc = runs_get(reply->ground->db, run_id, on_up, &ending, err);

		if (rc != 1 || ending.rc < 0) {
			return rc == 1 ? -1 : reply_found(reply, rc, "run", reply->query->ids[0]);
		}
	}
	if (reply->problem.code != ERR_NONE) {
		return 0;
	}
	if (cancel(&ending, run_id, err) < 0) {
		return -1;
	}
	return read_run_object(reply, NULL, run_id, err);
}
