#include "core/view/rows.h"

#include "core/core.h"
#include "domain/incident.h"
#include "sys/digest.h"

void api_write_incident(struct jsonw *w, const struct incident_row *row)
{
	jsonw_int(w, "id", row->id);
	jsonw_str(w, "title", row->title);
	jsonw_str(w, "status", incident_status_names[row->status]);
	jsonw_str(w, "level", row->level);
	jsonw_str(w, "severity", row->severity);
	jsonw_bool(w, "major", row->major);
	jsonw_bool(w, "postmortemDue", row->post_due);
	jsonw_str(w, "service", row->service);
	jsonw_str(w, "playbook", row->playbook);
	jsonw_raw(w, "labels", row->labels);
	jsonw_raw(w, "annotations", row->annotations);
	jsonw_int(w, "firingAlerts", row->firing);
	jsonw_time(w, "openedAt", row->opened_at);
	jsonw_time(w, "acknowledgedAt", row->acknowledged_at);
	jsonw_str(w, "acknowledgedBy", row->acknowledged_by);
	jsonw_time(w, "mitigatedAt", row->mitigated_at);
	jsonw_time(w, "resolvedAt", row->resolved_at);
	jsonw_str(w, "resolvedBy", row->resolved_by);
	jsonw_time(w, "closedAt", row->closed_at);
	jsonw_str(w, "closedBy", row->closed_by);
	jsonw_str(w, "attention", row->attention);
	jsonw_str(w, "rootCause", row->root_cause);
	jsonw_str(w, "resolution", row->resolution);
}

void api_write_episode(struct jsonw *w, const struct episode_row *row)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "fingerprint", row->fingerprint);
	jsonw_raw(w, "labels", row->labels);
	jsonw_raw(w, "annotations", row->annotations);
	jsonw_str(w, "generatorURL", row->generator_url);
	jsonw_str(w, "status", row->status);
	jsonw_time(w, "startsAt", row->starts_at);
	jsonw_time(w, "endsAt", row->ends_at);
	jsonw_time(w, "lastSeenAt", row->last_seen);
	jsonw_int(w, "occurrences", row->occurrences);
	jsonw_close(w);
}

void api_write_timeline(struct jsonw *w, const struct timeline_row *row)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "id", row->id);
	jsonw_time(w, "at", row->at);
	jsonw_str(w, "kind", row->kind_name);
	jsonw_str(w, "who", row->who);
	jsonw_str(w, "text", row->text);
	jsonw_id(w, "runId", row->run_id);
	jsonw_close(w);
}

void api_write_follow_up(struct jsonw *w, const struct follow_up_row *row)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "id", row->id);
	jsonw_int(w, "incidentId", row->incident_id);
	jsonw_str(w, "text", row->text);
	jsonw_str(w, "owner", row->owner);
	jsonw_str(w, "receiver", row->receiver);
	jsonw_time(w, "createdAt", row->created_at);
	jsonw_str(w, "createdBy", row->created_by);
	jsonw_bool(w, "done", row->done_at != 0);
	jsonw_time(w, "doneAt", row->done_at);
	jsonw_str(w, "doneBy", row->done_by);
	jsonw_close(w);
}

void api_write_checklist(struct jsonw *w, const struct checklist_row rows[CHECKLIST_ITEMS])
{
	jsonw_array(w, "checklist");
	for (int i = 0; i < CHECKLIST_ITEMS; i++) {
		bool done = rows[i].at != 0;

		jsonw_object(w, NULL);
		jsonw_str(w, "name", checklist_names[i]);
		jsonw_str(w, "text", checklist_texts[i]);
		jsonw_bool(w, "done", done);
		jsonw_time(w, "at", rows[i].at);
		jsonw_str(w, "by", done ? rows[i].who : NULL);
		jsonw_str(w, "note", done ? rows[i].note : NULL);
		jsonw_close(w);
	}
	jsonw_close(w);
}

