/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/view.h"

#include "domain/alert.h"
#include "domain/check.h"
#include "domain/checklist.h"
#include "domain/escalation.h"
#include "domain/incident.h"
#include "domain/matcher.h"
#include "domain/plan.h"
#include "domain/playbook.h"
#include "domain/run.h"
#include "wire/message.h"

#define LEN(array)          (sizeof(array) / sizeof((array)[0]))
#define OR_NULL             .nullable = true
#define OF(id)              .noun = (id)
#define WORDS(names, count) .words = (names), .words_len = (count)
#define WORDS_OF(list)      WORDS(list, LEN(list))

/* Words of the store, which is no floor to stand on for wire; tests/unit/test_rows.c holds them
 * against each other. */
static const char *const approval_words[] = { "pending", "approved", "rejected", "expired", "void",
	"canceled" };
static const char *const notification_words[] = { "pending", "sent", "failed" };
static const char *const step_words[] = { "starting", "running", "waiting", "succeeded", "failed",
	"timed_out", "canceled", "interrupted", "not_started", "skipped" };
static const char *const timeline_words[] = { "opened", "reopened", "joined", "left", "queued",
	"asked", "approved", "ended", "mitigated", "fired", "resolved", "attention", "acknowledged",
	"note", "raised", "told", "follow_up", "checked", "changed", "closed", "held", "lifted" };
static const char *const trigger_words[] = { "alert", "manual", "replay", "escalation" };

static const struct view_column alert_columns[] = {
	{ "fingerprint", VIEW_TEXT },
	{ "labels", VIEW_LABELS },
	{ "annotations", VIEW_LABELS },
	{ "generatorURL", VIEW_TEXT },
	{ "status", VIEW_WORD, WORDS(alert_status_names, ALERT_STATUSES) },
	{ "startsAt", VIEW_TIME },
	{ "endsAt", VIEW_TIME, OR_NULL },
	{ "lastSeenAt", VIEW_TIME },
	{ "occurrences", VIEW_INT },
};

static const struct view_column alert_decision_columns[] = {
	{ "fingerprint", VIEW_TEXT },
	{ "alertname", VIEW_TEXT },
	{ "decision", VIEW_WORD, WORDS(decision_names, DECISIONS) },
	{ "reason", VIEW_TEXT },
	{ "playbook", VIEW_TEXT, OR_NULL },
	{ "incidentId", VIEW_ID, OR_NULL },
	{ "runId", VIEW_ID, OR_NULL },
};

static const struct view_column alert_report_columns[] = {
	{ "alertname", VIEW_TEXT },
	{ "incidents", VIEW_INT },
	{ "open", VIEW_INT },
	{ "remediated", VIEW_INT },
	{ "byPeople", VIEW_INT },
	{ "byItself", VIEW_INT },
	{ "runs", VIEW_INT },
	{ "runsHelped", VIEW_INT },
	{ "acknowledged", VIEW_INT },
	{ "mttaMs", VIEW_INT, OR_NULL },
	{ "resolved", VIEW_INT },
	{ "mttrMs", VIEW_INT, OR_NULL },
};

static const struct view_column alertmanager_columns[] = {
	{ "url", VIEW_TEXT },
	{ "up", VIEW_BOOL, OR_NULL },
	{ "lastAnswerAt", VIEW_TIME, OR_NULL },
	{ "startedAt", VIEW_TIME, OR_NULL },
	{ "error", VIEW_TEXT, OR_NULL },
};

static const struct view_column approval_columns[] = {
	{ "configHash", VIEW_DIGEST },
	{ "decision", VIEW_WORD, WORDS_OF(approval_words) },
	{ "decidedAt", VIEW_TIME, OR_NULL },
	{ "decidedBy", VIEW_TEXT, OR_NULL },
	{ "reason", VIEW_TEXT, OR_NULL },
};

static const struct view_column audit_head_columns[] = {
	{ "newest", VIEW_ID },
	{ "hash", VIEW_DIGEST },
};

