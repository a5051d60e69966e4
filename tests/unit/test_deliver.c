/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/deliver.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server.h"
#include "test.h"

/* One endpoint and how telling it went. */
struct trial {
	struct loop *loop;
	struct deliver *deliver;
	int reports;
	int awaited;
	struct msg_notified last;
	char reason[256];
};

static void on_notified(void *arg, const struct msg_notified *result)
{
	struct trial *trial = arg;

	trial->last = *result;
	snprintf(trial->reason, sizeof(trial->reason), "%s", result->reason);
	if (++trial->reports == trial->awaited) {
		loop_stop(trial->loop, 0);
	}
}

static int64_t on_tick(void *arg)
{
	return deliver_tick(((struct trial *)arg)->deliver);
}

static void trial_begin(struct trial *trial, struct endpoint *endpoints, size_t len)
{
	struct receiver receiver = { "r", endpoints, len };
	struct err err;

	*trial = (struct trial){ 0 };
	trial->loop = loop_new(&err);
	must(trial->loop);
	trial->deliver = deliver_new(trial->loop, on_notified, trial, &err);
	must(trial->deliver);
	deliver_receivers(trial->deliver, &(struct msg_receivers){ &receiver, 1 });
}

static void trial_end(struct trial *trial)
{
	deliver_free(trial->deliver);
	loop_free(trial->loop);
}

static void tell(struct trial *trial, uint64_t id, const char *receiver, const char *endpoint)
{
	const struct msg_notify notice = { .id = id,
		.key = "k",
		.receiver = receiver,
		.endpoint = endpoint,
		.kind = "step",
		.subject = "s",
		.text = "t",
		.created_at = 1000 };

	deliver_start(trial->deliver, &notice);
}

static void wait_reports(struct trial *trial, int count)
{
	trial->awaited = count;
	if (trial->reports < count) {
		loop_run(trial->loop, on_tick, trial);
	}
	ck_int(trial->reports, count);
}

/* Tell the endpoint once; how that went. */
static void ck_told(struct endpoint *endpoint, enum notified how, const char *reason)
{
	struct trial trial;

	endpoint->name = "e";
	trial_begin(&trial, endpoint, 1);
	tell(&trial, 7, "r", "e");
	wait_reports(&trial, 1);
	ck_int(trial.last.id, 7);
	ck_int(trial.last.how, how);
	ck_has(trial.reason, reason);
	trial_end(&trial);
}

/* --- webhooks --- */

