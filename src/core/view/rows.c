/* SPDX-License-Identifier: Apache-2.0 */
#include "core/view/rows.h"

#include <stdbool.h>

#include "domain/checklist.h"
#include "sys/digest.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* --- which member each column is --- */

#define MEMBER(json_name, T, m, C, row_kind)       \
	{                                          \
		.column = (json_name),             \
		.kind = _Generic(((T *)NULL)->m, C \
				 : (row_kind)),    \
		.offset = offsetof(T, m)           \
	}
#define BOOL(name, T, m) MEMBER(name, T, m, bool, ROW_BOOL)
#define BOOL_OF(name, fn)                                            \
	{                                                            \
		.column = (name), .kind = ROW_BOOL_OF, .value = (fn) \
	}
#define DIGEST(name, T, m)         MEMBER(name, T, m, uint8_t *, ROW_DIGEST)
#define DIGEST_AT(name, T, m)      MEMBER(name, T, m, const uint8_t *, ROW_DIGEST_AT)
#define INT(name, T, m)            MEMBER(name, T, m, int64_t, ROW_INT)
#define INT_ABOVE_ZERO(name, T, m) MEMBER(name, T, m, int64_t, ROW_INT_ABOVE_ZERO)
#define INT_FROM_ZERO(name, T, m)  MEMBER(name, T, m, int64_t, ROW_INT_FROM_ZERO)
#define JSON(name, T, m)           MEMBER(name, T, m, const char *, ROW_JSON)
#define TAIL(name, T, m, m_len)                                               \
	{                                                                     \
		.column = (name), .kind = ROW_TAIL, .offset = offsetof(T, m), \
		.len_offset = offsetof(T, m_len)                              \
	}
#define TEXT(name, T, m) MEMBER(name, T, m, const char *, ROW_TEXT)
#define TIME(name, T, m) MEMBER(name, T, m, int64_t, ROW_TIME)
#define TIME_OF(name, fn)                                            \
	{                                                            \
		.column = (name), .kind = ROW_TIME_OF, .value = (fn) \
	}
#define U32(name, T, m)  MEMBER(name, T, m, uint32_t, ROW_U32)
#define WORD(name, T, m) MEMBER(name, T, m, uint8_t, ROW_WORD)

static const struct row_member alert_members[] = {
	TEXT("fingerprint", struct episode_row, fingerprint),
	JSON("labels", struct episode_row, labels),
	JSON("annotations", struct episode_row, annotations),
	TEXT("generatorURL", struct episode_row, generator_url),
	TEXT("status", struct episode_row, status),
	TIME("startsAt", struct episode_row, starts_at),
	TIME("endsAt", struct episode_row, ends_at),
	TIME("lastSeenAt", struct episode_row, last_seen),
	INT("occurrences", struct episode_row, occurrences),
};

static const struct row_member alert_decision_members[] = {
	TEXT("fingerprint", struct decision_row, fingerprint),
	TEXT("alertname", struct decision_row, alertname),
	TEXT("decision", struct decision_row, decision),
	TEXT("reason", struct decision_row, reason),
	TEXT("playbook", struct decision_row, playbook),
	INT_ABOVE_ZERO("incidentId", struct decision_row, incident_id),
	INT_ABOVE_ZERO("runId", struct decision_row, run_id),
};

static const struct row_member approval_members[] = {
	DIGEST("configHash", struct approval_row, binding.config_hash),
	WORD("decision", struct approval_row, decision),
	TIME("decidedAt", struct approval_row, decided_at),
	TEXT("decidedBy", struct approval_row, decided_by),
	TEXT("reason", struct approval_row, reason),
};

static const struct row_member check_change_members[] = {
	TIME("at", struct check_change, at),
	TEXT("status", struct check_change, status),
	TEXT("reason", struct check_change, reason),
};

/* What is shown of an item, whether it is done or not. */
struct checklist_item_row {
	const char *name;
	const char *text;
	bool done;
	int64_t at;
	const char *by;   /* NULL: not done */
	const char *note; /* NULL: not done */
};

static const struct row_member checklist_item_members[] = {
	TEXT("name", struct checklist_item_row, name),
	TEXT("text", struct checklist_item_row, text),
	BOOL("done", struct checklist_item_row, done),
	TIME("at", struct checklist_item_row, at),
	TEXT("by", struct checklist_item_row, by),
	TEXT("note", struct checklist_item_row, note),
};

