#include "core/notify/outbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/load.h"
#include "core/core.h"
#include "store/incidents.h"
#include "store/notices.h"
#include "store/retention.h"
#include "sys/file.h"
#include "sys/json.h"
#include "sys/migrate.h"
#include "test.h"

/* A core on a real store in the test's folder. What it sends is seen in its turn. */

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

static void ignore_closed(void *arg, const struct err *why)
{
	(void)arg;
	(void)why;
}

static const struct channel_ops silent = { NULL, ignore_closed };

static void use_config(struct core *core, const char *text)
{
	struct config_file file = { "test.yml", text, (uint32_t)strlen(text) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;

	config_free(core->generations->config);
	core->generations->config = load_config(&files, &report, &err);
	if (!core->generations->config) {
		test_abort(__FILE__, __LINE__, "%s", buf_text(&report));
	}
	must_ok(outbox_config_new(core, &err), err);
}

static void must_start(struct core *core)
{
	struct err err;
	int fds[2];

	*core = (struct core){ .storage_fd = -1 };
	core->external_url = strdup("http://playbookd.test/");
	core->loop = loop_new(&err);
	must(core->loop != NULL);
	must_ok(channel_pair(fds, &err), err);
	core->egress = channel_new(core->loop, fds[0], MESSAGE_SMALL_MAX, &silent, core);
	core->db = db_open("test.db", &err);
	must(core->db != NULL);
	must_ok(migrate(core->db, &err), err);
	core->turn.db = core->db;
	core->generations = calloc(1, sizeof(*core->generations));
	must(core->generations != NULL);
	use_config(core, yaml);
}

static void must_tell(struct core *core, const char *key, const char *receiver, const char *kind)
{
	struct err err;

	must_ok(outbox_tell(core,
				&(struct notice){ .incident_id = 0,
						.key = key,
						.receiver = receiver,
						.kind = kind,
						.subject = "s",
						.text = "t" },
				&err),
			err);
}

/* What the turn sends, as "ID ENDPOINT, …"; until the next call. */
static const char *must_tick(struct core *core)
{
	static char text[1024];
	struct err err;

	*text = '\0';
	if (outbox_tick(core, &err) == -2) {
		test_abort(__FILE__, __LINE__, "tick: %s", err.msg);
	}
	for (size_t i = 0; i < core->turn.held_len; i++) {
		const struct held *held = &core->turn.held[i];
		struct arena *arena = arena_new();
		struct msg_notify msg;
		size_t used = strlen(text);

		must_ok(wire_decode(message_types[MSG_NOTIFY],
					core->turn.payloads.data + held->offset, held->len, arena,
					&msg, &err),
				err);
		snprintf(text + used, sizeof(text) - used, "%s%d %s %s", used ? ", " : "",
				(int)msg.id, msg.receiver, msg.endpoint);
		arena_free(arena);
	}
	must_ok(turn_end(&core->turn, &err), err);
	return text;
}

static void must_hear(struct core *core, uint64_t id, enum notified how, const char *reason)
{
	struct err err;

	must_ok(outbox_notified(core,
				&(struct msg_notified){
						.id = id, .how = (uint8_t)how, .reason = reason },
				&err),
			err);
	must_ok(turn_end(&core->turn, &err), err);
}

static void one_row(const struct notice_row *row, void *arg)
{
	snprintf(arg, 256, "%s %d %s%s%s", notice_status_names[row->status], (int)row->attempts,
			row->endpoint, *row->reason ? ": " : "", row->reason);
}

/* "STATUS ATTEMPTS ENDPOINT: REASON", until the next call. */
static const char *row_text(struct core *core, int64_t id)
{
	static char text[256];
	struct err err;

	*text = '\0';
	must(notices_get(core->db, id, one_row, text, &err) >= 0);
	return text;
}

static void must_exec(struct core *core, const char *sql)
{
	struct err err;

	must_ok(db_exec(core->db, sql, &err), err);
}

static void let_endpoints_rest(struct core *core)
{
	for (size_t i = 0; i < core->outbox.flights.rests_len; i++) {
		core->outbox.flights.rests[i].until_ms = 0;
	}
	core->outbox.look = true;
}

/* The pauses between attempts are over. */
static void let_time_pass(struct core *core)
{
	let_endpoints_rest(core);
	must_exec(core, "UPDATE outbox SET next_at = created_at WHERE status = 'pending'");
	core->outbox.look = true;
}

TEST(every_endpoint_is_told_once)
{
	char want[128];
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "two", "initial");
	must_tell(&core, "k", "two", "initial");
	snprintf(want, sizeof(want), "1 two %s, 2 two %s", a, b);
	ck_str(must_tick(&core), want);
	must_tell(&core, "k", "two", "initial");
	ck_str(must_tick(&core), "");
	must_hear(&core, 2, NOTIFIED_SENT, "");
	must_hear(&core, 1, NOTIFIED_SENT, "");
	ck_str(row_text(&core, 1), "sent 1 webhook http://h/…");
	ck_str(row_text(&core, 2), "sent 1 webhook http://h/… (2)");
	must_tell(&core, "k", "two", "initial");
	ck_str(must_tick(&core), "");
	ck_int(core.counters.notices[0].ended[NOTICE_SENT], 2);
	core_clear(&core);
}

