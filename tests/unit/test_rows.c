/* SPDX-License-Identifier: Apache-2.0 */
#include "core/view/rows.h"

#include <string.h>

#include "domain/checklist.h"
#include "domain/incident.h"
#include "test.h"

#define AT         1795424257808 /* 2026-11-23T… */
#define LATER      (AT + 90500)
#define LABELS     "{\"alertname\":\"WebHangs\",\"service\":\"web\"}"
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t digest[DIGEST_SIZE] = { 0xab, 0xcd, 0x01 };

/* Expected texts have ' for ". */
static void ck_written(struct buf *out, const char *expected)
{
	for (size_t i = 0; i < out->len; i++) {
		if (out->data[i] == '"') {
			out->data[i] = '\'';
		}
	}
	ck_str(buf_text(out), expected);
}

/* What fn writes of row: an object, or the members of one. */
#define CK(is_members, fn, row, expected)           \
	do {                                        \
		auto_buf struct buf out = { 0 };    \
		struct jsonw w = jsonw_begin(&out); \
		if (is_members) {                   \
			jsonw_object(&w, NULL);     \
		}                                   \
		fn(&w, row);                        \
		if (is_members) {                   \
			jsonw_close(&w);            \
		}                                   \
		jsonw_end(&w);                      \
		ck_written(&out, expected);         \
	} while (0)
#define CK_MEMBERS(fn, row, expected) CK(true, fn, row, expected)
#define CK_OBJECT(fn, row, expected)  CK(false, fn, row, expected)

TEST(an_incident_is_written_as_ever)
{
	const struct incident_row full = {
		.id = 7,
		.status = INCIDENT_MITIGATED,
		.title = "WebHangs <web>",
		.level = "L3",
		.severity = "critical",
		.service = "web",
		.alertname = "WebHangs",
		.playbook = "restart-web",
		.labels = LABELS,
		.annotations = "{\"summary\":\"it hangs\"}",
		.times_opened = 2,
		.firing = 3,
		.attention = "run 4 failed",
		.held = "silenced",
		.opened_at = AT,
		.acknowledged_at = AT + 1,
		.mitigated_at = AT + 2,
		.resolved_at = AT + 3,
		.closed_at = LATER,
		.root_cause = "a cat\n",
		.resolution = "a dog",
		.acknowledged_by = "eve",
		.resolved_by = "bob",
		.closed_by = "ann",
		.major_said = true,
		.major = true,
		.post_due = true,
	};
	const struct incident_row empty = { 0 };

	CK_MEMBERS(rows_incident, &full,
			"{'id':7,'title':'WebHangs \\u003cweb\\u003e','status':'mitigated',"
			"'level':'L3','severity':'critical','major':true,'postmortemDue':true,"
			"'service':'web','playbook':'restart-web',"
			"'labels':{'alertname':'WebHangs','service':'web'},"
			"'annotations':{'summary':'it hangs'},'firingAlerts':3,"
			"'openedAt':'2026-11-23T08:57:37.808Z',"
			"'acknowledgedAt':'2026-11-23T08:57:37.809Z','acknowledgedBy':'eve',"
			"'mitigatedAt':'2026-11-23T08:57:37.810Z',"
			"'resolvedAt':'2026-11-23T08:57:37.811Z','resolvedBy':'bob',"
			"'closedAt':'2026-11-23T08:59:08.308Z','closedBy':'ann',"
			"'attention':'run 4 failed','held':'silenced','rootCause':'a cat\\n','resolution':'a dog'}");
	CK_MEMBERS(rows_incident, &empty,
			"{'id':0,'title':null,'status':'firing','level':null,'severity':null,"
			"'major':false,'postmortemDue':false,'service':null,'playbook':null,"
			"'labels':null,'annotations':null,'firingAlerts':0,'openedAt':null,"
			"'acknowledgedAt':null,'acknowledgedBy':null,'mitigatedAt':null,"
			"'resolvedAt':null,'resolvedBy':null,'closedAt':null,'closedBy':null,"
			"'attention':null,'held':null,'rootCause':null,'resolution':null}");
}

