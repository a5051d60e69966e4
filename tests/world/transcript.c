/* SPDX-License-Identifier: Apache-2.0 */
#include "transcript.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "core_world.h"
#include "test.h"

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static struct buf story;  /* since it was last checked */
static struct strv known; /* what was last told of the store: keys and values by turns */
static bool decides;      /* something came in whose answer is a decision */

static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	int64_t seconds = (core_world.mono_ms - CORE_WORLD_MONO) / 1000;
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_addf(&story, "%02" PRId64 ":%02" PRId64 " %s\n", seconds / 60, seconds % 60, line);
}

/* "1.0.2" of an attempt; until the next call. */
static const char *attempt(const struct attempt_id *id)
{
	static char text[64];

	snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu32 ".%" PRIu32, id->run, id->step,
			id->attempt);
	return text;
}

/* --- what comes in --- */

static void on_deliver(const void *msg)
{
	const struct msg_deliver *deliver = msg;

	decides = true;
	for (size_t i = 0; i < deliver->delivery.alerts_len; i++) {
		const struct alert *alert = &deliver->delivery.alerts[i];
		auto_buf struct buf values = { 0 };

		for (size_t j = 0; j < alert->labels.len; j++) {
			buf_addf(&values, "%s ", alert->labels.items[j].value);
		}
		note("%s%s%s%s", buf_text(&values),
				alert->status == ALERT_FIRING ? "fires" : "is resolved",
				deliver->replay_of ? ", replayed" : "",
				deliver->dry_run ? ", a dry run" : "");
	}
}

static void on_query(const void *msg)
{
	const struct msg_query *query = msg;
	const struct route_row *route = &routes[query->route];
	auto_buf struct buf args = { 0 };

	if (route->action != ACTION_COMMAND) {
		return;
	}
	decides |= route->id == ROUTE_PLAYBOOK_RUN || route->id == ROUTE_INCIDENT_REPLAY;
	for (size_t i = 0; i < query->args.len; i++) {
		const struct label *arg = &query->args.items[i];
		bool is_long = !strcmp(arg->name, "digest");

		buf_addf(&args, " %s=%s", arg->name, is_long ? "…" : arg->value);
	}
	if (query->ids[0]) {
		note("%s: %s %s %" PRIu64 "%s", query->principal, route->command, route->object,
				query->ids[0], buf_text(&args));
	} else {
		note("%s: %s%s", query->principal, route->command, buf_text(&args));
	}
}

static void on_started(const void *msg)
{
	note("%s started", attempt(&((const struct msg_started *)msg)->id));
}

static void on_refused(const void *msg)
{
	const struct msg_refused *refused = msg;

	note("%s refused: %s", attempt(&refused->id), refused->reason);
}

static void on_ended(const void *msg)
{
	const char *id = attempt(&((const struct msg_ended *)msg)->id);
	const struct core_world_folder *folder = core_world_folder(id);
	const struct attempt_status *status = &folder->status;

	if (folder->state != ATTEMPT_ENDED) {
		note("%s vanished", id);
	} else if (status->result == ATTEMPT_EXITED) {
		note("%s exited %d", id, status->exit_code);
	} else {
		note("%s %s", id, attempt_result_names[status->result]);
	}
}

static void on_probed(const void *msg)
{
	static const char *const verdicts[VERDICTS] = {
		[VERDICT_FAILING] = "failing",
		[VERDICT_HEALTHY] = "healthy",
		[VERDICT_UNKNOWN] = "unknown",
	};
	const struct msg_probed *probed = msg;

	note("probe %" PRIu64 " %s: %s", probed->id, verdicts[probed->verdict], probed->detail);
}

static void on_notified(const void *msg)
{
	static const char *const words[NOTIFIEDS] = {
		[NOTIFIED_SENT] = "sent",
		[NOTIFIED_LATER] = "not taken now",
		[NOTIFIED_NEVER] = "never taken",
	};
	const struct msg_notified *notified = msg;

	note("notification %" PRIu64 " %s%s%s", notified->id, words[notified->how],
			*notified->reason ? ": " : "", notified->reason);
}

static void on_received(enum role from, enum message_id id, const void *msg)
{
	static void (*const fns[MSG_IDS])(const void *msg) = {
		[MSG_STARTED] = on_started,
		[MSG_REFUSED] = on_refused,
		[MSG_ENDED] = on_ended,
		[MSG_DELIVER] = on_deliver,
		[MSG_QUERY] = on_query,
		[MSG_PROBED] = on_probed,
		[MSG_NOTIFIED] = on_notified,
	};

	(void)from;
	if (fns[id]) {
		fns[id](msg);
	}
}