static const struct view_column check_columns[] = {
	{ "name", VIEW_TEXT },
	{ "kind", VIEW_WORD, WORDS(check_kind_names, CHECK_KINDS) },
	{ "target", VIEW_TEXT },
	{ "expected", VIEW_TEXT },
	{ "intervalMs", VIEW_INT, OR_NULL },
	{ "timeoutMs", VIEW_INT },
	{ "status", VIEW_WORD, WORDS(check_status_names, CHECK_STATUSES) },
	{ "since", VIEW_TIME, OR_NULL },
	{ "lastAt", VIEW_TIME, OR_NULL },
	{ "durationMs", VIEW_INT, OR_NULL },
	{ "lastError", VIEW_TEXT, OR_NULL },
	{ "lastErrorAt", VIEW_TIME, OR_NULL },
};

static const struct view_column check_change_columns[] = {
	{ "at", VIEW_TIME },
	{ "status", VIEW_WORD, WORDS(check_status_names, CHECK_STATUSES) },
	{ "reason", VIEW_TEXT },
};

static const struct view_column check_in_full_columns[] = {
	{ "history", VIEW_LIST, OF(NOUN_CHECK_CHANGE) },
};

static const struct view_column checklist_item_columns[] = {
	{ "name", VIEW_WORD, WORDS(checklist_names, CHECKLIST_ITEMS) },
	{ "text", VIEW_TEXT },
	{ "done", VIEW_BOOL },
	{ "at", VIEW_TIME, OR_NULL },
	{ "by", VIEW_TEXT, OR_NULL },
	{ "note", VIEW_TEXT, OR_NULL },
};

static const struct view_column command_columns[] = {
	{ "id", VIEW_ID },
	{ "at", VIEW_TIME },
	{ "principal", VIEW_TEXT },
	{ "action", VIEW_TEXT },
	{ "object", VIEW_TEXT },
	{ "arguments", VIEW_LABELS },
	{ "prev", VIEW_DIGEST },
	{ "hash", VIEW_DIGEST },
};

static const struct view_column configuration_columns[] = {
	{ "path", VIEW_TEXT },
	{ "hash", VIEW_DIGEST },
	{ "loadedAt", VIEW_TIME },
	{ "lastReloadSuccessful", VIEW_BOOL },
	{ "playbooks", VIEW_INT },
	{ "checks", VIEW_INT },
	{ "dryRun", VIEW_BOOL },
};

static const struct view_column decision_columns[] = {
	{ "deliveryId", VIEW_ID },
	{ "at", VIEW_TIME },
	{ "fingerprint", VIEW_TEXT },
	{ "alertname", VIEW_TEXT },
	{ "decision", VIEW_WORD, WORDS(decision_names, DECISIONS) },
	{ "reason", VIEW_TEXT },
	{ "playbook", VIEW_TEXT, OR_NULL },
	{ "incidentId", VIEW_ID, OR_NULL },
	{ "runId", VIEW_ID, OR_NULL },
};

static const struct view_column delivery_columns[] = {
	{ "id", VIEW_ID },
	{ "receivedAt", VIEW_TIME },
	{ "principal", VIEW_TEXT },
	{ "externalURL", VIEW_TEXT },
	{ "receiver", VIEW_TEXT },
	{ "groupKey", VIEW_TEXT },
	{ "notificationReason", VIEW_TEXT },
	{ "alerts", VIEW_INT },
	{ "truncatedAlerts", VIEW_INT },
	{ "note", VIEW_TEXT, OR_NULL },
	{ "replayOf", VIEW_ID, OR_NULL },
};

static const struct view_column delivery_in_full_columns[] = {
	{ "body", VIEW_TEXT },
	{ "decisions", VIEW_LIST, OF(NOUN_DECISION) },
};

static const struct view_column escalation_columns[] = {
	{ "level", VIEW_WORD, WORDS(escalation_level_names, ESCALATION_LEVELS) },
	{ "at", VIEW_TIME },
	{ "by", VIEW_TEXT },
	{ "reason", VIEW_TEXT },
};

static const struct view_column escalations_columns[] = {
	{ "incidentId", VIEW_ID },
	{ "level", VIEW_WORD, WORDS(escalation_level_names, ESCALATION_LEVELS) },
	{ "escalations", VIEW_LIST, OF(NOUN_ESCALATION) },
	{ "nextEscalationAt", VIEW_TIME, OR_NULL },
	{ "nextUpdateAt", VIEW_TIME, OR_NULL },
};

