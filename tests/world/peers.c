/* SPDX-License-Identifier: Apache-2.0 */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/json_labels.h"

#define LABELS_MAX 16

/* names and values by turns, into items. */
static struct labels labels_of(const char *const *pairs, struct label *items)
{
	size_t len = 0;

	for (; pairs && pairs[0]; pairs += 2) {
		if (len == LABELS_MAX) {
			abort();
		}
		items[len++] = (struct label){ pairs[0], pairs[1] };
	}
	return (struct labels){ items, len };
}

/* --- front --- */

/* The id of the last request. */
static uint64_t request_id;

/* The last answer of the turn that ended. */
static struct peers_answer take_answer(void)
{
	struct arena *arena = arena_new();
	struct peers_answer answer = { 0 };
	struct msg_answer msg;

	if (!core_world_find(MSG_ANSWER, arena, &msg) || msg.id != request_id) {
		fprintf(stderr, "peers: a request was not answered\n");
		abort();
	}
	answer.code = msg.code;
	snprintf(answer.text, sizeof(answer.text), "%s%.*s", msg.error,
			msg.code ? 0 : (int)msg.content.len, (const char *)msg.content.data);
	arena_free(arena);
	return answer;
}

void peers_say(struct core *core, const struct peers_question *question)
{
	struct label items[LABELS_MAX];
	const struct msg_query query = {
		.id = ++request_id,
		.route = (uint16_t)question->route,
		.ids = { question->id, question->second_id },
		.principal = question->by ? question->by : "eve",
		.key = question->key ? question->key : "",
		.args = labels_of(question->args, items),
	};

	core_world_hears(core, ROLE_FRONT, MSG_QUERY, &query);
}

struct peers_answer peers_ask(struct core *core, const struct peers_question *question)
{
	peers_say(core, question);
	core_world_wait(core, 0);
	return take_answer();
}

/* A sender that says when an alert began says the same as long as it fires. */
static int64_t start_of(struct core *core, struct arena *arena, const struct alert *alert)
{
	const char *open = core_world_rows(core,
			"SELECT starts_at FROM episode WHERE status = 'firing' AND labels = '%s'",
			json_labels_text(arena, &alert->labels));

	return *open && alert->status == ALERT_FIRING ? strtoll(open, NULL, 10)
						      : core_world.wall_ms;
}

static struct alert *alerts_of(
		struct core *core, struct arena *arena, const struct peers_delivery *delivery)
{
	struct alert *alerts = arena_calloc(arena, delivery->len, sizeof(*alerts));

	for (size_t i = 0; i < delivery->len; i++) {
		const struct peers_alert *alert = &delivery->alerts[i];
		struct label *items = arena_calloc(arena, 2 * LABELS_MAX, sizeof(*items));
		int64_t ends_at = alert->ends_at ? alert->ends_at : core_world.wall_ms;

		alerts[i] = (struct alert){
			.status = alert->resolved ? ALERT_RESOLVED : ALERT_FIRING,
			.labels = labels_of(alert->labels, items),
			.annotations = labels_of(alert->annotations, items + LABELS_MAX),
			.starts_at = alert->starts_at,
			.ends_at = alert->resolved ? ends_at : 0,
			.generator_url = "",
			.fingerprint = "f",
			.broken = alert->broken,
			.note = alert->note,
		};
		if (!alert->starts_at) {
			alerts[i].starts_at = start_of(core, arena, &alerts[i]);
		}
	}
	return alerts;
}

struct peers_answer peers_deliver(struct core *core, const struct peers_delivery *delivery)
{
	static uint64_t body;
	struct arena *arena = arena_new();
	struct msg_deliver msg = {
		.id = ++request_id,
		.principal = delivery->by ? delivery->by : "eve",
		.dry_run = delivery->dry_run,
		.replay_of = delivery->replay_of,
		.override_guards = delivery->override_guards,
		.reason = delivery->replay_of ? "again" : NULL,
		.key = delivery->key ? delivery->key : "",
		.delivery = { .receiver = "r",
				.group_key = "g",
				.external_url = delivery->sender ? delivery->sender : "http://am",
				.notification_reason = delivery->reason ? delivery->reason : "",
				.truncated = delivery->truncated,
				.note = delivery->note,
				.alerts = alerts_of(core, arena, delivery),
				.alerts_len = delivery->len },
	};

