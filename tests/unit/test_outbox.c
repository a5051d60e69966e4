/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notify/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "sys/json.h"
#include "test.h"

static const char yaml[] = "receivers:\n"
			   "  - name: two\n"
			   "    webhook_configs:\n"
			   "      - { url: 'http://h/a', timeout: 1s }\n"
			   "      - { url: 'http://h/b', timeout: 1s, send_resolved: false }\n"
			   "  - name: one\n"
			   "    email_configs: [{ to: a@b.c, from: a@b.c, smarthost: 'h:25' }]\n";
static const char other_yaml[] = "receivers:\n"
				 "  - name: two\n"
				 "    webhook_configs: [{ url: 'http://h/a' }]\n";

static const char a[] = "webhook http://h/…";
static const char b[] = "webhook http://h/… (2)";

/* A notification is written down, and the turn goes on. */
static void must_add(struct core *core, const char *key, const char *receiver, const char *kind)
{
	const struct notice notice = {
		.key = key, .receiver = receiver, .kind = kind, .subject = "s", .text = "t"
	};
	struct err err;

	turn_begin(&core->ground.turn);
	must_ok(outbox_add(&core->notify, &notice, &err), err);
}

/* What the turn sends, as "ID RECEIVER ENDPOINT, …"; until the next call. */
static const char *end_turn(struct core *core)
{
	static char text[4096];
	size_t used = 0;
	struct err err;

	core_world_tick(core);
	*text = '\0';
	for (size_t i = 0; i < core_world.sent_len; i++) {
		const struct core_world_sent *sent = &core_world.sent[i];
		struct arena *arena = arena_new();
		struct msg_notify msg;

		ck_int(sent->type, MSG_NOTIFY);
		must_ok(wire_decode(message_types[MSG_NOTIFY], sent->payload, sent->len, arena,
					&msg, &err),
				err);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%d %s %s",
				used ? ", " : "", (int)msg.id, msg.receiver, msg.endpoint);
		arena_free(arena);
	}
	return text;
}

/* Egress says how it went, and the turn goes on. */
static void egress_says(struct core *core, uint64_t id, enum notified how, const char *reason)
{
	const struct msg_notified msg = { .id = id, .how = (uint8_t)how, .reason = reason };

	core_world_hears(core, ROLE_EGRESS, MSG_NOTIFIED, &msg);
}

/* "STATUS ATTEMPTS ENDPOINT: REASON", until the next call. */
static const char *row_text(struct core *core, int id)
{
	return core_world_rows(core,
			"SELECT status || ' ' || attempts || ' ' || endpoint ||"
			" CASE reason WHEN '' THEN '' ELSE ': ' || reason END"
			" FROM outbox WHERE id = %d",
			id);
}

TEST(every_endpoint_is_notified_once)
{
	char want[128];
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "two", "initial");
	must_add(&core, "k", "two", "initial");
	snprintf(want, sizeof(want), "1 two %s, 2 two %s", a, b);
	ck_str(end_turn(&core), want);
	must_add(&core, "k", "two", "initial");
	ck_str(end_turn(&core), "");
	egress_says(&core, 2, NOTIFIED_SENT, "");
	egress_says(&core, 1, NOTIFIED_SENT, "");
	ck_str(row_text(&core, 1), "sent 1 webhook http://h/…");
	ck_str(row_text(&core, 2), "sent 1 webhook http://h/… (2)");
	must_add(&core, "k", "two", "initial");
	ck_str(end_turn(&core), "");
	ck_int(core.ground.counters.notices[0].ended[NOTICE_SENT], 2);
	core_world_end(&core);
}

TEST(what_was_never_committed_is_not_sent)
{
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "one", "initial");
	db_rollback(core.ground.db);
	ck_str(end_turn(&core), "");
	core_world_end(&core);
}

