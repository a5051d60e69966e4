/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/asker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "egress/known.h"
#include "server.h"
#include "test.h"

/* One look, and what came of it. */
struct trial {
	struct loop *loop;
	struct asker *asker;
	struct buf said; /* "STATE WHY until UNTIL; ", in the order of identities */
	struct buf fetched;
	bool over;
	bool answered;
	char error[ERR_MSG_MAX];
	int64_t started_at;
	uint64_t left_out;
};

static void on_listed(void *arg, const struct msg_listed *msg)
{
	struct trial *trial = arg;

	ck_int(msg->id, 7);
	for (size_t i = 0; i < msg->alerts_len; i++) {
		buf_addf(&trial->said, "%d %s until %lld; ", msg->alerts[i].state,
				msg->alerts[i].why, (long long)msg->alerts[i].until);
	}
}

static void on_fetched(void *arg, const struct msg_fetched *msg)
{
	struct trial *trial = arg;

	for (size_t i = 0; i < msg->alerts_len; i++) {
		buf_addf(&trial->fetched, "%llu %s; ", (unsigned long long)msg->group,
				labels_value(&msg->alerts[i].labels, "instance"));
	}
}

static void on_asked(void *arg, const struct msg_asked *msg)
{
	struct trial *trial = arg;

	ck(!trial->over);
	trial->over = true;
	trial->answered = msg->answered;
	trial->started_at = msg->started_at;
	trial->left_out = msg->left_out;
	snprintf(trial->error, sizeof(trial->error), "%s", msg->error);
	loop_stop(trial->loop, 0);
}

static int64_t on_tick(void *arg)
{
	return asker_tick(((struct trial *)arg)->asker);
}

static const struct asker_ops ops = { on_listed, on_fetched, on_asked };

static void trial_begin(struct trial *trial, int port)
{
	static char url[64];
	struct alertmanager one = { .http = { .name = "am",
						    .url = url,
						    .auth_type = "Bearer",
						    .credentials = "s3cret",
						    .timeout_ms = 3000 } };
	struct err err;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/prefix", port);
	*trial = (struct trial){ 0 };
	trial->loop = loop_new(&err);
	must(trial->loop);
	trial->asker = asker_new(trial->loop, &ops, trial, &err);
	must(trial->asker);
	asker_alertmanagers(trial->asker,
			&(struct msg_receivers){ .alertmanagers = &one, .alertmanagers_len = 1 });
}

static void trial_end(struct trial *trial)
{
	asker_free(trial->asker);
	loop_free(trial->loop);
	buf_clear(&trial->said);
	buf_clear(&trial->fetched);
}

/* Down on n1, n2 and n3, in the order of their identities. */
static struct buf identities;

static const char *const instances[] = { "n1", "n2", "n3" };

static void add_identity(const char *instance)
{
	struct label items[] = { { "alertname", "Down" }, { "instance", instance } };
	uint8_t identity[DIGEST_SIZE];

	labels_identity(&(struct labels){ items, 2 }, identity);
	buf_add(&identities, identity, sizeof(identity));
}

static void look(struct trial *trial)
{
	struct label labels[] = { { "alertname", "Down" } };
	struct ask_group group = { 4, "team\\.db", { labels, 1 } };
	struct msg_ask msg = { .id = 7, .alertmanager = "am", .more = 1 };
	struct err err;

	buf_reset(&identities);
	for (size_t i = 0; i < 3; i++) {
		add_identity(instances[i]);
	}
	/* In two messages. */
	msg.identities = (struct bytes){ identities.data, DIGEST_SIZE };
	must_ok(asker_ask(trial->asker, &msg, &err), err);
	msg.identities = (struct bytes){ identities.data + DIGEST_SIZE, 2 * DIGEST_SIZE };
	msg.more = 0;
	msg.cuts = &group;
	msg.cuts_len = 1;
	must_ok(asker_ask(trial->asker, &msg, &err), err);
	if (!trial->over) {
		loop_run(trial->loop, on_tick, trial);
	}
	ck(trial->over);
}