static const struct view_column follow_up_columns[] = {
	{ "id", VIEW_ID },
	{ "incidentId", VIEW_ID },
	{ "text", VIEW_TEXT },
	{ "owner", VIEW_TEXT },
	{ "receiver", VIEW_TEXT, OR_NULL },
	{ "createdAt", VIEW_TIME },
	{ "createdBy", VIEW_TEXT },
	{ "done", VIEW_BOOL },
	{ "doneAt", VIEW_TIME, OR_NULL },
	{ "doneBy", VIEW_TEXT, OR_NULL },
};

static const struct view_column heartbeat_columns[] = {
	{ "name", VIEW_TEXT },
	{ "matchers", VIEW_LIST, OF(NOUN_MATCHER) },
	{ "everyMs", VIEW_INT },
	{ "level", VIEW_TEXT, OR_NULL },
	{ "lastAt", VIEW_TIME, OR_NULL },
	{ "missingSince", VIEW_TIME, OR_NULL },
};

static const struct view_column incident_columns[] = {
	{ "id", VIEW_ID },
	{ "title", VIEW_TEXT },
	{ "status", VIEW_WORD, WORDS(incident_status_names, INCIDENT_STATUSES) },
	{ "level", VIEW_TEXT, OR_NULL },
	{ "severity", VIEW_TEXT },
	{ "major", VIEW_BOOL },
	{ "postmortemDue", VIEW_BOOL },
	{ "service", VIEW_TEXT },
	{ "playbook", VIEW_TEXT, OR_NULL },
	{ "labels", VIEW_LABELS },
	{ "annotations", VIEW_LABELS },
	{ "firingAlerts", VIEW_INT },
	{ "openedAt", VIEW_TIME },
	{ "acknowledgedAt", VIEW_TIME, OR_NULL },
	{ "acknowledgedBy", VIEW_TEXT, OR_NULL },
	{ "mitigatedAt", VIEW_TIME, OR_NULL },
	{ "resolvedAt", VIEW_TIME, OR_NULL },
	{ "resolvedBy", VIEW_TEXT, OR_NULL },
	{ "closedAt", VIEW_TIME, OR_NULL },
	{ "closedBy", VIEW_TEXT, OR_NULL },
	{ "attention", VIEW_TEXT, OR_NULL },
	{ "held", VIEW_TEXT, OR_NULL },
	{ "rootCause", VIEW_TEXT, OR_NULL },
	{ "resolution", VIEW_TEXT, OR_NULL },
};

static const struct view_column incident_in_full_columns[] = {
	{ "alerts", VIEW_LIST, OF(NOUN_ALERT) },
	{ "runs", VIEW_LIST, OF(NOUN_RUN_IN_SHORT) },
	{ "notifications", VIEW_LIST, OF(NOUN_NOTIFICATION) },
	{ "followUps", VIEW_LIST, OF(NOUN_FOLLOW_UP) },
	{ "checklist", VIEW_LIST, OF(NOUN_CHECKLIST_ITEM) },
	{ "escalations", VIEW_LIST, OF(NOUN_ESCALATION) },
	{ "nextEscalationAt", VIEW_TIME, OR_NULL },
	{ "nextUpdateAt", VIEW_TIME, OR_NULL },
};

static const struct view_column matcher_columns[] = {
	{ "name", VIEW_TEXT },
	{ "op", VIEW_WORD, WORDS(matcher_op_names, MATCHER_OPS) },
	{ "value", VIEW_TEXT },
};

static const struct view_column notification_columns[] = {
	{ "id", VIEW_ID },
	{ "key", VIEW_TEXT },
	{ "kind", VIEW_TEXT },
	{ "receiver", VIEW_TEXT },
	{ "endpoint", VIEW_TEXT },
	{ "subject", VIEW_TEXT },
	{ "status", VIEW_WORD, WORDS_OF(notification_words) },
	{ "attempts", VIEW_INT },
	{ "reason", VIEW_TEXT },
	{ "createdAt", VIEW_TIME },
	{ "sentAt", VIEW_TIME, OR_NULL },
	{ "nextAttemptAt", VIEW_TIME, OR_NULL },
};

static const struct view_column open_question_columns[] = {
	{ "steps", VIEW_LIST, OF(NOUN_STEP_AHEAD) },
};

static const struct view_column param_columns[] = {
	{ "name", VIEW_TEXT },
	{ "pattern", VIEW_TEXT },
};