static const struct row_member command_members[] = {
	INT("id", struct audit_row, id),
	TIME("at", struct audit_row, at),
	TEXT("principal", struct audit_row, principal),
	TEXT("action", struct audit_row, action),
	TEXT("object", struct audit_row, object),
	JSON("arguments", struct audit_row, arguments),
	DIGEST("prev", struct audit_row, prev),
	DIGEST("hash", struct audit_row, hash),
};

static const struct row_member decision_members[] = {
	INT("deliveryId", struct decision_row, delivery_id),
	TIME("at", struct decision_row, at),
	TEXT("fingerprint", struct decision_row, fingerprint),
	TEXT("alertname", struct decision_row, alertname),
	TEXT("decision", struct decision_row, decision),
	TEXT("reason", struct decision_row, reason),
	TEXT("playbook", struct decision_row, playbook),
	INT_ABOVE_ZERO("incidentId", struct decision_row, incident_id),
	INT_ABOVE_ZERO("runId", struct decision_row, run_id),
};

static const struct row_member delivery_members[] = {
	INT("id", struct delivery_row, id),
	TIME("receivedAt", struct delivery_row, received_at),
	TEXT("principal", struct delivery_row, principal),
	TEXT("externalURL", struct delivery_row, external_url),
	TEXT("receiver", struct delivery_row, receiver),
	TEXT("groupKey", struct delivery_row, group_key),
	TEXT("notificationReason", struct delivery_row, notification_reason),
	INT("alerts", struct delivery_row, alerts),
	INT("truncatedAlerts", struct delivery_row, truncated),
	TEXT("note", struct delivery_row, note),
	INT_ABOVE_ZERO("replayOf", struct delivery_row, replay_of),
};

static const struct row_member escalation_members[] = {
	TEXT("level", struct paged_level_row, level),
	TIME("at", struct paged_level_row, at),
	TEXT("by", struct paged_level_row, by),
	TEXT("reason", struct paged_level_row, why),
};

static int64_t follow_up_is_done(const void *row)
{
	return ((const struct follow_up_row *)row)->done_at != 0;
}

static const struct row_member follow_up_members[] = {
	INT("id", struct follow_up_row, id),
	INT("incidentId", struct follow_up_row, incident_id),
	TEXT("text", struct follow_up_row, text),
	TEXT("owner", struct follow_up_row, owner),
	TEXT("receiver", struct follow_up_row, receiver),
	TIME("createdAt", struct follow_up_row, created_at),
	TEXT("createdBy", struct follow_up_row, created_by),
	BOOL_OF("done", follow_up_is_done),
	TIME("doneAt", struct follow_up_row, done_at),
	TEXT("doneBy", struct follow_up_row, done_by),
};

static const struct row_member incident_members[] = {
	INT("id", struct incident_row, id),
	TEXT("title", struct incident_row, title),
	WORD("status", struct incident_row, status),
	TEXT("level", struct incident_row, level),
	TEXT("severity", struct incident_row, severity),
	BOOL("major", struct incident_row, major),
	BOOL("postmortemDue", struct incident_row, post_due),
	TEXT("service", struct incident_row, service),
	TEXT("playbook", struct incident_row, playbook),
	JSON("labels", struct incident_row, labels),
	JSON("annotations", struct incident_row, annotations),
	INT("firingAlerts", struct incident_row, firing),
	TIME("openedAt", struct incident_row, opened_at),
	TIME("acknowledgedAt", struct incident_row, acknowledged_at),
	TEXT("acknowledgedBy", struct incident_row, acknowledged_by),
	TIME("mitigatedAt", struct incident_row, mitigated_at),
	TIME("resolvedAt", struct incident_row, resolved_at),
	TEXT("resolvedBy", struct incident_row, resolved_by),
	TIME("closedAt", struct incident_row, closed_at),
	TEXT("closedBy", struct incident_row, closed_by),
	TEXT("attention", struct incident_row, attention),
	TEXT("held", struct incident_row, held),
	TEXT("rootCause", struct incident_row, root_cause),
	TEXT("resolution", struct incident_row, resolution),
};

static int64_t notification_sent_at(const void *row)
{
	const struct notice_row *notice = row;

	return notice->status == NOTICE_SENT ? notice->ended_at : 0;
}

static int64_t notification_next_at(const void *row)
{
	const struct notice_row *notice = row;

	return notice->status == NOTICE_PENDING ? notice->next_at : 0;
}