#define ALERT(instance, receiver, state, by, print)                                                \
	"{\"labels\":{\"alertname\":\"Down\",\"instance\":\"" instance "\"},\"receivers\":[{"      \
	"\"name\":\"" receiver "\"}],\"fingerprint\":\"" print "\",\"status\":{\"state\":\"" state \
	"\"" by "}}"

static const char all[] = "[" ALERT("n1", "team.db", "suppressed",
		",\"silencedBy\":[\"s1\",\"s2\"]", "f1") "," ALERT("n2", "team.db", "suppressed",
		",\"inhibitedBy\":[\"f4\"]", "f2") "," ALERT("n4", "team.db", "active", "",
		"f4") "," ALERT("n5", "other", "active", "", "f5") "]";

static const char silences[] =
		"[{\"id\":\"s1\",\"createdBy\":\"bob\",\"comment\":\"x\",\"endsAt\":\"2026-11-28T09:00:00Z\"},"
		"{\"id\":\"s2\",\"createdBy\":\"alice\",\"comment\":\"disk is\\nbeing replaced\","
		"\"endsAt\":\"2026-11-28T10:00:00Z\"},"
		"{\"id\":\"s3\",\"createdBy\":\"eve\",\"endsAt\":\"2026-11-29T10:00:00Z\"}]";

/* The request's head; false when it is not the one that is expected. */
static bool read_head(int fd, char *head, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		ssize_t n = read(fd, head + len, size - 1 - len);

		if (n <= 0) {
			return false;
		}
		len += (size_t)n;
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n")) {
			return strstr(head, "\r\nAuthorization: Bearer s3cret\r\n") &&
			       strncmp(head, "GET /prefix/api/v2/", 19) == 0;
		}
	}
	return false;
}

static void answer(int fd, const char *body)
{
	auto_free char *text = xasprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
					 "Content-Length: %zu\r\n\r\n%s",
			strlen(body), body);

	server_text(fd, text);
}