static const struct view_column pause_columns[] = {
	{ "paused", VIEW_BOOL },
	{ "reason", VIEW_TEXT, OR_NULL },
	{ "by", VIEW_TEXT, OR_NULL },
	{ "since", VIEW_TIME, OR_NULL },
	{ "until", VIEW_TIME, OR_NULL },
};

static const struct view_column pause_in_full_columns[] = {
	{ "suppressed", VIEW_LIST, OF(NOUN_DECISION) },
	{ "waiting", VIEW_LIST, OF(NOUN_WAITING_RUN) },
};

static const struct view_column playbook_columns[] = {
	{ "name", VIEW_TEXT },
	{ "matchers", VIEW_LIST, OF(NOUN_MATCHER) },
	{ "params", VIEW_LIST, OF(NOUN_PARAM) },
	{ "level", VIEW_TEXT, OR_NULL },
	{ "cooldownMs", VIEW_INT },
	{ "steps", VIEW_LIST, OF(NOUN_PLAYBOOK_STEP) },
};

static const struct view_column playbook_step_columns[] = {
	{ "index", VIEW_INT },
	{ "phase", VIEW_WORD, WORDS(phase_names, PHASES) },
	{ "name", VIEW_TEXT },
	{ "kind", VIEW_WORD, WORDS(step_kind_names, STEP_KINDS) },
	{ "argv", VIEW_TEXTS },
};

static const struct view_column question_columns[] = {
	{ "step", VIEW_INT },
	{ "name", VIEW_TEXT },
	{ "message", VIEW_TEXT, OR_NULL },
	{ "askedAt", VIEW_TIME },
	{ "expiresAt", VIEW_TIME },
	{ "digest", VIEW_DIGEST },
	{ "notBy", VIEW_TEXT, OR_NULL },
};

static const struct view_column receipt_columns[] = {
	{ "deliveryId", VIEW_ID, OR_NULL },
	{ "alerts", VIEW_INT },
	{ "note", VIEW_TEXT, OR_NULL },
	{ "decisions", VIEW_LIST, OF(NOUN_ALERT_DECISION) },
};

static const struct view_column rejected_delivery_columns[] = {
	{ "id", VIEW_ID },
	{ "firstAt", VIEW_TIME },
	{ "lastAt", VIEW_TIME },
	{ "count", VIEW_INT },
	{ "status", VIEW_INT },
	{ "error", VIEW_TEXT },
	{ "principal", VIEW_TEXT },
	{ "client", VIEW_TEXT },
	{ "size", VIEW_INT },
	{ "hash", VIEW_DIGEST },
};

static const struct view_column rejected_delivery_in_full_columns[] = {
	{ "body", VIEW_TEXT, OR_NULL },
	{ "bodyEncoded", VIEW_TEXT, OR_NULL },
};

static const struct view_column replay_columns[] = {
	{ "incidentId", VIEW_ID },
	{ "decisions", VIEW_LIST, OF(NOUN_ALERT_DECISION) },
};

static const struct view_column requested_run_columns[] = {
	{ "decision", VIEW_WORD, WORDS(decision_names, DECISIONS) },
	{ "reason", VIEW_TEXT },
	{ "runId", VIEW_ID, OR_NULL },
	{ "run", VIEW_ONE, OR_NULL, OF(NOUN_RUN_WITH_PARAMS) },
};

static const struct view_column role_columns[] = {
	{ "name", VIEW_WORD, WORDS(role_names, ROLES) },
	{ "pid", VIEW_ID, OR_NULL },
	{ "startedAt", VIEW_TIME, OR_NULL },
	{ "restarts", VIEW_INT },
};

static const struct view_column run_columns[] = {
	{ "id", VIEW_ID },
	{ "incidentId", VIEW_ID, OR_NULL },
	{ "playbook", VIEW_TEXT },
	{ "trigger", VIEW_WORD, WORDS_OF(trigger_words) },
	{ "requestedBy", VIEW_TEXT },
	{ "requestReason", VIEW_TEXT },
	{ "forced", VIEW_BOOL },
	{ "cancelReason", VIEW_TEXT, OR_NULL },
	{ "configHash", VIEW_DIGEST },
	{ "status", VIEW_WORD, WORDS(run_status_names, RUN_STATUSES) },
	{ "reason", VIEW_TEXT },
	{ "queuedAt", VIEW_TIME },
	{ "startedAt", VIEW_TIME, OR_NULL },
	{ "finishedAt", VIEW_TIME, OR_NULL },
};