void api_write_run(struct jsonw *w, const struct run_row *row)
{
	char hash[DIGEST_TEXT_MAX];

	jsonw_int(w, "id", row->id);
	jsonw_id(w, "incidentId", row->incident_id);
	jsonw_str(w, "playbook", row->playbook);
	jsonw_str(w, "trigger", row->trigger);
	jsonw_str(w, "requestedBy", row->requested_by);
	jsonw_str(w, "requestReason", row->request_reason);
	jsonw_bool(w, "forced", row->forced);
	jsonw_str(w, "cancelReason", row->cancel);
	jsonw_str(w, "configHash", digest_text(row->config_hash, hash));
	jsonw_str(w, "status", run_status_names[row->status]);
	jsonw_str(w, "reason", row->reason);
	jsonw_time(w, "queuedAt", row->queued_at);
	jsonw_time(w, "startedAt", row->started_at);
	jsonw_time(w, "finishedAt", row->finished_at);
}

void api_write_run_short(struct jsonw *w, const struct run_row *row)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "id", row->id);
	jsonw_str(w, "playbook", row->playbook);
	jsonw_str(w, "trigger", row->trigger);
	jsonw_str(w, "status", run_status_names[row->status]);
	jsonw_str(w, "reason", row->reason);
	jsonw_time(w, "startedAt", row->started_at);
	jsonw_time(w, "finishedAt", row->finished_at);
	jsonw_close(w);
}

void api_write_step(struct jsonw *w, const struct step_row *row)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "index", row->step);
	jsonw_str(w, "phase", row->phase);
	jsonw_str(w, "name", row->name);
	jsonw_str(w, "kind", row->kind);
	jsonw_raw(w, "argv", row->argv);
	jsonw_str(w, "status", step_status_names[row->status]);
	jsonw_str(w, "reason", row->reason);
	jsonw_int(w, "attempt", row->attempt);
	if (row->exit_code >= 0) {
		jsonw_int(w, "exitCode", row->exit_code);
	} else {
		jsonw_null(w, "exitCode");
	}
	jsonw_id(w, "signal", row->signal);
	jsonw_time(w, "startedAt", row->started_at);
	jsonw_time(w, "finishedAt", row->finished_at);
	jsonw_int(w, "outputBytes", row->output_bytes);
	jsonw_bool(w, "outputTruncated", row->output_bytes > row->kept_bytes);
	jsonw_strn(w, "outputTail", row->tail ? row->tail : "", row->tail_len);
	jsonw_close(w);
}

void api_write_notice(struct jsonw *w, const struct notice_row *row)
{
	bool sent = row->status == NOTICE_SENT;
	bool pending = row->status == NOTICE_PENDING;

	jsonw_object(w, NULL);
	jsonw_int(w, "id", row->id);
	jsonw_str(w, "key", row->key);
	jsonw_str(w, "kind", row->kind);
	jsonw_str(w, "receiver", row->receiver);
	jsonw_str(w, "endpoint", row->endpoint);
	jsonw_str(w, "subject", row->subject);
	jsonw_str(w, "status", notice_status_names[row->status]);
	jsonw_int(w, "attempts", row->attempts);
	jsonw_str(w, "reason", row->reason);
	jsonw_time(w, "createdAt", row->created_at);
	jsonw_time(w, "sentAt", sent ? row->ended_at : 0);
	jsonw_time(w, "nextAttemptAt", pending ? row->next_at : 0);
	jsonw_close(w);
}

void api_write_delivery(struct jsonw *w, const struct delivery_row *row)
{
	jsonw_int(w, "id", row->id);
	jsonw_time(w, "receivedAt", row->received_at);
	jsonw_str(w, "principal", row->principal);
	jsonw_str(w, "externalURL", row->external_url);
	jsonw_str(w, "receiver", row->receiver);
	jsonw_str(w, "groupKey", row->group_key);
	jsonw_str(w, "notificationReason", row->notification_reason);
	jsonw_int(w, "alerts", row->alerts);
	jsonw_int(w, "truncatedAlerts", row->truncated);
	jsonw_id(w, "replayOf", row->replay_of);
}