static const struct row_member notification_members[] = {
	INT("id", struct notice_row, id),
	TEXT("key", struct notice_row, key),
	TEXT("kind", struct notice_row, kind),
	TEXT("receiver", struct notice_row, receiver),
	TEXT("endpoint", struct notice_row, endpoint),
	TEXT("subject", struct notice_row, subject),
	WORD("status", struct notice_row, status),
	INT("attempts", struct notice_row, attempts),
	TEXT("reason", struct notice_row, reason),
	TIME("createdAt", struct notice_row, created_at),
	TIME_OF("sentAt", notification_sent_at),
	TIME_OF("nextAttemptAt", notification_next_at),
};

static const struct row_member rejected_delivery_members[] = {
	INT("id", struct rejected_body_row, id),
	TIME("firstAt", struct rejected_body_row, first_at),
	TIME("lastAt", struct rejected_body_row, last_at),
	INT("count", struct rejected_body_row, count),
	INT("status", struct rejected_body_row, status),
	TEXT("error", struct rejected_body_row, error),
	TEXT("principal", struct rejected_body_row, principal),
	TEXT("client", struct rejected_body_row, client),
	INT("size", struct rejected_body_row, size),
	DIGEST_AT("hash", struct rejected_body_row, hash),
};

static const struct row_member question_members[] = {
	U32("step", struct approval_row, binding.step),
	TEXT("name", struct approval_row, name),
	TEXT("message", struct approval_row, message),
	TIME("askedAt", struct approval_row, asked_at),
	TIME("expiresAt", struct approval_row, binding.expires_at),
	DIGEST("digest", struct approval_row, digest),
	TEXT("notBy", struct approval_row, not_by),
};

static const struct row_member run_members[] = {
	INT("id", struct run_row, id),
	INT_ABOVE_ZERO("incidentId", struct run_row, incident_id),
	TEXT("playbook", struct run_row, playbook),
	TEXT("trigger", struct run_row, trigger),
	TEXT("requestedBy", struct run_row, requested_by),
	TEXT("requestReason", struct run_row, request_reason),
	BOOL("forced", struct run_row, override_guards),
	TEXT("cancelReason", struct run_row, cancel),
	DIGEST_AT("configHash", struct run_row, config_hash),
	WORD("status", struct run_row, status),
	TEXT("reason", struct run_row, reason),
	TIME("queuedAt", struct run_row, queued_at),
	TIME("startedAt", struct run_row, started_at),
	TIME("finishedAt", struct run_row, finished_at),
};

static const struct row_member run_in_short_members[] = {
	INT("id", struct run_row, id),
	TEXT("playbook", struct run_row, playbook),
	TEXT("trigger", struct run_row, trigger),
	WORD("status", struct run_row, status),
	TEXT("reason", struct run_row, reason),
	TIME("startedAt", struct run_row, started_at),
	TIME("finishedAt", struct run_row, finished_at),
};

static int64_t step_output_is_truncated(const void *row)
{
	const struct step_row *step = row;

	return step->output_bytes > step->kept_bytes;
}

static const struct row_member step_members[] = {
	INT("index", struct step_row, step),
	TEXT("phase", struct step_row, phase),
	TEXT("name", struct step_row, name),
	TEXT("kind", struct step_row, kind),
	JSON("argv", struct step_row, argv),
	WORD("status", struct step_row, status),
	TEXT("reason", struct step_row, reason),
	INT("attempt", struct step_row, attempt),
	INT_FROM_ZERO("exitCode", struct step_row, exit_code),
	INT_ABOVE_ZERO("signal", struct step_row, signal),
	TIME("startedAt", struct step_row, started_at),
	TIME("finishedAt", struct step_row, finished_at),
	INT("outputBytes", struct step_row, output_bytes),
	BOOL_OF("outputTruncated", step_output_is_truncated),
	TAIL("outputTail", struct step_row, tail, tail_len),
};

static const struct row_member timeline_entry_members[] = {
	INT("id", struct timeline_row, id),
	TIME("at", struct timeline_row, at),
	TEXT("kind", struct timeline_row, kind_name),
	TEXT("who", struct timeline_row, who),
	TEXT("text", struct timeline_row, text),
	INT_ABOVE_ZERO("runId", struct timeline_row, run_id),
};

static const struct row_member waiting_run_members[] = {
	INT("id", struct run_row, id),
	INT_ABOVE_ZERO("incidentId", struct run_row, incident_id),
	TEXT("playbook", struct run_row, playbook),
	TEXT("trigger", struct run_row, trigger),
	TEXT("requestedBy", struct run_row, requested_by),
	TIME("queuedAt", struct run_row, queued_at),
	TIME("startedAt", struct run_row, started_at),
};