static const struct view_column run_in_full_columns[] = {
	{ "approval", VIEW_ONE, OR_NULL, OF(NOUN_OPEN_QUESTION) },
	{ "approvals", VIEW_LIST, OF(NOUN_APPROVAL) },
	{ "steps", VIEW_LIST, OF(NOUN_STEP) },
};

static const struct view_column run_in_short_columns[] = {
	{ "id", VIEW_ID },
	{ "playbook", VIEW_TEXT },
	{ "trigger", VIEW_WORD, WORDS_OF(trigger_words) },
	{ "status", VIEW_WORD, WORDS(run_status_names, RUN_STATUSES) },
	{ "reason", VIEW_TEXT },
	{ "startedAt", VIEW_TIME, OR_NULL },
	{ "finishedAt", VIEW_TIME, OR_NULL },
};

static const struct view_column run_with_params_columns[] = {
	{ "params", VIEW_LABELS },
};

static const struct view_column status_columns[] = {
	{ "version", VIEW_TEXT },
	{ "startedAt", VIEW_TIME },
	{ "storagePath", VIEW_TEXT },
	{ "config", VIEW_ONE, OF(NOUN_CONFIGURATION) },
	{ "runsActive", VIEW_INT },
	{ "pause", VIEW_ONE, OF(NOUN_PAUSE) },
	{ "audit", VIEW_ONE, OR_NULL, OF(NOUN_AUDIT_HEAD) },
	{ "roles", VIEW_LIST, OF(NOUN_ROLE) },
	{ "alertmanagers", VIEW_LIST, OF(NOUN_ALERTMANAGER) },
};

static const struct view_column step_columns[] = {
	{ "index", VIEW_INT },
	{ "phase", VIEW_WORD, WORDS(phase_names, PHASES) },
	{ "name", VIEW_TEXT },
	{ "kind", VIEW_WORD, WORDS(step_kind_names, STEP_KINDS) },
	{ "argv", VIEW_TEXTS },
	{ "status", VIEW_WORD, WORDS_OF(step_words) },
	{ "reason", VIEW_TEXT },
	{ "attempt", VIEW_INT },
	{ "exitCode", VIEW_INT, OR_NULL },
	{ "signal", VIEW_INT, OR_NULL },
	{ "startedAt", VIEW_TIME },
	{ "finishedAt", VIEW_TIME, OR_NULL },
	{ "outputBytes", VIEW_INT },
	{ "outputTruncated", VIEW_BOOL },
	{ "outputTail", VIEW_TEXT },
};

static const struct view_column step_ahead_columns[] = {
	{ "index", VIEW_INT },
	{ "phase", VIEW_WORD, WORDS(phase_names, PHASES) },
	{ "name", VIEW_TEXT },
	{ "kind", VIEW_WORD, WORDS(step_kind_names, STEP_KINDS) },
	{ "argv", VIEW_TEXTS },
	{ "env", VIEW_LABELS },
	{ "user", VIEW_TEXT, OR_NULL },
	{ "cwd", VIEW_TEXT, OR_NULL },
};

static const struct view_column timeline_entry_columns[] = {
	{ "id", VIEW_ID },
	{ "at", VIEW_TIME },
	{ "kind", VIEW_WORD, WORDS_OF(timeline_words) },
	{ "who", VIEW_TEXT, OR_NULL },
	{ "text", VIEW_TEXT },
	{ "runId", VIEW_ID, OR_NULL },
};

static const struct view_column waiting_run_columns[] = {
	{ "id", VIEW_ID },
	{ "incidentId", VIEW_ID, OR_NULL },
	{ "playbook", VIEW_TEXT },
	{ "trigger", VIEW_WORD, WORDS_OF(trigger_words) },
	{ "requestedBy", VIEW_TEXT },
	{ "queuedAt", VIEW_TIME },
	{ "startedAt", VIEW_TIME, OR_NULL },
};

#define NOUN(noun_name, list)                                            \
	{                                                                \
		.name = (noun_name), .columns = (list), .len = LEN(list) \
	}
#define NOUN_ON(parent, noun_name, list)                                                   \
	{                                                                                  \
		.name = (noun_name), .base = (parent), .columns = (list), .len = LEN(list) \
	}