void api_write_decision(struct jsonw *w, const struct decision_row *row)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "deliveryId", row->delivery_id);
	jsonw_time(w, "at", row->at);
	jsonw_str(w, "fingerprint", row->fingerprint);
	jsonw_str(w, "alertname", row->alertname);
	jsonw_str(w, "decision", row->decision);
	jsonw_str(w, "reason", row->reason);
	jsonw_str(w, "playbook", row->playbook);
	jsonw_id(w, "incidentId", row->incident_id);
	jsonw_id(w, "runId", row->run_id);
	jsonw_close(w);
}

static void write_matcher(struct jsonw *w, const struct matcher *matcher)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "name", matcher->name);
	jsonw_str(w, "op", matcher_op_names[matcher->op]);
	jsonw_str(w, "value", matcher->value);
	jsonw_close(w);
}

static void write_playbook_step(struct jsonw *w, const struct step *step, size_t index)
{
	jsonw_object(w, NULL);
	jsonw_int(w, "index", (int64_t)index);
	jsonw_str(w, "phase", phase_names[step->phase]);
	jsonw_str(w, "name", step->name);
	jsonw_str(w, "kind", step_kind_names[step->kind]);
	jsonw_array(w, "argv");
	for (const char *const *arg = step->argv; arg && *arg; arg++) {
		jsonw_str(w, NULL, *arg);
	}
	jsonw_close(w);
	jsonw_close(w);
}

void api_write_playbook(struct jsonw *w, const struct playbook *playbook)
{
	jsonw_object(w, NULL);
	jsonw_str(w, "name", playbook->name);
	jsonw_array(w, "matchers");
	for (size_t i = 0; i < playbook->matchers_len; i++) {
		write_matcher(w, &playbook->matchers[i]);
	}
	jsonw_close(w);
	jsonw_array(w, "params");
	for (size_t i = 0; i < playbook->params_len; i++) {
		jsonw_object(w, NULL);
		jsonw_str(w, "name", playbook->params[i].name);
		jsonw_str(w, "pattern", playbook->params[i].pattern);
		jsonw_close(w);
	}
	jsonw_close(w);
	jsonw_str(w, "level", playbook->level);
	jsonw_int(w, "cooldownMs", playbook->guards.cooldown_ms);
	jsonw_array(w, "steps");
	for (size_t i = 0; i < playbook->steps_len; i++) {
		write_playbook_step(w, &playbook->steps[i], i);
	}
	jsonw_close(w);
	jsonw_close(w);
}

void api_write_status(struct jsonw *w, const struct core *core)
{
	const struct daemon_state *daemon = &core->daemon;
	const struct config *config = core_config(core);
	char hash[DIGEST_TEXT_MAX];

	jsonw_object(w, NULL);
	jsonw_str(w, "version", PLAYBOOKD_VERSION);
	jsonw_time(w, "startedAt", daemon->started_at);
	jsonw_str(w, "storagePath", core->storage_path);
	jsonw_object(w, "config");
	jsonw_str(w, "path", daemon->config_path ? daemon->config_path : "");
	jsonw_str(w, "hash", digest_text(config->hash, hash));
	jsonw_time(w, "loadedAt", daemon->config_loaded_at);
	jsonw_bool(w, "lastReloadSuccessful", daemon->config_ok);
	jsonw_int(w, "playbooks", (int64_t)config->playbooks_len);
	jsonw_int(w, "checks", (int64_t)config->checks_len);
	jsonw_bool(w, "dryRun", config->dry_run);
	jsonw_close(w);
	jsonw_int(w, "runsActive", (int64_t)core->runner.len);
	jsonw_object(w, "pause");
	pause_write(w, core);
	jsonw_close(w);
	audit_write(w, core);
	jsonw_array(w, "roles");
	for (size_t i = 0; i < daemon->roles_len; i++) {
		jsonw_object(w, NULL);
		jsonw_str(w, "name", role_names[daemon->roles[i].role]);
		jsonw_id(w, "pid", daemon->roles[i].pid);
		jsonw_time(w, "startedAt", daemon->roles[i].started_at);
		jsonw_int(w, "restarts", (int64_t)daemon->roles[i].restarts);
		jsonw_close(w);
	}
	jsonw_close(w);
	jsonw_close(w);
}