#define BINDING(list)             \
	{                         \
		(list), LEN(list) \
	}

const struct row_binding rows_bindings[NOUNS] = {
	[NOUN_ALERT] = BINDING(alert_members),
	[NOUN_ALERT_DECISION] = BINDING(alert_decision_members),
	[NOUN_APPROVAL] = BINDING(approval_members),
	[NOUN_CHECK_CHANGE] = BINDING(check_change_members),
	[NOUN_CHECKLIST_ITEM] = BINDING(checklist_item_members),
	[NOUN_COMMAND] = BINDING(command_members),
	[NOUN_DECISION] = BINDING(decision_members),
	[NOUN_DELIVERY] = BINDING(delivery_members),
	[NOUN_ESCALATION] = BINDING(escalation_members),
	[NOUN_FOLLOW_UP] = BINDING(follow_up_members),
	[NOUN_INCIDENT] = BINDING(incident_members),
	[NOUN_NOTIFICATION] = BINDING(notification_members),
	[NOUN_QUESTION] = BINDING(question_members),
	[NOUN_REJECTED_DELIVERY] = BINDING(rejected_delivery_members),
	[NOUN_RUN] = BINDING(run_members),
	[NOUN_RUN_IN_SHORT] = BINDING(run_in_short_members),
	[NOUN_STEP] = BINDING(step_members),
	[NOUN_TIMELINE_ENTRY] = BINDING(timeline_entry_members),
	[NOUN_WAITING_RUN] = BINDING(waiting_run_members),
};

/* --- writing --- */

static const char *text_at(const void *at)
{
	return *(const char *const *)at;
}

static int64_t int_at(const void *at)
{
	return *(const int64_t *)at;
}

static void write_hash(struct jsonw *w, const char *name, const uint8_t *digest)
{
	char text[DIGEST_TEXT_MAX];

	jsonw_str(w, name, digest_text(digest, text));
}

static void write_natural(struct jsonw *w, const char *name, int64_t value)
{
	if (value < 0) {
		jsonw_null(w, name);
	} else {
		jsonw_int(w, name, value);
	}
}

static void write_bytes(struct jsonw *w, const char *name, const char *tail, size_t len)
{
	jsonw_strn(w, name, tail ? tail : "", len);
}

/* What is at offset of the row. */
static const void *at(const void *row, size_t offset)
{
	return (const char *)row + offset;
}

/* One writer for each kind of member. */
#define WRITER(kind)                                                                \
	static void write_##kind(struct jsonw *w, const struct view_column *column, \
			const struct row_member *member, const void *row)

WRITER(bool)
{
	jsonw_bool(w, column->name, *(const bool *)at(row, member->offset));
}

WRITER(bool_of)
{
	jsonw_bool(w, column->name, member->value(row));
}

WRITER(digest)
{
	write_hash(w, column->name, at(row, member->offset));
}

WRITER(digest_at)
{
	write_hash(w, column->name, *(const uint8_t *const *)at(row, member->offset));
}

WRITER(int)
{
	jsonw_int(w, column->name, int_at(at(row, member->offset)));
}

WRITER(int_above_zero)
{
	jsonw_id(w, column->name, int_at(at(row, member->offset)));
}

WRITER(int_from_zero)
{
	write_natural(w, column->name, int_at(at(row, member->offset)));
}

WRITER(json)
{
	jsonw_raw(w, column->name, text_at(at(row, member->offset)));
}

WRITER(tail)
{
	write_bytes(w, column->name, text_at(at(row, member->offset)),
			*(const size_t *)at(row, member->len_offset));
}

WRITER(text)
{
	jsonw_str(w, column->name, text_at(at(row, member->offset)));
}

WRITER(time)
{
	jsonw_time(w, column->name, int_at(at(row, member->offset)));
}

WRITER(time_of)
{
	jsonw_time(w, column->name, member->value(row));
}

WRITER(u32)
{
	jsonw_int(w, column->name, *(const uint32_t *)at(row, member->offset));
}

WRITER(word)
{
	jsonw_str(w, column->name, column->words[*(const uint8_t *)at(row, member->offset)]);
}