TEST(one_of_an_endpoint_is_on_its_way_at_a_time_in_order)
{
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k1", "one", "step");
	must_add(&core, "k2", "one", "step");
	must_add(&core, "k3", "one", "step");
	ck_str(end_turn(&core), "1 one email a@b.c");
	core.notify.look = true;
	ck_str(end_turn(&core), "");
	egress_says(&core, 1, NOTIFIED_SENT, "");
	ck_str(end_turn(&core), "2 one email a@b.c");
	/* One that has to wait holds up no later one, once the backoff of the endpoint is over. */
	egress_says(&core, 2, NOTIFIED_LATER, "status 500");
	ck_str(end_turn(&core), "");
	core_world_pass(1000);
	ck_str(end_turn(&core), "3 one email a@b.c");
	ck_str(row_text(&core, 2), "pending 1 email a@b.c: status 500");
	egress_says(&core, 3, NOTIFIED_NEVER, "status 404");
	ck_str(row_text(&core, 3), "failed 1 email a@b.c: status 404");
	ck_str(end_turn(&core), "2 one email a@b.c");
	egress_says(&core, 2, NOTIFIED_SENT, "");
	ck_str(row_text(&core, 2), "sent 2 email a@b.c");
	core_world_end(&core);
}

/* How long after now the next attempt begins. */
static int64_t next_in(struct core *core, int id)
{
	return strtoll(core_world_rows(core, "SELECT next_at FROM outbox WHERE id = %d", id), NULL,
			       10) -
	       core_world.wall_ms;
}

TEST(the_pauses_grow_and_end)
{
	static const int64_t pauses[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "one", "step");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		ck_str(end_turn(&core), "1 one email a@b.c");
		/* Before it is known how it went: a crash now does not make it come at once. */
		ck_int(next_in(&core, 1), pauses[i] * 1000);
		egress_says(&core, 1, NOTIFIED_LATER, "status 500");
		ck_int(next_in(&core, 1), pauses[i] * 1000);
		ck_str(end_turn(&core), "");
		core_world_pass(pauses[i] * 1000 - 1);
		ck_str(end_turn(&core), "");
		core_world_pass(1);
	}
	core_world_end(&core);
}

TEST(after_a_day_it_has_failed_for_its_last_reason)
{
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "one", "step");
	end_turn(&core);
	egress_says(&core, 1, NOTIFIED_LATER, "status 500");
	end_turn(&core);
	core_world_pass(OUTBOX_GIVE_UP_MS);
	ck_str(end_turn(&core), "1 one email a@b.c");
	egress_says(&core, 1, NOTIFIED_LATER, "connect: refused");
	ck_str(row_text(&core, 1),
			"failed 2 email a@b.c: given up after 2 attempts; the last: connect: refused");
	end_turn(&core);
	core_world_pass(OUTBOX_PAUSE_MAX_MS);
	ck_str(end_turn(&core), "");
	core_world_end(&core);
}

TEST(a_clock_that_is_set_back_delays_nothing_for_long)
{
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "one", "step");
	ck_str(end_turn(&core), "1 one email a@b.c");
	egress_says(&core, 1, NOTIFIED_LATER, "status 500");
	end_turn(&core);
	core_world.wall_ms -= 86400000;
	core_world_pass(1000);
	ck_str(end_turn(&core), "1 one email a@b.c");
	core_world_end(&core);
}

TEST(what_the_old_egress_was_asked_is_sent_again)
{
	struct core core;
	struct channel *egress;

	core_world_start(&core, yaml);
	must_add(&core, "k", "one", "step");
	ck_str(end_turn(&core), "1 one email a@b.c");
	egress = core.ground.links.egress;
	core.ground.links.egress = NULL;
	core_world_pass(1000);
	ck_str(end_turn(&core), "");
	core.ground.links.egress = egress;
	core_egress_new(&core);
	ck_str(end_turn(&core), "1 one email a@b.c");
	egress_says(&core, 1, NOTIFIED_SENT, "");
	ck_str(row_text(&core, 1), "sent 2 email a@b.c");
	core_world_end(&core);
}