TEST(what_was_never_committed_is_not_told)
{
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "one", "initial");
	db_rollback(core.db);
	ck_str(must_tick(&core), "");
	core_clear(&core);
}

TEST(one_of_an_endpoint_is_on_its_way_at_a_time_in_order)
{
	struct core core;

	must_start(&core);
	must_tell(&core, "k1", "one", "step");
	must_tell(&core, "k2", "one", "step");
	must_tell(&core, "k3", "one", "step");
	ck_str(must_tick(&core), "1 one email a@b.c");
	core.outbox.look = true;
	ck_str(must_tick(&core), "");
	must_hear(&core, 1, NOTIFIED_SENT, "");
	ck_str(must_tick(&core), "2 one email a@b.c");
	/* One that has to wait holds up no later one, once the endpoint has rested. */
	must_hear(&core, 2, NOTIFIED_LATER, "status 500");
	ck_str(must_tick(&core), "");
	let_endpoints_rest(&core);
	ck_str(must_tick(&core), "3 one email a@b.c");
	ck_str(row_text(&core, 2), "pending 1 email a@b.c: status 500");
	must_hear(&core, 3, NOTIFIED_NEVER, "status 404");
	ck_str(row_text(&core, 3), "failed 1 email a@b.c: status 404");
	let_time_pass(&core);
	ck_str(must_tick(&core), "2 one email a@b.c");
	must_hear(&core, 2, NOTIFIED_SENT, "");
	ck_str(row_text(&core, 2), "sent 2 email a@b.c");
	core_clear(&core);
}

static int64_t next_in(struct core *core, int64_t id)
{
	static const char sql[] = "SELECT next_at FROM outbox WHERE id = :id";
	struct stmt *s = db_stmt(core->db, sql);
	struct err err;
	int64_t at;

	stmt_int(s, ":id", id);
	must(stmt_step(s, &err) == 1);
	at = stmt_col_int(s, 0);
	stmt_reset(s);
	return at - clock_wall_ms();
}

TEST(an_endpoint_that_fails_rests_for_longer_and_longer)
{
	static const int64_t rests[] = { 1, 2, 4, 8, 10, 10 };
	struct flights flights = { 0 };

	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
		flights_failed(&flights, "a", 100);
		ck_int(flights_rest(&flights, "a"), 100 + rests[i] * 1000);
	}
	flights_failed(&flights, "b", 100);
	ck_int(flights_rest(&flights, "b"), 1100);
	flights_answered(&flights, "a");
	flights_answered(&flights, "c");
	ck_int(flights_rest(&flights, "a"), 0);
	ck_int(flights_rest(&flights, "b"), 1100);
	flights_clear(&flights);
}