TEST(an_alert_is_written_as_ever)
{
	const struct episode_row full = {
		.id = 5,
		.identity = digest,
		.status = "resolved",
		.incident_id = 7,
		.fingerprint = "2e1fcf8686b7e916",
		.labels = LABELS,
		.annotations = "{}",
		.generator_url = "http://prometheus/graph?a=b&c",
		.starts_at = AT,
		.ends_at = LATER,
		.first_seen = AT + 1,
		.last_seen = AT + 2,
		.occurrences = 4,
		.delivery_id = 9,
	};
	const struct episode_row empty = { 0 };

	CK_OBJECT(rows_alert, &full,
			"{'fingerprint':'2e1fcf8686b7e916','labels':{'alertname':'WebHangs',"
			"'service':'web'},'annotations':{},"
			"'generatorURL':'http://prometheus/graph?a=b\\u0026c',"
			"'status':'resolved','startsAt':'2026-11-23T08:57:37.808Z',"
			"'endsAt':'2026-11-23T08:59:08.308Z',"
			"'lastSeenAt':'2026-11-23T08:57:37.810Z','occurrences':4}");
	CK_OBJECT(rows_alert, &empty,
			"{'fingerprint':null,'labels':null,'annotations':null,"
			"'generatorURL':null,'status':null,'startsAt':null,'endsAt':null,"
			"'lastSeenAt':null,'occurrences':0}");
}

TEST(a_timeline_entry_is_written_as_ever)
{
	const struct timeline_row full = {
		.incident_id = 7,
		.id = 3,
		.at = AT,
		.who = "eve",
		.text = "look at\nthis",
		.run_id = 4,
		.kind_name = "note",
	};
	const struct timeline_row empty = { 0 };

	CK_OBJECT(rows_timeline_entry, &full,
			"{'id':3,'at':'2026-11-23T08:57:37.808Z','kind':'note','who':'eve',"
			"'text':'look at\\nthis','runId':4}");
	CK_OBJECT(rows_timeline_entry, &empty,
			"{'id':0,'at':null,'kind':null,'who':null,'text':null,'runId':null}");
}

TEST(a_follow_up_is_written_as_ever)
{
	const struct follow_up_row full = {
		.id = 2,
		.incident_id = 7,
		.text = "more disk",
		.owner = "bob",
		.receiver = "tickets",
		.created_at = AT,
		.created_by = "eve",
		.done_at = LATER,
		.done_by = "ann",
	};
	const struct follow_up_row empty = { .owner = "" };

	CK_OBJECT(rows_follow_up, &full,
			"{'id':2,'incidentId':7,'text':'more disk','owner':'bob',"
			"'receiver':'tickets','createdAt':'2026-11-23T08:57:37.808Z',"
			"'createdBy':'eve','done':true,'doneAt':'2026-11-23T08:59:08.308Z',"
			"'doneBy':'ann'}");
	CK_OBJECT(rows_follow_up, &empty,
			"{'id':0,'incidentId':0,'text':null,'owner':'','receiver':null,"
			"'createdAt':null,'createdBy':null,'done':false,'doneAt':null,"
			"'doneBy':null}");
}

TEST(the_checklist_is_written_as_ever)
{
	const struct checklist_row rows[CHECKLIST_ITEMS] = {
		[CHECKLIST_REVIEW] = { 7, CHECKLIST_REVIEW, AT, "eve", "fine" },
		[CHECKLIST_CREATE] = { 7, CHECKLIST_CREATE, LATER, "bob", "" },
	};

	CK_MEMBERS(rows_checklist, rows,
			"{'checklist':[{'name':'document',"
			"'text':'Document what happened in the incident log','done':false,"
			"'at':null,'by':null,'note':null},{'name':'review',"
			"'text':'Review alert effectiveness','done':true,"
			"'at':'2026-11-23T08:57:37.808Z','by':'eve','note':'fine'},"
			"{'name':'update','text':'Update runbooks if needed','done':false,"
			"'at':null,'by':null,'note':null},{'name':'schedule',"
			"'text':'Schedule post-mortem for major incidents','done':false,"
			"'at':null,'by':null,'note':null},{'name':'create',"
			"'text':'Create follow-up tickets for improvements','done':true,"
			"'at':'2026-11-23T08:59:08.308Z','by':'bob','note':''}]}");
}