static void on_event(const char *what)
{
	note("%s", what);
}

/* --- what is in the store --- */

/* KEY=VALUE; of an empty value only its end is told. */
#define FACTS                                                                               \
	"SELECT fact FROM ("                                                                \
	"SELECT 1 AS kind, id, 'incident ' || id || '=' || status AS fact FROM incident"    \
	" UNION ALL SELECT 2, id, 'incident ' || id || ' needs an operator:='"              \
	" || coalesce(attention, '') FROM incident"                                         \
	" UNION ALL SELECT 2, id, 'incident ' || id || ' is held:='"                        \
	" || CASE WHEN hold IS NULL THEN '' ELSE held END FROM incident"                    \
	" UNION ALL SELECT 3, id, 'run ' || id || ' (' || playbook || ')=' || status"       \
	" || CASE reason WHEN '' THEN '' ELSE ': ' || reason END FROM run"                  \
	" UNION ALL SELECT 4, id, 'page ' || level || ' of incident ' || incident_id"       \
	" || CASE generation WHEN 1 THEN '' ELSE ', opened ' || generation || ' times' END" \
	" || ':=' || why FROM raise"                                                        \
	" UNION ALL SELECT 5, id, 'notification ' || id || ' has failed:='"                 \
	" || CASE status WHEN 'failed' THEN reason ELSE '' END FROM outbox"                 \
	" UNION ALL SELECT 6, 1, 'paused:=' || coalesce((SELECT reason FROM pause"          \
	" WHERE ended_at IS NULL), '')"                                                     \
	") ORDER BY kind, id"

/* What was last told of that key; "" when nothing was. */
static const char *told_before(const char *key)
{
	for (size_t i = 0; i < known.len; i += 2) {
		if (!strcmp(known.items[i], key)) {
			return known.items[i + 1];
		}
	}
	return "";
}

static void tell_fact(const char *key, const char *value)
{
	const char *before = told_before(key);
	size_t len = strlen(key);

	if (*value && strcmp(before, value) != 0) {
		note("%s %s", key, value);
	} else if (!*value && *before) {
		note("%.*s: no more", (int)(len - (key[len - 1] == ':')), key);
	}
}

static void tell_store(struct core *core)
{
	static const char sql[] = FACTS;
	struct stmt *stmt = db_stmt(core->ground.db, sql);
	struct strv now = { 0 };
	struct err err;

	while (stmt_step(stmt, &err) == 1) {
		char *key = xstrdup(stmt_col_text(stmt, 0));
		char *value = strchr(key, '=');

		*value++ = '\0';
		tell_fact(key, value);
		strv_add(&now, key);
		strv_add(&now, value);
		free(key);
	}
	strv_clear(&known);
	known = now;
}

/* --- what goes out --- */

/* The value of the next member of that name in *text, which moves behind it. False: none. */
static bool next_member(const char **text, const char *name, char *ret, size_t size)
{
	const char *at = strstr(*text, name);
	size_t len;

	if (!at) {
		return false;
	}
	at += strlen(name);
	len = *at == '"' ? strcspn(++at, "\"") : strcspn(at, ",}");
	snprintf(ret, size, "%.*s", (int)len, at);
	*text = at + len;
	return true;
}

/* "delivery 1: queued run 1" for each alert of a delivery; "decision: …" for a command. */
static void tell_decisions(const char *text)
{
	char delivery[32] = "";
	char decision[64];
	char reason[512];
	char run[32];

	next_member(&text, "\"deliveryId\":", delivery, sizeof(delivery));
	while (next_member(&text, "\"decision\":", decision, sizeof(decision)) &&
			next_member(&text, "\"reason\":", reason, sizeof(reason)) &&
			next_member(&text, "\"runId\":", run, sizeof(run))) {
		bool is_kept = *delivery && strcmp(delivery, "null") != 0;
		bool has_run = strcmp(run, "null") != 0;
		bool is_plain = !strcmp(decision, "queued");

		note("%s%s: %s%s%s%s%s", is_kept ? "delivery " : "decision",
				is_kept ? delivery : "", decision, has_run ? " run " : "",
				has_run ? run : "", is_plain ? "" : ": ", is_plain ? "" : reason);
	}
}