const struct view_noun view_nouns[NOUNS] = {
	[NOUN_NONE] = { .name = "nothing" },
	[NOUN_ALERT] = NOUN("alert", alert_columns),
	[NOUN_ALERT_DECISION] = NOUN("decision about an alert", alert_decision_columns),
	[NOUN_ALERT_REPORT] = NOUN("report of an alert", alert_report_columns),
	[NOUN_ALERTMANAGER] = NOUN("Alertmanager", alertmanager_columns),
	[NOUN_APPROVAL] = NOUN_ON(NOUN_QUESTION, "approval", approval_columns),
	[NOUN_AUDIT_HEAD] = NOUN("end of the audit", audit_head_columns),
	[NOUN_CHECK] = NOUN("check", check_columns),
	[NOUN_CHECK_CHANGE] = NOUN("change of a check", check_change_columns),
	[NOUN_CHECK_IN_FULL] = NOUN_ON(NOUN_CHECK, "check in full", check_in_full_columns),
	[NOUN_CHECKLIST_ITEM] = NOUN("item of the checklist", checklist_item_columns),
	[NOUN_COMMAND] = NOUN("command", command_columns),
	[NOUN_CONFIGURATION] = NOUN("configuration", configuration_columns),
	[NOUN_DECISION] = NOUN("decision", decision_columns),
	[NOUN_DELIVERY] = NOUN("delivery", delivery_columns),
	[NOUN_DELIVERY_IN_FULL] =
			NOUN_ON(NOUN_DELIVERY, "delivery in full", delivery_in_full_columns),
	[NOUN_ESCALATION] = NOUN("escalation", escalation_columns),
	[NOUN_ESCALATIONS] = NOUN("escalations of an incident", escalations_columns),
	[NOUN_FOLLOW_UP] = NOUN("follow-up", follow_up_columns),
	[NOUN_HEARTBEAT] = NOUN("heartbeat", heartbeat_columns),
	[NOUN_INCIDENT] = NOUN("incident", incident_columns),
	[NOUN_INCIDENT_IN_FULL] =
			NOUN_ON(NOUN_INCIDENT, "incident in full", incident_in_full_columns),
	[NOUN_MATCHER] = NOUN("matcher", matcher_columns),
	[NOUN_NOTIFICATION] = NOUN("notification", notification_columns),
	[NOUN_OPEN_QUESTION] = NOUN_ON(NOUN_QUESTION, "open question", open_question_columns),
	[NOUN_PARAM] = NOUN("param", param_columns),
	[NOUN_PAUSE] = NOUN("pause", pause_columns),
	[NOUN_PAUSE_IN_FULL] = NOUN_ON(NOUN_PAUSE, "pause in full", pause_in_full_columns),
	[NOUN_PLAYBOOK] = NOUN("playbook", playbook_columns),
	[NOUN_PLAYBOOK_STEP] = NOUN("step of a playbook", playbook_step_columns),
	[NOUN_QUESTION] = NOUN("question", question_columns),
	[NOUN_RECEIPT] = NOUN("receipt", receipt_columns),
	[NOUN_REJECTED_DELIVERY] = NOUN("rejected delivery", rejected_delivery_columns),
	[NOUN_REJECTED_DELIVERY_IN_FULL] = NOUN_ON(NOUN_REJECTED_DELIVERY,
			"rejected delivery in full", rejected_delivery_in_full_columns),
	[NOUN_REPLAY] = NOUN("replay", replay_columns),
	[NOUN_REQUESTED_RUN] = NOUN("requested run", requested_run_columns),
	[NOUN_ROLE] = NOUN("role", role_columns),
	[NOUN_RUN] = NOUN("run", run_columns),
	[NOUN_RUN_IN_FULL] = NOUN_ON(NOUN_RUN_WITH_PARAMS, "run in full", run_in_full_columns),
	[NOUN_RUN_IN_SHORT] = NOUN("run in short", run_in_short_columns),
	[NOUN_RUN_WITH_PARAMS] = NOUN_ON(NOUN_RUN, "run with params", run_with_params_columns),
	[NOUN_STATUS] = NOUN("status", status_columns),
	[NOUN_STEP] = NOUN("step", step_columns),
	[NOUN_STEP_AHEAD] = NOUN("step ahead", step_ahead_columns),
	[NOUN_TIMELINE_ENTRY] = NOUN("timeline entry", timeline_entry_columns),
	[NOUN_WAITING_RUN] = NOUN("waiting run", waiting_run_columns),
};