TEST(a_run_is_written_as_ever)
{
	const struct run_row full = {
		.id = 4,
		.incident_id = 7,
		.playbook = "restart-web",
		.trigger = "manual",
		.requested_by = "eve",
		.config_hash = digest,
		.status = RUN_CANCELED,
		.pending_status = RUN_FAILED,
		.reason = "canceled by eve: enough",
		.cancel = "canceled by eve: enough",
		.override_guards = true,
		.request_reason = "it hangs",
		.queued_at = AT,
		.started_at = AT + 1,
		.finished_at = LATER,
	};
	const struct run_row empty = { .config_hash = digest };

	CK_MEMBERS(rows_run, &full,
			"{'id':4,'incidentId':7,'playbook':'restart-web','trigger':'manual',"
			"'requestedBy':'eve','requestReason':'it hangs','forced':true,"
			"'cancelReason':'canceled by eve: enough',"
			"'configHash':'"
			"abcd010000000000000000000000000000000000000000000000000000000000',"
			"'status':'canceled','reason':'canceled by eve: enough',"
			"'queuedAt':'2026-11-23T08:57:37.808Z',"
			"'startedAt':'2026-11-23T08:57:37.809Z',"
			"'finishedAt':'2026-11-23T08:59:08.308Z'}");
	CK_MEMBERS(rows_run, &empty,
			"{'id':0,'incidentId':null,'playbook':null,'trigger':null,"
			"'requestedBy':null,'requestReason':null,'forced':false,"
			"'cancelReason':null,"
			"'configHash':'"
			"abcd010000000000000000000000000000000000000000000000000000000000',"
			"'status':'queued','reason':null,'queuedAt':null,'startedAt':null,"
			"'finishedAt':null}");
	CK_OBJECT(rows_run_in_short, &full,
			"{'id':4,'playbook':'restart-web','trigger':'manual','status':'canceled',"
			"'reason':'canceled by eve: enough',"
			"'startedAt':'2026-11-23T08:57:37.809Z',"
			"'finishedAt':'2026-11-23T08:59:08.308Z'}");
	CK_OBJECT(rows_run_in_short, &empty,
			"{'id':0,'playbook':null,'trigger':null,'status':'queued','reason':null,"
			"'startedAt':null,'finishedAt':null}");
}

TEST(a_step_is_written_as_ever)
{
	const struct step_row full = {
		.run_id = 4,
		.step = 1,
		.attempt = 2,
		.phase = "verify",
		.kind = "run",
		.name = "look",
		.argv = "[\"curl\",\"-s\"]",
		.status = STEP_TIMED_OUT,
		.reason = "no end after 5s",
		.exit_code = 0,
		.signal = 9,
		.started_at = AT,
		.finished_at = LATER,
		.output_bytes = 100000,
		.tail = "the end \xff of it all",
		.tail_len = 11,
		.kept_bytes = 4096,
	};
	const struct step_row none = { .exit_code = -1 };
	const struct step_row empty = { 0 };

	CK_OBJECT(rows_step, &full,
			"{'index':1,'phase':'verify','name':'look','kind':'run','argv':['curl',"
			"'-s'],'status':'timed_out','reason':'no end after 5s','attempt':2,"
			"'exitCode':0,'signal':9,'startedAt':'2026-11-23T08:57:37.808Z',"
			"'finishedAt':'2026-11-23T08:59:08.308Z','outputBytes':100000,"
			"'outputTruncated':true,'outputTail':'the end \xef\xbf\xbd o'}");
	CK_OBJECT(rows_step, &none,
			"{'index':0,'phase':null,'name':null,'kind':null,'argv':null,"
			"'status':'starting','reason':null,'attempt':0,'exitCode':null,"
			"'signal':null,'startedAt':null,'finishedAt':null,'outputBytes':0,"
			"'outputTruncated':false,'outputTail':''}");
	CK_OBJECT(rows_step, &empty,
			"{'index':0,'phase':null,'name':null,'kind':null,'argv':null,"
			"'status':'starting','reason':null,'attempt':0,'exitCode':0,"
			"'signal':null,'startedAt':null,'finishedAt':null,'outputBytes':0,"
			"'outputTruncated':false,'outputTail':''}");
}