TEST(the_pauses_grow_and_end)
{
	static const int64_t pauses[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "one", "step");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		ck_str(must_tick(&core), "1 one email a@b.c");
		/* Before it is known how it went: a crash now does not make it come at once. */
		ck(next_in(&core, 1) > pauses[i] * 1000 - 900);
		must_hear(&core, 1, NOTIFIED_LATER, "status 500");
		ck(next_in(&core, 1) > pauses[i] * 1000 - 900);
		ck(next_in(&core, 1) <= pauses[i] * 1000);
		ck_str(must_tick(&core), "");
		let_time_pass(&core);
	}
	core_clear(&core);
}

TEST(after_a_day_it_has_failed_for_its_last_reason)
{
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "one", "step");
	must_tick(&core);
	must_hear(&core, 1, NOTIFIED_LATER, "status 500");
	must_exec(&core, "UPDATE outbox SET created_at = created_at - 24 * 3600 * 1000");
	let_time_pass(&core);
	ck_str(must_tick(&core), "1 one email a@b.c");
	must_hear(&core, 1, NOTIFIED_LATER, "connect: refused");
	ck_str(row_text(&core, 1),
			"failed 2 email a@b.c: given up after 2 attempts; the last: connect: "
			"refused");
	let_time_pass(&core);
	ck_str(must_tick(&core), "");
	core_clear(&core);
}

TEST(a_clock_that_is_set_back_delays_nothing_for_long)
{
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "one", "step");
	must_exec(&core, "UPDATE outbox SET next_at = next_at + 86400000");
	ck_str(must_tick(&core), "1 one email a@b.c");
	core_clear(&core);
}

TEST(what_the_old_egress_was_asked_is_sent_again)
{
	struct core core;
	struct channel *egress;

	must_start(&core);
	must_tell(&core, "k", "one", "step");
	ck_str(must_tick(&core), "1 one email a@b.c");
	egress = core.egress;
	core.egress = NULL;
	let_time_pass(&core);
	ck_str(must_tick(&core), "");
	core.egress = egress;
	outbox_egress_new(&core);
	ck_str(must_tick(&core), "1 one email a@b.c");
	must_hear(&core, 1, NOTIFIED_SENT, "");
	ck_str(row_text(&core, 1), "sent 2 email a@b.c");
	core_clear(&core);
}

TEST(an_egress_that_does_not_answer_is_given_up)
{
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "one", "step");
	must_tick(&core);
	core.outbox.flights.items[0].due_ms = clock_mono_ms();
	must_tick(&core);
	ck_str(row_text(&core, 1), "pending 1 email a@b.c: no answer from egress");
	/* Its answer comes late, and is of no use to anybody. */
	must_hear(&core, 1, NOTIFIED_NEVER, "status 404");
	ck_str(row_text(&core, 1), "pending 1 email a@b.c: no answer from egress");
	core_clear(&core);
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
	must_start(&core);
	use_config(&core, buf_text(&text));
	must_tell(&core, "k", "many", "step");
	must_tick(&core);
	ck_int(core.outbox.flights.len, FLIGHTS_MAX);
	must_hear(&core, 1, NOTIFIED_SENT, "");
	ck_has(must_tick(&core), "33 many");
	core_clear(&core);
}

TEST(an_unknown_receiver_has_failed_with_the_reason)
{
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "nobody", "step");
	must_tell(&core, "k", "nobody", "step");
	ck_str(row_text(&core, 1), "failed 0 : there is no receiver 'nobody' in the configuration");
	ck_str(row_text(&core, 2), "");
	ck_str(must_tick(&core), "");
	core_clear(&core);
}

TEST(who_does_not_want_the_end_is_not_told_it)
{
	char want[64];
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "two", NOTICE_RESOLVED);
	snprintf(want, sizeof(want), "1 two %s", a);
	ck_str(must_tick(&core), want);
	core_clear(&core);
}

TEST(what_waits_for_an_endpoint_that_is_gone_has_failed)
{
	char want[64];
	struct core core;

	must_start(&core);
	must_tell(&core, "k", "two", "step");
	must_tell(&core, "k", "one", "step");
	use_config(&core, other_yaml);
	ck_str(row_text(&core, 2),
			"failed 0 webhook http://h/… (2): its endpoint is not in the configuration "
			"any more");
	ck_str(row_text(&core, 3),
			"failed 0 email a@b.c: its endpoint is not in the configuration any more");
	snprintf(want, sizeof(want), "1 two %s", a);
	ck_str(must_tick(&core), want);
	core_clear(&core);
}