TEST(an_egress_that_does_not_answer_is_given_up)
{
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "one", "step");
	end_turn(&core);
	core_world_pass(core.notify.in_flight.items[0].due_ms - core_world.mono_ms - 1);
	end_turn(&core);
	ck_str(row_text(&core, 1), "pending 1 email a@b.c");
	core_world_pass(1);
	end_turn(&core);
	ck_str(row_text(&core, 1), "pending 1 email a@b.c: no answer from egress");
	/* Its answer comes late, and is of no use to anybody. */
	egress_says(&core, 1, NOTIFIED_NEVER, "status 404");
	ck_str(row_text(&core, 1), "pending 1 email a@b.c: no answer from egress");
	core_world_end(&core);
}

TEST(no_more_than_so_many_are_on_their_way)
{
	auto_buf struct buf text = { 0 };
	struct core core;

	buf_adds(&text, "receivers:\n  - name: many\n    webhook_configs:\n");
	for (int i = 0; i < 32; i++) {
		buf_addf(&text, "      - { url: 'http://h%d/' }\n", i);
	}
	buf_adds(&text, "    email_configs: [{ to: a@b.c, from: a@b.c, smarthost: 'h:25' }]\n");
	core_world_start(&core, buf_text(&text));
	must_add(&core, "k", "many", "step");
	end_turn(&core);
	ck_int(core.notify.in_flight.len, IN_FLIGHT_MAX);
	egress_says(&core, 1, NOTIFIED_SENT, "");
	ck_has(end_turn(&core), "33 many ");
	core_world_end(&core);
}

TEST(an_unknown_receiver_has_failed_with_the_reason)
{
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "nobody", "step");
	must_add(&core, "k", "nobody", "step");
	ck_str(row_text(&core, 1), "failed 0 : there is no receiver 'nobody' in the configuration");
	ck_str(row_text(&core, 2), "");
	ck_str(end_turn(&core), "");
	core_world_end(&core);
}

TEST(who_does_not_want_the_end_is_not_notified_of_it)
{
	char want[64];
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "two", NOTICE_RESOLVED);
	snprintf(want, sizeof(want), "1 two %s", a);
	ck_str(end_turn(&core), want);
	core_world_end(&core);
}

TEST(what_waits_for_an_endpoint_that_is_gone_has_failed)
{
	char want[64];
	struct core core;

	core_world_start(&core, yaml);
	must_add(&core, "k", "two", "step");
	must_add(&core, "k", "one", "step");
	core_world_configure(&core, other_yaml);
	ck_str(row_text(&core, 2),
			"failed 0 webhook http://h/… (2): its endpoint is not in the configuration any more");
	ck_str(row_text(&core, 3),
			"failed 0 email a@b.c: its endpoint is not in the configuration any more");
	snprintf(want, sizeof(want), "1 two %s", a);
	ck_str(end_turn(&core), want);
	core_world_end(&core);
}

static void on_row(const struct notice_row *row, void *arg)
{
	char **texts = arg;

	texts[0] = strdup(row->subject);
	texts[1] = strdup(row->text);
	texts[2] = row->incident ? strdup(row->incident) : NULL;
}

/* Write it down, and see what is in the row. */
static void must_add_row(struct core *core, const struct notice *notice, char *texts[3])
{
	struct err err;

	turn_begin(&core->ground.turn);
	must_ok(outbox_add(&core->notify, notice, &err), err);
	must(notices_get(core->ground.db, 1, on_row, texts, &err) == 1);
}

static void free_texts(char *texts[3])
{
	free(texts[0]);
	free(texts[1]);
	free(texts[2]);
}