TEST(a_notification_is_written_as_ever)
{
	struct notice_row full = {
		.id = 11,
		.key = "incident/7/initial",
		.receiver = "on-call",
		.endpoint = "https://hooks.example.org/",
		.incident_id = 7,
		.kind = "initial",
		.subject = "[L3] WebHangs",
		.status = NOTICE_SENT,
		.attempts = 2,
		.reason = "",
		.created_at = AT,
		.next_at = AT + 60000,
		.ended_at = LATER,
	};
	const struct notice_row empty = { 0 };

	CK_OBJECT(rows_notification, &full,
			"{'id':11,'key':'incident/7/initial','kind':'initial',"
			"'receiver':'on-call','endpoint':'https://hooks.example.org/',"
			"'subject':'[L3] WebHangs','status':'sent','attempts':2,'reason':'',"
			"'createdAt':'2026-11-23T08:57:37.808Z',"
			"'sentAt':'2026-11-23T08:59:08.308Z','nextAttemptAt':null}");
	full.status = NOTICE_PENDING;
	full.ended_at = 0;
	CK_OBJECT(rows_notification, &full,
			"{'id':11,'key':'incident/7/initial','kind':'initial',"
			"'receiver':'on-call','endpoint':'https://hooks.example.org/',"
			"'subject':'[L3] WebHangs','status':'pending','attempts':2,'reason':'',"
			"'createdAt':'2026-11-23T08:57:37.808Z','sentAt':null,"
			"'nextAttemptAt':'2026-11-23T08:58:37.808Z'}");
	full.status = NOTICE_FAILED;
	full.ended_at = LATER;
	full.reason = "503 Service Unavailable";
	CK_OBJECT(rows_notification, &full,
			"{'id':11,'key':'incident/7/initial','kind':'initial',"
			"'receiver':'on-call','endpoint':'https://hooks.example.org/',"
			"'subject':'[L3] WebHangs','status':'failed','attempts':2,"
			"'reason':'503 Service Unavailable',"
			"'createdAt':'2026-11-23T08:57:37.808Z','sentAt':null,"
			"'nextAttemptAt':null}");
	CK_OBJECT(rows_notification, &empty,
			"{'id':0,'key':null,'kind':null,'receiver':null,'endpoint':null,"
			"'subject':null,'status':'pending','attempts':0,'reason':null,"
			"'createdAt':null,'sentAt':null,'nextAttemptAt':null}");
}

TEST(a_delivery_is_written_as_ever)
{
	const struct delivery_row full = {
		.id = 9,
		.received_at = AT,
		.principal = "anonymous",
		.external_url = "http://am-1:9093",
		.receiver = "playbookd",
		.group_key = "{}:{alertname=\"WebHangs\"}",
		.notification_reason = "repeat",
		.alerts = 3,
		.truncated = 1,
		.note = "groupKey is taken as text",
		.replay_of = 8,
	};
	const struct delivery_row empty = { 0 };

	CK_MEMBERS(rows_delivery, &full,
			"{'id':9,'receivedAt':'2026-11-23T08:57:37.808Z','principal':'anonymous',"
			"'externalURL':'http://am-1:9093','receiver':'playbookd',"
			"'groupKey':'{}:{alertname=\\'WebHangs\\'}',"
			"'notificationReason':'repeat','alerts':3,'truncatedAlerts':1,"
			"'note':'groupKey is taken as text','replayOf':8}");
	CK_MEMBERS(rows_delivery, &empty,
			"{'id':0,'receivedAt':null,'principal':null,'externalURL':null,"
			"'receiver':null,'groupKey':null,'notificationReason':null,'alerts':0,"
			"'truncatedAlerts':0,'note':null,'replayOf':null}");
}

TEST(a_rejected_delivery_is_written_with_its_hash)
{
	static const uint8_t hash[DIGEST_SIZE] = { 0xab };
	const struct rejected_body_row full = { .id = 3,
		.hash = hash,
		.first_at = AT,
		.last_at = AT,
		.count = 7,
		.status = 413,
		.error = "too long",
		.principal = "anonymous",
		.client = "10.0.0.7",
		.size = 17000000 };

	CK_MEMBERS(rows_rejected_delivery, &full,
			"{'id':3,'firstAt':'2026-11-23T08:57:37.808Z',"
			"'lastAt':'2026-11-23T08:57:37.808Z','count':7,'status':413,'error':'too long',"
			"'principal':'anonymous','client':'10.0.0.7','size':17000000,"
			"'hash':'ab00000000000000000000000000000000000000000000000000000000000000'}");
}