static void serve_200(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void serve_204(int fd)
{
	server_text(fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void serve_302(int fd)
{
	server_text(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
			"Content-Length: 0\r\n\r\n");
}

static void serve_400(int fd)
{
	server_text(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\ns3cret");
}

static void serve_429(int fd)
{
	server_text(fd, "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n");
}

static void serve_408(int fd)
{
	server_text(fd, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
}

static void serve_503(int fd)
{
	server_text(fd, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
}

static void serve_long_200(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nand so on");
	sleep(20);
}

static void serve_endless_200(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
	for (;;) {
		server_text(fd, "and so on and so on and so on and so on and so on and so on\n");
	}
}

static void serve_silence(int fd)
{
	(void)fd;
	sleep(20);
}

static void ck_webhook(server_fn fn, enum notified how, const char *reason)
{
	char url[64];
	struct endpoint endpoint = {
		.kind = ENDPOINT_WEBHOOK, .url = url, .timeout_ms = 5000, .auth_type = ""
	};

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/s3cret", server_start(fn));
	ck_told(&endpoint, how, reason);
}

TEST(the_status_of_a_webhook_decides)
{
	ck_webhook(serve_200, NOTIFIED_SENT, "");
	ck_webhook(serve_204, NOTIFIED_SENT, "");
	ck_webhook(serve_302, NOTIFIED_NEVER, "status 302");
	ck_webhook(serve_400, NOTIFIED_NEVER, "status 400");
	ck_webhook(serve_408, NOTIFIED_LATER, "status 408");
	ck_webhook(serve_429, NOTIFIED_LATER, "status 429");
	ck_webhook(serve_503, NOTIFIED_LATER, "status 503");
}

TEST(a_long_answer_does_not_matter)
{
	ck_webhook(serve_long_200, NOTIFIED_SENT, "");
	ck_webhook(serve_endless_200, NOTIFIED_SENT, "");
}

TEST(no_connection_and_no_answer_are_tried_again)
{
	char url[64];
	struct endpoint endpoint = {
		.kind = ENDPOINT_WEBHOOK, .url = url, .timeout_ms = 300, .auth_type = ""
	};

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server_refused_port());
	ck_told(&endpoint, NOTIFIED_LATER, "Connection refused");
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server_start(serve_silence));
	ck_told(&endpoint, NOTIFIED_LATER, "timed out after 300ms");
	snprintf(url, sizeof(url), "http://169.254.169.254/");
	ck_told(&endpoint, NOTIFIED_LATER, "the address 169.254.169.254 is not allowed");
}

TEST(an_endpoint_that_is_not_known_may_come)
{
	struct trial trial;

	trial_begin(&trial, NULL, 0);
	tell(&trial, 3, "r", "e");
	ck_int(trial.reports, 1);
	ck_int(trial.last.how, NOTIFIED_LATER);
	tell(&trial, 4, "x", "e");
	ck_int(trial.reports, 2);
	trial_end(&trial);
}

TEST(one_that_hangs_holds_up_no_other)
{
	char hanging[64];
	char good[64];
	struct endpoint endpoints[] = {
		{ .name = "hanging",
				.kind = ENDPOINT_WEBHOOK,
				.url = hanging,
				.timeout_ms = 20000,
				.auth_type = "" },
		{ .name = "good",
				.kind = ENDPOINT_WEBHOOK,
				.url = good,
				.timeout_ms = 20000,
				.auth_type = "" },
	};
	struct trial trial;

	snprintf(hanging, sizeof(hanging), "http://127.0.0.1:%d/", server_start(serve_silence));
	snprintf(good, sizeof(good), "http://127.0.0.1:%d/", server_start(serve_200));
	trial_begin(&trial, endpoints, 2);
	tell(&trial, 1, "r", "hanging");
	tell(&trial, 2, "r", "good");
	wait_reports(&trial, 1);
	ck_int(trial.last.id, 2);
	trial_end(&trial);
}

TEST(no_more_than_so_many_are_on_their_way)
{
	char url[64];
	struct endpoint endpoint = { .name = "e",
		.kind = ENDPOINT_WEBHOOK,
		.url = url,
		.timeout_ms = 20000,
		.auth_type = "" };
	struct trial trial;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server_start(serve_silence));
	trial_begin(&trial, &endpoint, 1);
	for (uint64_t id = 1; id <= DELIVER_MAX; id++) {
		tell(&trial, id, "r", "e");
	}
	ck_int(trial.reports, 0);
	tell(&trial, 99, "r", "e");
	ck_int(trial.reports, 1);
	ck_int(trial.last.how, NOTIFIED_LATER);
	deliver_cancel(trial.deliver);
	tell(&trial, 100, "r", "e");
	ck_int(trial.reports, 1);
	trial_end(&trial);
}

/* --- mail servers, each with a flaw --- */

static void hear_line(int fd, const char *begin)
{
	char line[256] = "";
	size_t len = 0;

	while (len < sizeof(line) - 1 && (len == 0 || line[len - 1] != '\n')) {
		if (read(fd, line + len, 1) != 1) {
			_exit(0);
		}
		len++;
	}
	if (strncmp(line, begin, strlen(begin)) != 0) {
		_exit(1);
	}
}

static void greet(int fd)
{
	server_text(fd, "220 mail.test ESMTP\r\n");
	hear_line(fd, "EHLO ");
	server_text(fd, "250-mail.test\r\n250 SIZE 1000000\r\n");
}

/* Up to the mail itself. */
static void take_envelope(int fd)
{
	greet(fd);
	hear_line(fd, "MAIL FROM:<f@x>");
	server_text(fd, "250 ok\r\n");
	hear_line(fd, "RCPT TO:<a@x>");
	server_text(fd, "250 ok\r\n");
	hear_line(fd, "DATA");
	server_text(fd, "354 go\r\n");
}

static void take_text(int fd)
{
	char tail[6] = "";

	while (memcmp(tail, "\r\n.\r\n", 5) != 0) {
		memmove(tail, tail + 1, 4);
		if (read(fd, tail + 4, 1) != 1) {
			_exit(0);
		}
	}
}

static void smtp_good_but_no_goodbye(int fd)
{
	take_envelope(fd);
	take_text(fd);
	server_text(fd, "250 taken\r\n");
	sleep(20);
}

static void smtp_hangs_after_the_text(int fd)
{
	take_envelope(fd);
	take_text(fd);
	sleep(20);
}

static void smtp_refuses_sender(int fd)
{
	greet(fd);
	hear_line(fd, "MAIL");
	server_text(fd, "550 no\r\n");
	sleep(20);
}

static void smtp_later(int fd)
{
	take_envelope(fd);
	take_text(fd);
	server_text(fd, "451 later\r\n");
}

static void smtp_closes_before_the_end(int fd)
{
	take_envelope(fd);
	take_text(fd);
}

static void smtp_babbles(int fd)
{
	greet(fd);
	hear_line(fd, "MAIL");
	server_text(fd, "what?\r\n");
}

static void smtp_is_http(int fd)
{
	server_text(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
	sleep(20);
}

static void smtp_not_now(int fd)
{
	server_text(fd, "421 too busy\r\n");
}

static void smtp_not_here(int fd)
{
	server_text(fd, "554 no mail here\r\n");
}

static void smtp_wants_login(int fd)
{
	greet(fd);
	hear_line(fd, "MAIL");
	server_text(fd, "530 log in first\r\n");
}

static struct endpoint mail_endpoint(char *smarthost, size_t size, server_fn fn)
{
	snprintf(smarthost, size, "127.0.0.1:%d", server_start_raw(fn));
	return (struct endpoint){ .kind = ENDPOINT_EMAIL,
		.timeout_ms = 1000,
		.auth_type = "",
		.smarthost = smarthost,
		.from = "f@x",
		.to = "a@x",
		.hello = "me.test" };
}

static void ck_mail(server_fn fn, enum notified how, const char *reason)
{
	char smarthost[64];
	struct endpoint endpoint = mail_endpoint(smarthost, sizeof(smarthost), fn);

	ck_told(&endpoint, how, reason);
}

TEST(a_mail_that_is_taken_is_sent)
{
	int64_t begun = clock_mono_ms();

	ck_mail(smtp_good_but_no_goodbye, NOTIFIED_SENT, "");
	ck(clock_mono_ms() - begun < 900);
}

TEST(what_a_mail_server_says_decides)
{
	ck_mail(smtp_refuses_sender, NOTIFIED_NEVER, ": MAIL: 550");
	ck_mail(smtp_later, NOTIFIED_LATER, ": the mail: 451");
	ck_mail(smtp_closes_before_the_end, NOTIFIED_LATER, ": ");
	ck_mail(smtp_babbles, NOTIFIED_LATER, "MAIL was not answered in SMTP");
	ck_mail(smtp_is_http, NOTIFIED_LATER, "timed out after 1s");
	ck_mail(smtp_not_now, NOTIFIED_LATER, "response: 421");
	ck_mail(smtp_not_here, NOTIFIED_LATER, "response: 554");
	ck_mail(smtp_wants_login, NOTIFIED_LATER, "MAIL: 530");
	ck_mail(smtp_hangs_after_the_text, NOTIFIED_LATER, "timed out after 1s");
	ck_mail(serve_silence, NOTIFIED_LATER, "timed out after 1s");
}

TEST(no_mail_goes_where_metadata_services_live)
{
	char smarthost[] = "169.254.169.254:25";
	struct endpoint endpoint = { .kind = ENDPOINT_EMAIL,
		.timeout_ms = 1000,
		.auth_type = "",
		.smarthost = smarthost,
		.from = "f@x",
		.to = "a@x",
		.hello = "me.test" };

	ck_told(&endpoint, NOTIFIED_LATER, "the address 169.254.169.254 is not allowed");
}

TEST(a_mail_that_must_be_in_tls_is_not_sent_without)
{
	char smarthost[64];
	struct endpoint endpoint =
			mail_endpoint(smarthost, sizeof(smarthost), smtp_good_but_no_goodbye);

	endpoint.require_tls = true;
	ck_told(&endpoint, NOTIFIED_LATER, "STARTTLS");
}

/* While one server has the text and says nothing, everything else goes on. */
TEST(a_mail_server_that_hangs_holds_up_nobody)
{
	char smarthost[64];
	char url[64];
	struct endpoint endpoints[2] = { mail_endpoint(
			smarthost, sizeof(smarthost), smtp_hangs_after_the_text) };
	struct trial trial;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server_start(serve_200));
	endpoints[0].name = "mail";
	endpoints[0].timeout_ms = 3000;
	endpoints[1] = (struct endpoint){ .name = "web",
		.kind = ENDPOINT_WEBHOOK,
		.url = url,
		.timeout_ms = 500,
		.auth_type = "" };
	trial_begin(&trial, endpoints, 2);
	tell(&trial, 1, "r", "mail");
	for (uint64_t id = 2; id < 12; id++) {
		tell(&trial, id, "r", "web");
		wait_reports(&trial, (int)id - 1);
		ck_int(trial.last.id, id);
		ck_int(trial.last.how, NOTIFIED_SENT);
		usleep(50 * 1000);
	}
	wait_reports(&trial, 11);
	ck_int(trial.last.id, 1);
	ck_has(trial.reason, "timed out after 3s");
	trial_end(&trial);
}