static void take_row(const struct notice_row *row, void *arg)
{
	char **texts = arg;

	texts[0] = strdup(row->subject);
	texts[1] = strdup(row->text);
	texts[2] = row->incident ? strdup(row->incident) : NULL;
}

/* Tell it, and see what is in the row. */
static void must_tell_row(struct core *core, const struct notice *notice, char *texts[3])
{
	struct err err;

	must_ok(outbox_tell(core, notice, &err), err);
	must(notices_get(core->db, 1, take_row, texts, &err) == 1);
}

static void free_texts(char *texts[3])
{
	free(texts[0]);
	free(texts[1]);
	free(texts[2]);
}

TEST(what_is_told_can_stand_in_a_mail)
{
	struct core core;
	char *texts[3];
	char *subject = malloc(2000);

	must(subject);
	memset(subject, 'x', 1999);
	subject[1999] = '\0';
	memcpy(subject, "a\r\nb\033[1mü\xff", 11);
	must_start(&core);
	must_tell_row(&core,
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
	core_clear(&core);
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

	must_ok(turn_write(&core->turn, &err), err);
	must_ok(incidents_add(core->db, &row, &id, &err), err);
	must(id == 1);
}

static const struct notice about = { .incident_id = 1,
	.key = "incident/1/1/initial",
	.receiver = "one",
	.kind = "initial",
	.subject = "s",
	.text = "" };

TEST(the_incident_is_told_as_it_is)
{
	struct core core;
	char *texts[3];

	must_start(&core);
	must_add_incident(&core, "{\"service\":\"argus\"}");
	must_tell_row(&core, &about, texts);
	ck_has(texts[2], "{\"id\":1,\"title\":\"argus is down\",\"status\":\"firing\",\"level\":"
			 "\"L2\"");
	ck_has(texts[2], "\"labels\":{\"service\":\"argus\"}");
	ck_has(texts[2], "\"url\":\"http://playbookd.test/api/v1/incidents/1\"}");
	ck(json_valid(texts[2], strlen(texts[2])));
	free_texts(texts);
	core_clear(&core);
}

TEST(an_incident_with_long_labels_is_told_without_them)
{
	auto_buf struct buf labels = { 0 };
	struct core core;
	char *texts[3];

	buf_adds(&labels, "{\"a\":\"");
	for (int i = 0; i < OUTBOX_INCIDENT_MAX; i++) {
		buf_addch(&labels, 'x');
	}
	buf_adds(&labels, "\"}");
	must_start(&core);
	must_add_incident(&core, buf_text(&labels));
	must_tell_row(&core, &about, texts);
	ck_has(texts[2], "\"service\":\"argus\",\"playbook\":\"p\",\"labels\":null,"
			 "\"annotations\":null");
	ck(strlen(texts[2]) < 1000);
	free_texts(texts);
	core_clear(&core);
}

static void ignore_run(int64_t run_id, void *arg)
{
	(void)run_id;
	(void)arg;
}

TEST(retention_takes_what_is_over_with_its_incident_gone)
{
	struct core core;
	struct err err;

	must_start(&core);
	for (int i = 0; i < 5; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		must_tell(&core, key, "one", "step");
	}
	must_exec(&core, "UPDATE outbox SET created_at = 1000");
	must_exec(&core, "UPDATE outbox SET status = 'sent' WHERE id IN (1, 2, 5)");
	must_exec(&core, "UPDATE outbox SET incident_id = 1 WHERE id = 2");
	must_add_incident(&core, "{}");
	ck_int(retention_sweep(core.db, 5000, ignore_run, NULL, &err), 1);
	ck_int(retention_sweep(core.db, 5000, ignore_run, NULL, &err), 0);
	ck_str(row_text(&core, 1), "");
	ck_str(row_text(&core, 2), "sent 0 email a@b.c"); /* its incident is there */
	ck_str(row_text(&core, 3), "pending 0 email a@b.c");
	ck_str(row_text(&core, 5), "sent 0 email a@b.c"); /* the newest */
	core_clear(&core);
}