TEST(a_decision_is_written_as_ever)
{
	const struct decision_row full = {
		.delivery_id = 9,
		.position = 2,
		.at = AT,
		.fingerprint = "2e1fcf8686b7e916",
		.alertname = "WebHangs",
		.decision = "cooldown",
		.reason = "ran 3m ago",
		.playbook = "restart-web",
		.incident_id = 7,
		.run_id = 4,
	};
	const struct decision_row empty = { 0 };

	CK_OBJECT(rows_decision, &full,
			"{'deliveryId':9,'at':'2026-11-23T08:57:37.808Z',"
			"'fingerprint':'2e1fcf8686b7e916','alertname':'WebHangs',"
			"'decision':'cooldown','reason':'ran 3m ago','playbook':'restart-web',"
			"'incidentId':7,'runId':4}");
	CK_OBJECT(rows_decision, &empty,
			"{'deliveryId':0,'at':null,'fingerprint':null,'alertname':null,"
			"'decision':null,'reason':null,'playbook':null,'incidentId':null,"
			"'runId':null}");
}

TEST(a_decision_about_an_alert_is_one_without_its_delivery)
{
	const struct decision_row row = {
		.delivery_id = 9,
		.at = AT,
		.fingerprint = "2e1f",
		.alertname = "WebHangs",
		.decision = "queued",
		.reason = "playbook restart-web",
		.playbook = "restart-web",
		.run_id = 4,
	};

	CK_OBJECT(rows_alert_decision, &row,
			"{'fingerprint':'2e1f','alertname':'WebHangs','decision':'queued',"
			"'reason':'playbook restart-web','playbook':'restart-web',"
			"'incidentId':null,'runId':4}");
}

TEST(a_question_and_what_was_said_to_it)
{
	const struct approval_row row = {
		.binding = { .run = 4, .step = 2, .expires_at = LATER, .config_hash = { 0xff } },
		.digest = { 0xee },
		.name = "ask",
		.message = "restart?",
		.asked_at = AT,
		.not_by = "eve",
		.decision = APPROVAL_APPROVED,
		.decided_at = AT + 1,
		.decided_by = "bob",
		.reason = "",
	};

	CK_MEMBERS(rows_question, &row,
			"{'step':2,'name':'ask','message':'restart?',"
			"'askedAt':'2026-11-23T08:57:37.808Z','expiresAt':'2026-11-23T08:59:08."
			"308Z',"
			"'digest':'"
			"ee00000000000000000000000000000000000000000000000000000000000000',"
			"'notBy':'eve'}");
	CK_OBJECT(rows_approval, &row,
			"{'step':2,'name':'ask','message':'restart?',"
			"'askedAt':'2026-11-23T08:57:37.808Z','expiresAt':'2026-11-23T08:59:08."
			"308Z',"
			"'digest':'"
			"ee00000000000000000000000000000000000000000000000000000000000000',"
			"'notBy':'eve',"
			"'configHash':'"
			"ff00000000000000000000000000000000000000000000000000000000000000',"
			"'decision':'approved','decidedAt':'2026-11-23T08:57:37.809Z',"
			"'decidedBy':'bob','reason':''}");
}

TEST(what_is_written_of_checks_commands_escalations_and_waiting_runs)
{
	const struct check_change change = { AT, "failing", "connection refused" };
	const struct audit_row command = { .id = 3,
		.at = AT,
		.principal = "eve",
		.action = "cancel",
		.object = "run/4",
		.arguments = "{\"reason\":\"enough\"}",
		.hash = { 0xdd } };
	const struct paged_level_row escalation = { 7, 1, "L2", "no answer", "playbookd", AT };
	const struct run_row run = { .id = 4,
		.playbook = "restart-web",
		.trigger = "manual",
		.requested_by = "eve",
		.queued_at = AT };

	CK_OBJECT(rows_check_change, &change,
			"{'at':'2026-11-23T08:57:37.808Z','status':'failing',"
			"'reason':'connection refused'}");
	CK_OBJECT(rows_command, &command,
			"{'id':3,'at':'2026-11-23T08:57:37.808Z','principal':'eve','action':'"
			"cancel',"
			"'object':'run/4','arguments':{'reason':'enough'},"
			"'prev':'0000000000000000000000000000000000000000000000000000000000000000',"
			"'hash':'dd00000000000000000000000000000000000000000000000000000000000000'"
			"}");
	CK_OBJECT(rows_escalation, &escalation,
			"{'level':'L2','at':'2026-11-23T08:57:37.808Z','by':'playbookd',"
			"'reason':'no answer'}");
	CK_OBJECT(rows_waiting_run, &run,
			"{'id':4,'incidentId':null,'playbook':'restart-web','trigger':'manual',"
			"'requestedBy':'eve','queuedAt':'2026-11-23T08:57:37.808Z','startedAt':"
			"null}");
}