static void tell_answers(void)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();

	for (size_t i = core_world.turn_at; i < core_world.sent_len; i++) {
		const struct core_world_sent *sent = &core_world.sent[i];
		struct msg_answer answer;
		struct err err;

		if (sent->type != MSG_ANSWER) {
			continue;
		}
		must_ok(wire_decode(message_types[MSG_ANSWER], sent->payload, sent->len, arena,
					&answer, &err),
				err);
		if (answer.code != ERR_NONE) {
			note("refused: %s", answer.error);
		} else if (decides) {
			tell_decisions(arena_strndup(arena, (const char *)answer.content.data,
					answer.content.len));
		}
	}
}

static void tell_sent(const struct core_world_sent *sent)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	union {
		struct msg_start start;
		struct msg_go go;
		struct msg_cancel cancel;
		struct msg_probe probe;
		struct msg_probe_command command;
		struct msg_notify notify;
		struct msg_answer answer;
		struct msg_ask ask;
	} msg;
	struct err err;

	must_ok(wire_decode(message_types[sent->type], sent->payload, sent->len, arena, &msg, &err),
			err);
	if (sent->type == MSG_START) {
		note("START %s", attempt(&msg.start.id));
	} else if (sent->type == MSG_GO) {
		note("GO %s", attempt(&msg.go.id));
	} else if (sent->type == MSG_CANCEL) {
		note("CANCEL %s", attempt(&msg.cancel.id));
	} else if (sent->type == MSG_PROBE) {
		note("PROBE %" PRIu64 " %s", msg.probe.id,
				*msg.probe.url ? msg.probe.url : msg.probe.address);
	} else if (sent->type == MSG_PROBE_COMMAND) {
		note("PROBE %" PRIu64 " of check %s", msg.command.id, msg.command.check);
	} else if (sent->type == MSG_NOTIFY) {
		note("NOTIFY %" PRIu64 " %s %s", msg.notify.id, msg.notify.receiver,
				msg.notify.kind);
	}
}

static void on_turn(struct core *core)
{
	tell_answers();
	decides = false;
	tell_store(core);
	for (size_t i = core_world.turn_at; i < core_world.sent_len; i++) {
		tell_sent(&core_world.sent[i]);
	}
}

void transcript_begin(void)
{
	core_world.on_received = on_received;
	core_world.on_turn = on_turn;
	core_world.on_event = on_event;
}

void transcript_forget(void)
{
	buf_reset(&story);
}

/* --- the comparison --- */

#define LINES_MAX 400

struct lines {
	const char *items[LINES_MAX];
	int len;
};

/* Cuts text. */
static void split(char *text, struct lines *ret)
{
	char *saved = NULL;

	ret->len = 0;
	for (char *line = strtok_r(text, "\n", &saved); line; line = strtok_r(NULL, "\n", &saved)) {
		if (ret->len == LINES_MAX) {
			abort();
		}
		ret->items[ret->len++] = line;
	}
}

/* How many lines both have from i and from j on, in order. */
static int common[LINES_MAX + 1][LINES_MAX + 1];

static void count_common(const struct lines *want, const struct lines *got)
{
	memset(common, 0, sizeof(common));
	for (int i = want->len - 1; i >= 0; i--) {
		for (int j = got->len - 1; j >= 0; j--) {
			int without = common[i + 1][j] > common[i][j + 1] ? common[i + 1][j]
									  : common[i][j + 1];

			common[i][j] = strcmp(want->items[i], got->items[j]) == 0
						       ? common[i + 1][j + 1] + 1
						       : without;
		}
	}
}

/* "-" is missing, "+" was not expected. */
static void print_diff(const struct lines *want, const struct lines *got)
{
	int i = 0;
	int j = 0;

	count_common(want, got);
	while (i < want->len || j < got->len) {
		bool same = i < want->len && j < got->len &&
			    strcmp(want->items[i], got->items[j]) == 0;

		if (same) {
			printf("      %s\n", want->items[i]);
			i++;
			j++;
		} else if (i < want->len &&
				(j == got->len || common[i + 1][j] >= common[i][j + 1])) {
			printf("    - %s\n", want->items[i++]);
		} else {
			printf("    + %s\n", got->items[j++]);
		}
	}
}

void transcript_ck(const char *file, int line, const char *expected)
{
	auto_free char *want_text = xstrdup(expected);
	auto_free char *got_text = xstrdup(buf_text(&story));
	static struct lines want;
	static struct lines got;

	if (strcmp(expected, buf_text(&story)) != 0) {
		test_fail(file, line, "the story went otherwise (- was expected, + happened):");
		split(want_text, &want);
		split(got_text, &got);
		print_diff(&want, &got);
	}
	buf_reset(&story);
}