/* Serves alerts and silences as they are, to whoever has the token. */
static void serve(int fd, const char *alerts, const char *its_silences)
{
	char head[4096];

	if (!read_head(fd, head, sizeof(head))) {
		server_text(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
	} else if (strstr(head, "/api/v2/status ")) {
		answer(fd, "{\"uptime\":\"2026-11-28T08:00:00.000Z\"}");
	} else if (strstr(head, "/api/v2/alerts?")) {
		answer(fd, alerts);
	} else if (its_silences) {
		answer(fd, its_silences);
	} else {
		server_text(fd, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
	}
}

static void serve_all(int fd)
{
	serve(fd, all, silences);
}

static void serve_no_silences(int fd)
{
	serve(fd, all, NULL);
}

static void serve_cut_short(int fd)
{
	serve(fd, "[" ALERT("n1", "team.db", "active", "", "f1"), silences);
}

static void serve_none(int fd)
{
	serve(fd, "[]", silences);
}

static void serve_redirect(int fd)
{
	server_text(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
			"Content-Length: 0\r\n\r\n");
}

static void serve_without_end(int fd)
{
	char head[4096];

	if (read_head(fd, head, sizeof(head)) && strstr(head, "/api/v2/status ")) {
		answer(fd, "{\"uptime\":\"2026-11-28T08:00:00.000Z\"}");
		return;
	}
	server_text(fd, "HTTP/1.1 200 OK\r\n\r\n[");
	memset(head, ' ', sizeof(head));
	for (;;) {
		server_write(fd, head, sizeof(head));
	}
}

TEST(it_says_who_silenced_what_inhibits_and_what_is_not_listed)
{
	struct trial trial;

	trial_begin(&trial, server_start_raw(serve_all));
	look(&trial);
	ck(trial.answered);
	ck_int(trial.started_at, INT64_C(1795852800000));
	ck_has(buf_text(&trial.said),
			"2 silenced in Alertmanager by alice until 2026-11-28T10:00:00Z: disk is being replaced until 1795860000000; ");
	ck_has(buf_text(&trial.said), "2 inhibited in Alertmanager by Down on n4 until 0; ");
	/* n3 is not listed; of the group only n4 fires, goes there, and is not suppressed. */
	ck(!strstr(buf_text(&trial.said), "1  until"));
	ck_str(buf_text(&trial.fetched), "4 n4; ");
	trial_end(&trial);
}

TEST(a_silence_that_cannot_be_read_is_one_without_a_name)
{
	struct trial trial;

	trial_begin(&trial, server_start_raw(serve_no_silences));
	look(&trial);
	ck(trial.answered);
	ck_has(buf_text(&trial.said), "2 silenced in Alertmanager until 0; ");
	trial_end(&trial);
}

TEST(nothing_that_is_listed_is_an_answer_too)
{
	struct trial trial;

	trial_begin(&trial, server_start_raw(serve_none));
	look(&trial);
	ck(trial.answered);
	ck_str(buf_text(&trial.said), "");
	trial_end(&trial);
}

static void ck_no_answer(int port, const char *error)
{
	struct trial trial;

	trial_begin(&trial, port);
	look(&trial);
	ck(!trial.answered);
	ck_has(trial.error, error);
	ck_str(buf_text(&trial.said), "");
	trial_end(&trial);
}

TEST(an_answer_that_is_cut_short_or_not_its_own_is_none)
{
	ck_no_answer(server_start_raw(serve_cut_short), "/api/v2/alerts: expected a list, whole");
	ck_no_answer(server_start_raw(serve_redirect), "/api/v2/status: status 302");
	ck_no_answer(server_refused_port(), "/api/v2/status: connect to 127.0.0.1:");
	ck_no_answer(server_start_raw(serve_without_end), "the answer is longer than 32768 KiB");
}

TEST(an_alertmanager_that_egress_does_not_know_cannot_be_asked)
{
	struct trial trial;

	trial_begin(&trial, 1);
	asker_alertmanagers(trial.asker, &(struct msg_receivers){ 0 });
	look(&trial);
	ck(!trial.answered);
	ck_has(trial.error, "egress does not know this Alertmanager yet");
	trial_end(&trial);
}

TEST(more_than_it_can_ask_about_is_refused)
{
	struct trial trial;
	struct msg_ask msg = { .id = 1, .alertmanager = "am", .more = 1 };
	struct err err;

	trial_begin(&trial, 1);
	buf_reset(&identities);
	memset(buf_reserve(&identities, (size_t)(ASK_ALERTS_MAX + 1) * DIGEST_SIZE), 0,
			(size_t)(ASK_ALERTS_MAX + 1) * DIGEST_SIZE);
	msg.identities = (struct bytes){ identities.data, (ASK_ALERTS_MAX + 1) * DIGEST_SIZE };
	ck_int(asker_ask(trial.asker, &msg, &err), -1);
	msg.identities.len = DIGEST_SIZE + 1;
	ck_int(asker_ask(trial.asker, &msg, &err), -1);
	msg.identities.len = 0;
	msg.cuts_len = ASK_CUTS_MAX + 1;
	ck_int(asker_ask(trial.asker, &msg, &err), -1);
	msg.cuts_len = 0;
	for (msg.id = 1; msg.id <= ASKER_LOOKS_MAX; msg.id++) {
		must_ok(asker_ask(trial.asker, &msg, &err), err);
	}
	ck_int(asker_ask(trial.asker, &msg, &err), -1);
	asker_cancel(trial.asker);
	must_ok(asker_ask(trial.asker, &msg, &err), err);
	trial_end(&trial);
}

TEST(what_egress_knows_is_a_copy_and_can_be_forgotten)
{
	char name[] = "r";
	struct receiver receiver = { name, NULL, 0 };
	struct known known = { 0 };

	known_set(&known, &(struct msg_receivers){ .receivers = &receiver, .receivers_len = 1 });
	name[0] = 'x';
	ck_int(known.all.receivers_len, 1);
	ck_str(known.all.receivers[0].name, "r");
	known_clear(&known);
	ck_int(known.all.receivers_len, 0);
}