/* Which types of wire/view a kind of member can be, as a bit set; and may it be null? */
static const struct {
	unsigned types;
	bool nullable;
} fits[ROW_KINDS] = {
	[ROW_BOOL] = { 1U << VIEW_BOOL, false },
	[ROW_BOOL_OF] = { 1U << VIEW_BOOL, false },
	[ROW_DIGEST] = { 1U << VIEW_DIGEST, false },
	[ROW_DIGEST_AT] = { 1U << VIEW_DIGEST, false },
	[ROW_INT] = { 1U << VIEW_INT | 1U << VIEW_ID, false },
	[ROW_INT_ABOVE_ZERO] = { 1U << VIEW_INT | 1U << VIEW_ID, true },
	[ROW_INT_FROM_ZERO] = { 1U << VIEW_INT, true },
	[ROW_JSON] = { 1U << VIEW_LABELS | 1U << VIEW_TEXTS, false },
	[ROW_TAIL] = { 1U << VIEW_TEXT, false },
	[ROW_TEXT] = { 1U << VIEW_TEXT | 1U << VIEW_WORD, true },
	[ROW_TIME] = { 1U << VIEW_TIME, true },
	[ROW_TIME_OF] = { 1U << VIEW_TIME, true },
	[ROW_U32] = { 1U << VIEW_INT, false },
	[ROW_WORD] = { 1U << VIEW_WORD, false },
};

static void ck_member(const struct view_column *column, const struct row_member *member)
{
	ck_str(member->column, column->name);
	ck((fits[member->kind].types & 1U << column->type) != 0);
	ck(!column->nullable || fits[member->kind].nullable);
	/* Of numbers only what may be null is written as null. */
	ck(column->nullable ||
			(member->kind != ROW_INT_ABOVE_ZERO && member->kind != ROW_INT_FROM_ZERO));
	ck((member->value != NULL) == (member->kind == ROW_BOOL_OF || member->kind == ROW_TIME_OF));
}

TEST(every_column_of_a_row_is_bound_once_in_order)
{
	for (size_t i = 0; i < NOUNS; i++) {
		const struct view_noun *noun = &view_nouns[i];
		const struct row_binding *binding = &rows_bindings[i];

		if (!binding->len) {
			continue;
		}
		ck_int(binding->len, noun->len);
		ck(!noun->base || rows_bindings[noun->base].len > 0);
		for (size_t j = 0; j < noun->len && j < binding->len; j++) {
			ck_member(&noun->columns[j], &binding->members[j]);
		}
	}
}

static const struct view_column *column_of(enum noun id, const char *name)
{
	const struct view_noun *noun = &view_nouns[id];

	for (size_t i = 0; i < noun->len; i++) {
		if (!strcmp(noun->columns[i].name, name)) {
			return &noun->columns[i];
		}
	}
	test_abort(__FILE__, __LINE__, "%s has no column %s", noun->name, name);
}

/* wire/view cannot see the store's words. */
TEST(words_are_those_of_the_store)
{
	static const struct {
		enum noun noun;
		const char *column;
		const char *const *words;
		size_t len;
	} rows[] = {
		{ NOUN_APPROVAL, "decision", approval_decision_names, APPROVAL_DECISIONS },
		{ NOUN_NOTIFICATION, "status", notice_status_names, NOTICE_STATUSES },
		{ NOUN_STEP, "status", step_status_names, STEP_STATUSES },
		{ NOUN_TIMELINE_ENTRY, "kind", timeline_kind_names, TIMELINE_KINDS },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		const struct view_column *column = column_of(rows[i].noun, rows[i].column);

		ck_int(column->words_len, rows[i].len);
		for (size_t j = 0; j < column->words_len && j < rows[i].len; j++) {
			ck_str(column->words[j], rows[i].words[j]);
		}
	}
}
