/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <unistd.h>

/* Every message's struct is decoded into a buffer of this size; its lists go to an arena. */
#define STRUCT_MAX 512
/* Room for most messages: growing from nothing costs more than the message itself. */
#define PAYLOAD_FIRST 4096

const char *const role_names[ROLES] = {
	[ROLE_EXECUTOR] = "executor",
	[ROLE_CORE] = "core",
	[ROLE_FRONT] = "front",
	[ROLE_EGRESS] = "egress",
};

/* Parts */

static const struct wire_field label_fields[] = {
	WIRE_FIELD_STR(struct label, name),
	WIRE_FIELD_STR(struct label, value),
};
static const struct wire_type label_type = WIRE_TYPE("label", struct label, label_fields);

/* A struct labels, named as one list. */
#define FIELD_LABELS(T, m)                                      \
	WIRE_ROW(WIRE_IF(T, m, struct labels, WIRE_LIST), T, m, \
			.count_offset = offsetof(T, m.len), .type = &label_type)
static_assert(offsetof(struct labels, items) == 0, "the list stands where the labels stand");

static const struct wire_field matcher_fields[] = {
	WIRE_FIELD_STR(struct matcher, name),
	WIRE_FIELD_STR(struct matcher, value),
	WIRE_FIELD_ENUM8(struct matcher, op, MATCHER_OPS),
};
static const struct wire_type matcher_type = WIRE_TYPE("matcher", struct matcher, matcher_fields);

static const struct wire_field alert_fields[] = {
	WIRE_FIELD_ENUM8(struct alert, status, ALERT_STATUSES),
	FIELD_LABELS(struct alert, labels),
	FIELD_LABELS(struct alert, annotations),
	WIRE_FIELD_I64(struct alert, starts_at),
	WIRE_FIELD_I64(struct alert, ends_at),
	WIRE_FIELD_STR(struct alert, generator_url),
	WIRE_FIELD_STR(struct alert, fingerprint),
	WIRE_FIELD_OPT(struct alert, broken),
	WIRE_FIELD_OPT(struct alert, note),
};
static const struct wire_type alert_type = WIRE_TYPE("alert", struct alert, alert_fields);

static const struct wire_field delivery_fields[] = {
	WIRE_FIELD_STR(struct delivery, receiver),
	WIRE_FIELD_STR(struct delivery, group_key),
	WIRE_FIELD_STR(struct delivery, external_url),
	WIRE_FIELD_STR(struct delivery, notification_reason),
	WIRE_FIELD_U64(struct delivery, truncated),
	WIRE_FIELD_OPT(struct delivery, note),
	FIELD_LABELS(struct delivery, group_labels),
	WIRE_FIELD_LIST(struct delivery, alerts, alerts_len, &alert_type),
};
static const struct wire_type delivery_type =
		WIRE_TYPE("delivery", struct delivery, delivery_fields);

/* text and len together are laid out as a struct bytes. */
static_assert(offsetof(struct config_file, len) - offsetof(struct config_file, text) ==
				offsetof(struct bytes, len),
		"text and len of a file");
static const struct wire_field config_file_fields[] = {
	WIRE_FIELD_STR(struct config_file, path),
	{ .kind = WIRE_BYTES, .name = "text", .offset = offsetof(struct config_file, text) },
	WIRE_FIELD_ENUM8(struct config_file, kind, CONFIG_KINDS),
};
static const struct wire_type config_file_type =
		WIRE_TYPE("config_file", struct config_file, config_file_fields);

/* What the files of an endpoint are called does not travel: what was in them does. */
#define FIELD_TRUTH(T, m)                                                      \
	{                                                                      \
		.kind = WIRE_IF(T, m, bool, WIRE_U8), .name = #m, .values = 2, \
		.offset = offsetof(T, m)                                       \
	}
static_assert(sizeof(bool) == sizeof(uint8_t), "a bool travels as a byte");
static const struct wire_field endpoint_fields[] = {
	WIRE_FIELD_STR(struct endpoint, name),
	WIRE_FIELD_ENUM8(struct endpoint, kind, ENDPOINT_KINDS),
	WIRE_FIELD_I64(struct endpoint, timeout_ms),
	WIRE_FIELD_OPT(struct endpoint, ca),
	WIRE_FIELD_OPT(struct endpoint, username),
	WIRE_FIELD_OPT(struct endpoint, password),
	WIRE_FIELD_ENUM8(struct endpoint, payload, PAYLOADS),
	WIRE_FIELD_STR(struct endpoint, url),
	WIRE_FIELD_STR(struct endpoint, auth_type),
	WIRE_FIELD_OPT(struct endpoint, credentials),
	WIRE_FIELD_STR(struct endpoint, to),
	WIRE_FIELD_STR(struct endpoint, from),
	WIRE_FIELD_STR(struct endpoint, smarthost),
	WIRE_FIELD_STR(struct endpoint, hello),
	FIELD_TRUTH(struct endpoint, require_tls),
};
static const struct wire_type endpoint_type =
		WIRE_TYPE("endpoint", struct endpoint, endpoint_fields);