static void (*const writers[ROW_KINDS])(struct jsonw *w, const struct view_column *column,
		const struct row_member *member, const void *row) = {
	[ROW_BOOL] = write_bool,
	[ROW_BOOL_OF] = write_bool_of,
	[ROW_DIGEST] = write_digest,
	[ROW_DIGEST_AT] = write_digest_at,
	[ROW_INT] = write_int,
	[ROW_INT_ABOVE_ZERO] = write_int_above_zero,
	[ROW_INT_FROM_ZERO] = write_int_from_zero,
	[ROW_JSON] = write_json,
	[ROW_TAIL] = write_tail,
	[ROW_TEXT] = write_text,
	[ROW_TIME] = write_time,
	[ROW_TIME_OF] = write_time_of,
	[ROW_U32] = write_u32,
	[ROW_WORD] = write_word,
};

static void write_members(struct jsonw *w, enum noun id, const void *row)
{
	const struct view_noun *noun = &view_nouns[id];
	const struct row_binding *binding = &rows_bindings[id];

	if (noun->base) {
		write_members(w, noun->base, row);
	}
	for (size_t i = 0; i < binding->len; i++) {
		const struct row_member *member = &binding->members[i];

		writers[member->kind](w, &noun->columns[i], member, row);
	}
}

static void write_object(struct jsonw *w, enum noun id, const void *row)
{
	jsonw_object(w, NULL);
	write_members(w, id, row);
	jsonw_close(w);
}

void rows_delivery(struct jsonw *w, const struct delivery_row *row)
{
	write_members(w, NOUN_DELIVERY, row);
}

void rows_rejected_delivery(struct jsonw *w, const struct rejected_body_row *row)
{
	write_members(w, NOUN_REJECTED_DELIVERY, row);
}

void rows_incident(struct jsonw *w, const struct incident_row *row)
{
	write_members(w, NOUN_INCIDENT, row);
}

void rows_question(struct jsonw *w, const struct approval_row *row)
{
	write_members(w, NOUN_QUESTION, row);
}

void rows_run(struct jsonw *w, const struct run_row *row)
{
	write_members(w, NOUN_RUN, row);
}

void rows_alert(struct jsonw *w, const struct episode_row *row)
{
	write_object(w, NOUN_ALERT, row);
}

void rows_alert_decision(struct jsonw *w, const struct decision_row *row)
{
	write_object(w, NOUN_ALERT_DECISION, row);
}

void rows_approval(struct jsonw *w, const struct approval_row *row)
{
	write_object(w, NOUN_APPROVAL, row);
}

void rows_check_change(struct jsonw *w, const struct check_change *row)
{
	write_object(w, NOUN_CHECK_CHANGE, row);
}

void rows_command(struct jsonw *w, const struct audit_row *row)
{
	write_object(w, NOUN_COMMAND, row);
}

void rows_decision(struct jsonw *w, const struct decision_row *row)
{
	write_object(w, NOUN_DECISION, row);
}

void rows_escalation(struct jsonw *w, const struct paged_level_row *row)
{
	write_object(w, NOUN_ESCALATION, row);
}

void rows_follow_up(struct jsonw *w, const struct follow_up_row *row)
{
	write_object(w, NOUN_FOLLOW_UP, row);
}

void rows_notification(struct jsonw *w, const struct notice_row *row)
{
	write_object(w, NOUN_NOTIFICATION, row);
}

void rows_run_in_short(struct jsonw *w, const struct run_row *row)
{
	write_object(w, NOUN_RUN_IN_SHORT, row);
}

void rows_step(struct jsonw *w, const struct step_row *row)
{
	write_object(w, NOUN_STEP, row);
}

void rows_timeline_entry(struct jsonw *w, const struct timeline_row *row)
{
	write_object(w, NOUN_TIMELINE_ENTRY, row);
}

void rows_waiting_run(struct jsonw *w, const struct run_row *row)
{
	write_object(w, NOUN_WAITING_RUN, row);
}

void rows_checklist(struct jsonw *w, const struct checklist_row rows[CHECKLIST_ITEMS])
{
	jsonw_array(w, "checklist");
	for (int i = 0; i < CHECKLIST_ITEMS; i++) {
		bool done = rows[i].at != 0;
		const struct checklist_item_row item = {
			.name = checklist_names[i],
			.text = checklist_texts[i],
			.done = done,
			.at = rows[i].at,
			.by = done ? rows[i].who : NULL,
			.note = done ? rows[i].note : NULL,
		};

		write_object(w, NOUN_CHECKLIST_ITEM, &item);
	}
	jsonw_close(w);
}