TEST(what_is_sent_can_stand_in_a_mail)
{
	struct core core;
	char *texts[3];
	char *subject = malloc(2000);

	must(subject);
	memset(subject, 'x', 1999);
	subject[1999] = '\0';
	memcpy(subject, "a\r\nb\033[1mü\xff", 11);
	core_world_start(&core, yaml);
	must_add_row(&core,
			&(struct notice){ .key = "k",
					.receiver = "one",
					.kind = "step",
					.subject = subject,
					.text = "one\n\ttwo\r\xc2\x9b\xe2\x80\xae" },
			texts);
	ck(!strncmp(texts[0], "a  b [1mü\xef\xbf\xbd", 13));
	ck(strlen(texts[0]) <= OUTBOX_SUBJECT_MAX);
	ck_has(texts[0], "x…");
	ck_str(texts[1], "one\n\ttwo   ");
	ck(texts[2] == NULL);
	free_texts(texts);
	free(subject);
	core_world_end(&core);
}

static void must_add_incident(struct core *core, const char *labels)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	const struct incident_row row = { .title = "argus is down",
		.level = "L2",
		.severity = "critical",
		.service = "argus",
		.playbook = "p",
		.labels = labels,
		.annotations = "{}",
		.group_hash = hash,
		.opened_at = 1000 };
	struct err err;
	int64_t id;

	must_ok(turn_write(&core->ground.turn, &err), err);
	must_ok(incidents_add(core->ground.db, &row, &id, &err), err);
	must(id == 1);
}

static const struct notice about = { .incident_id = 1,
	.key = "incident/1/1/initial",
	.receiver = "one",
	.kind = "initial",
	.subject = "s",
	.text = "" };

TEST(the_incident_is_described_as_it_is)
{
	struct core core;
	char *texts[3];

	core_world_start(&core, yaml);
	free(core.ground.external_url);
	core.ground.external_url = strdup("http://playbookd.test/");
	must_add_incident(&core, "{\"service\":\"argus\"}");
	must_add_row(&core, &about, texts);
	ck_has(texts[2], "{\"id\":1,\"title\":\"argus is down\",\"status\":\"firing\",\"level\":"
			 "\"L2\"");
	ck_has(texts[2], "\"labels\":{\"service\":\"argus\"}");
	ck_has(texts[2], "\"url\":\"http://playbookd.test/api/v1/incidents/1\"}");
	ck(json_valid(texts[2], strlen(texts[2])));
	free_texts(texts);
	core_world_end(&core);
}

TEST(an_incident_with_long_labels_is_described_without_them)
{
	auto_buf struct buf labels = { 0 };
	struct core core;
	char *texts[3];

	buf_adds(&labels, "{\"a\":\"");
	for (int i = 0; i < OUTBOX_INCIDENT_MAX; i++) {
		buf_addch(&labels, 'x');
	}
	buf_adds(&labels, "\"}");
	core_world_start(&core, yaml);
	must_add_incident(&core, buf_text(&labels));
	must_add_row(&core, &about, texts);
	ck_has(texts[2], "\"service\":\"argus\",\"playbook\":\"p\",\"labels\":null,"
			 "\"annotations\":null");
	ck(strlen(texts[2]) < 1000);
	free_texts(texts);
	core_world_end(&core);
}

TEST(retention_takes_what_is_over_with_its_incident_gone)
{
	struct core core;

	core_world_start(&core, yaml);
	core.ground.links.egress = NULL;
	for (int i = 0; i < 5; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		must_add(&core, key, "one", "step");
	}
	core_world_exec(&core, "UPDATE outbox SET status = 'sent' WHERE id IN (1, 2, 5)");
	core_world_exec(&core, "UPDATE outbox SET incident_id = 1 WHERE id = 2");
	must_add_incident(&core, "{}");
	core.storage.retention_ms = 60000;
	core_world_wait(&core, 180000);
	ck_str(row_text(&core, 1), "");
	ck_str(row_text(&core, 2), "sent 0 email a@b.c"); /* its incident is there */
	ck_str(row_text(&core, 3), "pending 0 email a@b.c");
	ck_str(row_text(&core, 5), "sent 0 email a@b.c"); /* the newest */
	core_world_end(&core);
}