static const struct wire_field receiver_fields[] = {
	WIRE_FIELD_STR(struct receiver, name),
	WIRE_FIELD_LIST(struct receiver, endpoints, endpoints_len, &endpoint_type),
};
static const struct wire_type receiver_type =
		WIRE_TYPE("receiver", struct receiver, receiver_fields);

static const struct wire_field role_state_fields[] = {
	WIRE_FIELD_ENUM8(struct role_state, role, ROLES),
	WIRE_FIELD_I64(struct role_state, pid),
	WIRE_FIELD_I64(struct role_state, started_at),
	WIRE_FIELD_U64(struct role_state, restarts),
};
static const struct wire_type role_state_type =
		WIRE_TYPE("role_state", struct role_state, role_state_fields);

static const struct wire_field attempt_id_fields[] = {
	WIRE_FIELD_U64(struct attempt_id, run),
	WIRE_FIELD_U32(struct attempt_id, step),
	WIRE_FIELD_U32(struct attempt_id, attempt),
};
static const struct wire_type attempt_id_type =
		WIRE_TYPE("attempt_id", struct attempt_id, attempt_id_fields);

/* Messages */

#define MESSAGE(noun)                                                       \
	static const struct wire_type noun##_type =                         \
			WIRE_TYPE(#noun, struct msg_##noun, noun##_fields); \
	static_assert(sizeof(struct msg_##noun) <= STRUCT_MAX, "larger than STRUCT_MAX")

static const struct wire_field setup_fields[] = {
	WIRE_FIELD_STR(struct msg_setup, storage_path),
	WIRE_FIELD_STR(struct msg_setup, external_url),
	WIRE_FIELD_STR(struct msg_setup, operator_token),
	WIRE_FIELD_I64(struct msg_setup, retention_ms),
	WIRE_FIELD_I64(struct msg_setup, min_free),
};
MESSAGE(setup);

static const struct wire_field listen_fields[] = {
	WIRE_FIELD_STR(struct msg_listen, address),
};
MESSAGE(listen);

static const struct wire_field peer_fields[] = {
	WIRE_FIELD_ENUM8(struct msg_peer, role, ROLES),
};
MESSAGE(peer);

static const struct wire_field config_fields[] = {
	WIRE_FIELD_LIST(struct msg_config, files, files_len, &config_file_type),
	WIRE_FIELD_STR(struct msg_config, by),
};
MESSAGE(config);

static const struct wire_field roles_fields[] = {
	WIRE_FIELD_LIST(struct msg_roles, roles, roles_len, &role_state_type),
	WIRE_FIELD_I64(struct msg_roles, started_at),
	WIRE_FIELD_I64(struct msg_roles, config_loaded_at),
	WIRE_FIELD_BOOL(struct msg_roles, config_ok),
	WIRE_FIELD_STR(struct msg_roles, config_path),
};
MESSAGE(roles);

static const struct wire_field reload_fields[] = {
	WIRE_FIELD_U64(struct msg_reload, id),
	WIRE_FIELD_STR(struct msg_reload, principal),
};
MESSAGE(reload);

static const struct wire_field reloaded_fields[] = {
	WIRE_FIELD_U64(struct msg_reloaded, id),
	WIRE_FIELD_ENUM8(struct msg_reloaded, code, ERR_BUG + 1),
	WIRE_FIELD_STR(struct msg_reloaded, error),
};
MESSAGE(reloaded);

static const struct wire_field sync_fields[] = {
	WIRE_FIELD_U64(struct msg_sync, number),
};
MESSAGE(sync);

static const struct wire_field synced_fields[] = {
	WIRE_FIELD_U64(struct msg_synced, number),
};
MESSAGE(synced);

static const struct wire_field ready_fields[] = {
	WIRE_FIELD_U8(struct msg_ready, unused),
};
MESSAGE(ready);

static const struct wire_field start_approval_fields[] = {
	WIRE_FIELD_BOOL(struct start_approval, given),
	WIRE_FIELD_U32(struct start_approval, step),
	WIRE_FIELD_I64(struct start_approval, expires_at),
	WIRE_FIELD_FIXED(struct start_approval, config_hash),
	WIRE_FIELD_FIXED(struct start_approval, seal),
};
static const struct wire_type start_approval_type =
		WIRE_TYPE("approval", struct start_approval, start_approval_fields);

static const struct wire_field start_fields[] = {
	WIRE_FIELD_SUB(struct msg_start, id, &attempt_id_type),
	WIRE_FIELD_FIXED(struct msg_start, config_hash),
	WIRE_FIELD_STR(struct msg_start, playbook),
	FIELD_LABELS(struct msg_start, params),
	WIRE_FIELD_U64(struct msg_start, incident),
	WIRE_FIELD_STR(struct msg_start, trigger),
	WIRE_FIELD_STR(struct msg_start, alertname),
	WIRE_FIELD_STR(struct msg_start, status),
	WIRE_FIELD_BYTES(struct msg_start, alert),
	WIRE_FIELD_SUB(struct msg_start, approval, &start_approval_type),
};
MESSAGE(start);

static const struct wire_field started_fields[] = {
	WIRE_FIELD_SUB(struct msg_started, id, &attempt_id_type),
	WIRE_FIELD_I64(struct msg_started, pid),
	WIRE_FIELD_I64(struct msg_started, pid_started),
	WIRE_FIELD_STR(struct msg_started, boot_id),
};
MESSAGE(started);

static const struct wire_field refused_fields[] = {
	WIRE_FIELD_SUB(struct msg_refused, id, &attempt_id_type),
	WIRE_FIELD_ENUM8(struct msg_refused, why, REFUSALS),
	WIRE_FIELD_STR(struct msg_refused, reason),
};
MESSAGE(refused);

static const struct wire_field go_fields[] = {
	WIRE_FIELD_SUB(struct msg_go, id, &attempt_id_type),
};
MESSAGE(go);

static const struct wire_field cancel_fields[] = {
	WIRE_FIELD_SUB(struct msg_cancel, id, &attempt_id_type),
};
MESSAGE(cancel);

static const struct wire_field ended_fields[] = {
	WIRE_FIELD_SUB(struct msg_ended, id, &attempt_id_type),
};
MESSAGE(ended);

static const struct wire_field deliver_fields[] = {
	WIRE_FIELD_U64(struct msg_deliver, id),
	WIRE_FIELD_STR(struct msg_deliver, principal),
	WIRE_FIELD_U64(struct msg_deliver, replay_of),
	WIRE_FIELD_BOOL(struct msg_deliver, dry_run),
	WIRE_FIELD_BOOL(struct msg_deliver, override_guards),
	WIRE_FIELD_OPT(struct msg_deliver, reason),
	WIRE_FIELD_STR(struct msg_deliver, key),
	WIRE_FIELD_SUB(struct msg_deliver, delivery, &delivery_type),
	WIRE_FIELD_BYTES(struct msg_deliver, body),
};
MESSAGE(deliver);

static const struct wire_field rejected_fields[] = {
	WIRE_FIELD_STR(struct msg_rejected, principal),
	WIRE_FIELD_STR(struct msg_rejected, client),
	WIRE_FIELD_U16(struct msg_rejected, status),
	WIRE_FIELD_STR(struct msg_rejected, error),
	WIRE_FIELD_U64(struct msg_rejected, size),
	WIRE_FIELD_U64(struct msg_rejected, missed),
	WIRE_FIELD_FIXED(struct msg_rejected, hash),
	WIRE_FIELD_BYTES(struct msg_rejected, body),
};
MESSAGE(rejected);

static const struct wire_field query_fields[] = {
	WIRE_FIELD_U64(struct msg_query, id),
	WIRE_FIELD_ENUM16(struct msg_query, route, ROUTES),
	WIRE_FIELD_FIXED(struct msg_query, ids),
	WIRE_FIELD_STR(struct msg_query, principal),
	WIRE_FIELD_STR(struct msg_query, key),
	FIELD_LABELS(struct msg_query, args),
	WIRE_FIELD_LIST(struct msg_query, filters, filters_len, &matcher_type),
};
MESSAGE(query);

static const struct wire_field answer_fields[] = {
	WIRE_FIELD_U64(struct msg_answer, id),
	WIRE_FIELD_ENUM8(struct msg_answer, code, ERR_BUG + 1),
	WIRE_FIELD_STR(struct msg_answer, error),
	WIRE_FIELD_STR(struct msg_answer, content_type),
	WIRE_FIELD_BYTES(struct msg_answer, content),
};
MESSAGE(answer);

static const struct wire_field check_field_fields[] = {
	WIRE_FIELD_STR(struct check_field, path),
	WIRE_FIELD_STR(struct check_field, value),
};
static const struct wire_type check_field_type =
		WIRE_TYPE("check_field", struct check_field, check_field_fields);

static const struct wire_field probe_fields[] = {
	WIRE_FIELD_U64(struct msg_probe, id),
	WIRE_FIELD_ENUM8(struct msg_probe, kind, CHECK_COMMAND),
	WIRE_FIELD_STR(struct msg_probe, url),
	WIRE_FIELD_STR(struct msg_probe, address),
	WIRE_FIELD_I64(struct msg_probe, status),
	WIRE_FIELD_BOOL(struct msg_probe, json),
	WIRE_FIELD_OPT(struct msg_probe, contains),
	WIRE_FIELD_LIST(struct msg_probe, fields, fields_len, &check_field_type),
	WIRE_FIELD_I64(struct msg_probe, timeout_ms),
};
MESSAGE(probe);

static const struct wire_field probe_command_fields[] = {
	WIRE_FIELD_U64(struct msg_probe_command, id),
	WIRE_FIELD_FIXED(struct msg_probe_command, config_hash),
	WIRE_FIELD_STR(struct msg_probe_command, check),
};
MESSAGE(probe_command);

static const struct wire_field probed_fields[] = {
	WIRE_FIELD_U64(struct msg_probed, id),
	WIRE_FIELD_ENUM8(struct msg_probed, verdict, VERDICTS),
	WIRE_FIELD_STR(struct msg_probed, detail),
};
MESSAGE(probed);

static const struct wire_field notify_fields[] = {
	WIRE_FIELD_U64(struct msg_notify, id),
	WIRE_FIELD_STR(struct msg_notify, key),
	WIRE_FIELD_STR(struct msg_notify, receiver),
	WIRE_FIELD_STR(struct msg_notify, endpoint),
	WIRE_FIELD_STR(struct msg_notify, kind),
	WIRE_FIELD_STR(struct msg_notify, subject),
	WIRE_FIELD_STR(struct msg_notify, text),
	WIRE_FIELD_I64(struct msg_notify, incident_id),
	WIRE_FIELD_OPT(struct msg_notify, incident),
	WIRE_FIELD_I64(struct msg_notify, created_at),
};
MESSAGE(notify);

static const struct wire_field notified_fields[] = {
	WIRE_FIELD_U64(struct msg_notified, id),
	WIRE_FIELD_ENUM8(struct msg_notified, how, NOTIFIEDS),
	WIRE_FIELD_STR(struct msg_notified, reason),
};
MESSAGE(notified);

static const struct wire_field alertmanager_fields[] = {
	WIRE_FIELD_SUB(struct alertmanager, http, &endpoint_type),
	WIRE_FIELD_I64(struct alertmanager, ask_every_ms),
	WIRE_FIELD_I64(struct alertmanager, settle_ms),
};
static const struct wire_type alertmanager_type =
		WIRE_TYPE("alertmanager", struct alertmanager, alertmanager_fields);

static const struct wire_field receivers_fields[] = {
	WIRE_FIELD_LIST(struct msg_receivers, receivers, receivers_len, &receiver_type),
	WIRE_FIELD_LIST(struct msg_receivers, alertmanagers, alertmanagers_len, &alertmanager_type),
};
MESSAGE(receivers);

static const struct wire_field ask_group_fields[] = {
	WIRE_FIELD_U64(struct ask_group, id),
	WIRE_FIELD_STR(struct ask_group, receiver),
	FIELD_LABELS(struct ask_group, labels),
};
static const struct wire_type ask_group_type =
		WIRE_TYPE("ask_group", struct ask_group, ask_group_fields);

static const struct wire_field ask_fields[] = {
	WIRE_FIELD_U64(struct msg_ask, id),
	WIRE_FIELD_STR(struct msg_ask, alertmanager),
	WIRE_FIELD_BOOL(struct msg_ask, more),
	WIRE_FIELD_BYTES(struct msg_ask, identities),
	WIRE_FIELD_LIST(struct msg_ask, cuts, cuts_len, &ask_group_type),
};
MESSAGE(ask);

static const struct wire_field listed_alert_fields[] = {
	WIRE_FIELD_FIXED(struct listed, identity),
	WIRE_FIELD_ENUM8(struct listed, state, UPSTREAM_STATES),
	WIRE_FIELD_STR(struct listed, why),
	WIRE_FIELD_I64(struct listed, until),
};
static const struct wire_type listed_alert_type =
		WIRE_TYPE("listed", struct listed, listed_alert_fields);

static const struct wire_field listed_fields[] = {
	WIRE_FIELD_U64(struct msg_listed, id),
	WIRE_FIELD_LIST(struct msg_listed, alerts, alerts_len, &listed_alert_type),
};
MESSAGE(listed);

static const struct wire_field fetched_fields[] = {
	WIRE_FIELD_U64(struct msg_fetched, id),
	WIRE_FIELD_U64(struct msg_fetched, group),
	WIRE_FIELD_LIST(struct msg_fetched, alerts, alerts_len, &alert_type),
};
MESSAGE(fetched);

static const struct wire_field asked_fields[] = {
	WIRE_FIELD_U64(struct msg_asked, id),
	WIRE_FIELD_BOOL(struct msg_asked, answered),
	WIRE_FIELD_STR(struct msg_asked, error),
	WIRE_FIELD_I64(struct msg_asked, started_at),
	WIRE_FIELD_U64(struct msg_asked, left_out),
};
MESSAGE(asked);

const struct wire_type *const message_types[MSG_IDS] = {
	[MSG_SETUP] = &setup_type,
	[MSG_LISTEN] = &listen_type,
	[MSG_PEER] = &peer_type,
	[MSG_CONFIG] = &config_type,
	[MSG_ROLES] = &roles_type,
	[MSG_RELOAD] = &reload_type,
	[MSG_RELOADED] = &reloaded_type,
	[MSG_READY] = &ready_type,
	[MSG_START] = &start_type,
	[MSG_STARTED] = &started_type,
	[MSG_REFUSED] = &refused_type,
	[MSG_GO] = &go_type,
	[MSG_CANCEL] = &cancel_type,
	[MSG_ENDED] = &ended_type,
	[MSG_DELIVER] = &deliver_type,
	[MSG_QUERY] = &query_type,
	[MSG_ANSWER] = &answer_type,
	[MSG_PROBE] = &probe_type,
	[MSG_PROBE_COMMAND] = &probe_command_type,
	[MSG_SYNC] = &sync_type,
	[MSG_SYNCED] = &synced_type,
	[MSG_REJECTED] = &rejected_type,
	[MSG_PROBED] = &probed_type,
	[MSG_NOTIFY] = &notify_type,
	[MSG_NOTIFIED] = &notified_type,
	[MSG_RECEIVERS] = &receivers_type,
	[MSG_ASK] = &ask_type,
	[MSG_LISTED] = &listed_type,
	[MSG_FETCHED] = &fetched_type,
	[MSG_ASKED] = &asked_type,
};

/* A socket comes with these, and with no others. */
static bool carries_fd(uint16_t type)
{
	return type == MSG_LISTEN || type == MSG_PEER;
}

void message_send(struct channel *channel, enum message_id id, const void *msg, int fd)
{
	auto_buf struct buf payload = { 0 };

	assert(carries_fd((uint16_t)id) == (fd >= 0));
	buf_reserve(&payload, PAYLOAD_FIRST);
	wire_encode(message_types[id], msg, &payload);
	channel_send(channel, (uint16_t)id, payload.data, payload.len, fd);
}

static int check_frame(
		const struct message_handler *handlers, uint16_t type, int fd, struct err *err)
{
	if (type >= MSG_IDS || !message_types[type]) {
		return err_set(err, ERR_INPUT, "unknown message %u", type);
	}

	const char *name = message_types[type]->name;

	if (!handlers[type].fn) {
		return err_set(err, ERR_INPUT, "%s: not a message for this role", name);
	}
	if (carries_fd(type) != (fd >= 0)) {
		return err_set(err, ERR_INPUT, "%s: %s", name,
				fd >= 0 ? "an unexpected descriptor"
					: "no descriptor came with it");
	}
	return 0;
}

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

int message_dispatch(const struct message_handler *handlers, void *arg, uint16_t type,
		const unsigned char *payload, size_t len, int fd, struct err *err)
{
	auto_fd int owned_fd = fd;
	alignas(max_align_t) unsigned char msg[STRUCT_MAX];

	if (check_frame(handlers, type, fd, err) < 0) {
		return -1;
	}

	CLEANUP(cleanup_arena) struct arena *arena = arena_new();

	if (wire_decode(message_types[type], payload, len, arena, msg, err) < 0) {
		return -1;
	}
	return handlers[type].fn(arg, msg, take_fd(&owned_fd), err);
}