	body += !delivery->same_body;
	msg.body = (struct bytes){ (const unsigned char *)&body, sizeof(body) };
	core_world_hears(core, ROLE_FRONT, MSG_DELIVER, &msg);
	core_world_wait(core, 0);
	arena_free(arena);
	return take_answer();
}

struct peers_answer peers_fires(struct core *core, const char *const *labels)
{
	const struct peers_alert alert = { .labels = labels };

	return peers_deliver(core, &(struct peers_delivery){ .alerts = &alert, .len = 1 });
}

struct peers_answer peers_resolves(struct core *core, const char *const *labels)
{
	const struct peers_alert alert = { .labels = labels, .resolved = true };

	return peers_deliver(core, &(struct peers_delivery){ .alerts = &alert, .len = 1 });
}

/* --- the executor --- */

void peers_started(struct core *core, const char *attempt)
{
	const struct msg_started msg = {
		.id = core_world_attempt(attempt), .pid = 1, .boot_id = "b"
	};

	core_world_folder(attempt);
	core_world_hears(core, ROLE_EXECUTOR, MSG_STARTED, &msg);
	core_world_wait(core, 0);
}

void peers_refused(struct core *core, const char *attempt, enum refusal why, const char *reason)
{
	const struct msg_refused msg = { core_world_attempt(attempt), (uint8_t)why, reason };

	core_world_hears(core, ROLE_EXECUTOR, MSG_REFUSED, &msg);
	core_world_wait(core, 0);
}

static void tell_ended(struct core *core, const char *attempt)
{
	const struct msg_ended msg = { core_world_attempt(attempt) };

	core_world_hears(core, ROLE_EXECUTOR, MSG_ENDED, &msg);
	core_world_wait(core, 0);
}

void peers_ended(struct core *core, const char *attempt, const struct attempt_status *status)
{
	struct core_world_folder *folder = core_world_folder(attempt);

	folder->state = ATTEMPT_ENDED;
	folder->status = *status;
	tell_ended(core, attempt);
}

void peers_wrote(struct core *core, const char *attempt, int exit_code, const char *output)
{
	struct core_world_folder *folder = core_world_folder(attempt);

	free(folder->output);
	folder->output = xstrdup(output);
	peers_ended(core, attempt,
			&(struct attempt_status){ .result = ATTEMPT_EXITED,
					.exit_code = exit_code,
					.output_bytes = strlen(output) });
}

void peers_exited(struct core *core, const char *attempt, int exit_code)
{
	peers_wrote(core, attempt, exit_code, "");
}

void peers_vanished(struct core *core, const char *attempt)
{
	core_world_folder(attempt)->state = ATTEMPT_VANISHED;
	tell_ended(core, attempt);
}

void peers_do(struct core *core, const char *attempt)
{
	peers_started(core, attempt);
	peers_exited(core, attempt, 0);
}

/* --- egress --- */

void peers_probed(struct core *core, enum probe_verdict verdict, const char *detail)
{
	const struct msg_probed msg = { core->ground.probe_id, (uint8_t)verdict, detail };

	core_world_hears(core, ROLE_EGRESS, MSG_PROBED, &msg);
	core_world_wait(core, 0);
}

void peers_notified(struct core *core, uint64_t id, enum notified how, const char *reason)
{
	const struct msg_notified msg = { id, (uint8_t)how, reason };

	core_world_hears(core, ROLE_EGRESS, MSG_NOTIFIED, &msg);
	core_world_wait(core, 0);
}

void peers_egress_restarts(struct core *core)
{
	if (core_world.on_event) {
		core_world.on_event("egress is restarted");
	}
	core_egress_new(core);
	core_world_wait(core, 0);
}
