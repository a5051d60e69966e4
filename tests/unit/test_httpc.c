/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/httpc.h"

#include <dirent.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#include "server.h"
#include "test.h"

/* A client, and what it was told last. */
struct trial {
	struct loop *loop;
	struct httpc *httpc;
	int reports;
	bool ok;
	int status;
	struct buf body;
	char error[512];
};

static struct trial trial_new(void)
{
	struct trial trial = { 0 };
	struct err err;

	trial.loop = loop_new(&err);
	must(trial.loop);
	trial.httpc = httpc_new(trial.loop, &err);
	must(trial.httpc);
	return trial;
}

static void trial_free(struct trial *trial)
{
	httpc_free(trial->httpc);
	loop_free(trial->loop);
	buf_clear(&trial->body);
}

static void on_done(void *arg, const struct httpc_result *result)
{
	struct trial *trial = arg;

	trial->reports++;
	trial->ok = result->ok;
	trial->status = result->status;
	buf_reset(&trial->body);
	buf_add(&trial->body, result->body, result->body_len);
	snprintf(trial->error, sizeof(trial->error), "%s", result->error);
	loop_stop(trial->loop, 0);
}

static int64_t on_tick(void *arg)
{
	struct trial *trial = arg;

	return httpc_tick(trial->httpc);
}

static struct httpc_look *must_get(struct trial *trial, const char *url, int64_t timeout_ms)
{
	struct err err;
	struct httpc_request request = {
		.url = url, .timeout_ms = timeout_ms, .done = on_done, .arg = trial
	};
	struct httpc_look *look = httpc_start(trial->httpc, &request, &err);

	if (!look) {
		test_abort(__FILE__, __LINE__, "%s: %s", url, err.msg);
	}
	return look;
}

static struct httpc_look *must_connect(struct trial *trial, const char *address)
{
	struct err err;
	struct httpc_request request = {
		.address = address, .timeout_ms = 5000, .done = on_done, .arg = trial
	};
	struct httpc_look *look = httpc_start(trial->httpc, &request, &err);

	if (!look) {
		test_abort(__FILE__, __LINE__, "%s: %s", address, err.msg);
	}
	return look;
}

static void wait_report(struct trial *trial)
{
	loop_run(trial->loop, on_tick, trial);
}

/* One GET of 127.0.0.1:port to its end. */
static struct trial get_port(int port, int64_t timeout_ms)
{
	struct trial trial = trial_new();
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/health", port);
	must_get(&trial, url, timeout_ms);
	wait_report(&trial);
	ck_int(trial.reports, 1);
	return trial;
}

static void ck_failed(struct trial *trial, const char *error)
{
	ck(!trial->ok);
	ck_int(trial->status, 0);
	ck_int(trial->body.len, 0);
	ck_has(trial->error, error);
	trial_free(trial);
}

static void serve_ok(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(an_answer_brings_status_and_body)
{
	struct trial trial = get_port(server_start(serve_ok), 5000);

	ck(trial.ok);
	ck_int(trial.status, 200);
	ck_str(buf_text(&trial.body), "hello");
	ck_str(trial.error, "");
	trial_free(&trial);
}

static void serve_500(int fd)
{
	server_text(fd, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nbang");
}

TEST(an_answer_of_500_is_an_answer)
{
	struct trial trial = get_port(server_start(serve_500), 5000);

	ck(trial.ok);
	ck_int(trial.status, 500);
	ck_str(buf_text(&trial.body), "bang");
	trial_free(&trial);
}

TEST(a_refused_connection_says_where_and_why)
{
	struct trial trial = trial_new();
	char url[64];
	char want[64];
	int port = server_refused_port();

	snprintf(url, sizeof(url), "http://localhost:%d/secret?token=x", port);
	snprintf(want, sizeof(want), "connect to localhost:%d: Connection refused", port);
	must_get(&trial, url, 5000);
	wait_report(&trial);
	ck_str(trial.error, want);
	ck_failed(&trial, want);
}

static void serve_silence(int fd)
{
	(void)fd;
	pause();
}

TEST(a_server_that_says_nothing_times_out)
{
	int64_t begin_ms = clock_mono_ms();
	struct trial trial = get_port(server_start(serve_silence), 250);

	ck(clock_mono_ms() - begin_ms >= 250);
	ck(clock_mono_ms() - begin_ms < 5000);
	ck_str(trial.error, "timed out after 250ms");
	ck_failed(&trial, "timed out");
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

static void serve_drip(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
	for (;;) {
		server_text(fd, "x");
		pause_ms(10);
	}
}

/* The timeout is for the whole look, however often something comes. */
TEST(a_slow_drip_times_out)
{
	struct trial trial = get_port(server_start(serve_drip), 250);

	ck_failed(&trial, "timed out after 250ms");
}

static void serve_ever(int fd, const char *head)
{
	static const char block[65536];

	server_text(fd, head);
	for (;;) {
		server_write(fd, block, sizeof(block));
	}
}

static void serve_endless(int fd)
{
	serve_ever(fd, "HTTP/1.1 200 OK\r\n\r\n");
}

static void serve_10_gb(int fd)
{
	serve_ever(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
}

TEST(an_endless_body_is_cut_off)
{
	struct trial trial = get_port(server_start(serve_endless), 20000);

	ck_failed(&trial, "the answer is longer than 64 KiB");
}

TEST(a_body_of_10_gb_is_not_read)
{
	struct trial trial = get_port(server_start(serve_10_gb), 20000);

	ck_failed(&trial, "the answer is longer than 64 KiB");
}

static void serve_bytes(int fd, size_t len)
{
	char *body = calloc(1, len);

	server_text(fd, "HTTP/1.1 200 OK\r\n\r\n");
	server_write(fd, body, len);
	free(body);
}

static void serve_just_enough(int fd)
{
	serve_bytes(fd, HTTPC_BODY_MAX);
}

static void serve_one_too_many(int fd)
{
	serve_bytes(fd, HTTPC_BODY_MAX + 1);
}

TEST(the_body_limit_is_exact)
{
	struct trial trial = get_port(server_start(serve_just_enough), 5000);

	ck(trial.ok);
	ck_int(trial.body.len, HTTPC_BODY_MAX);
	trial_free(&trial);
	trial = get_port(server_start(serve_one_too_many), 5000);
	ck_failed(&trial, "the answer is longer than 64 KiB");
}

static void serve_endless_headers(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\n");
	for (;;) {
		server_text(fd, "X-More: and more\r\n");
	}
}

static void serve_endless_continue(int fd)
{
	for (;;) {
		server_text(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	}
}

TEST(endless_headers_are_cut_off)
{
	struct trial trial = get_port(server_start(serve_endless_headers), 20000);

	ck_failed(&trial, "headers are longer than 32 KiB");
	trial = get_port(server_start(serve_endless_continue), 20000);
	ck_failed(&trial, "headers are longer than 32 KiB");
}

static void serve_one_long_header(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
	for (;;) {
		server_text(fd, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	}
}

TEST(a_header_without_an_end_is_a_failure)
{
	struct trial trial = get_port(server_start(serve_one_long_header), 20000);

	ck_failed(&trial, "127.0.0.1:");
}

static void serve_redirect(int fd)
{
	server_text(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
			"Content-Length: 0\r\n\r\n");
}

TEST(a_redirect_is_not_followed)
{
	struct trial trial = get_port(server_start(serve_redirect), 5000);

	ck(trial.ok);
	ck_int(trial.status, 302);
	trial_free(&trial);
}

static void serve_garbage(int fd)
{
	server_text(fd, "\x16\x03\x01\x02\xff\xfe garbage\r\n\r\nmore garbage");
}

static void serve_nothing(int fd)
{
	(void)fd;
}

static void serve_half(int fd)
{
	server_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
}

TEST(what_is_not_http_is_a_failure)
{
	struct trial trial = get_port(server_start(serve_garbage), 5000);

	ck_failed(&trial, "does not speak HTTP");
	trial = get_port(server_start(serve_nothing), 5000);
	ck_failed(&trial, "Empty reply from server");
	trial = get_port(server_start(serve_half), 5000);
	ck_failed(&trial, "transfer closed");
}

static void serve_gzip(int fd)
{
	/* "hello", compressed. */
	static const unsigned char body[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xcb, 0x48, 0xcd,
		0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0 };

	server_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
	server_write(fd, body, sizeof(body));
}

TEST(nothing_is_decompressed)
{
	struct trial trial = get_port(server_start(serve_gzip), 5000);

	ck(trial.ok);
	ck_int(trial.body.len, 25);
	trial_free(&trial);
}

TEST(the_environment_names_no_proxy)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);

	struct trial trial = get_port(server_start(serve_ok), 5000);

	ck(trial.ok);
	trial_free(&trial);
}

TEST(an_open_port_is_connected)
{
	struct trial trial = trial_new();
	char address[64];

	snprintf(address, sizeof(address), "localhost:%d", server_start_raw(serve_silence));
	must_connect(&trial, address);
	wait_report(&trial);
	ck(trial.ok);
	ck_str(trial.error, "");
	trial_free(&trial);
}

TEST(a_closed_port_is_not_connected)
{
	struct trial trial = trial_new();
	char address[64];
	char want[96];

	snprintf(address, sizeof(address), "127.0.0.1:%d", server_refused_port());
	snprintf(want, sizeof(want), "connect to %s: Connection refused", address);
	must_connect(&trial, address);
	wait_report(&trial);
	ck_str(trial.error, want);
	ck_failed(&trial, want);
}

TEST(metadata_services_are_never_connected_to)
{
	static const char *const urls[] = { "http://169.254.169.254/latest", "http://2852039166/",
		"http://0xa9fea9fe/", "http://[::ffff:169.254.169.254]/", "http://0.0.0.0:80/",
		"http://0/", "http://[::]/", "http://224.0.0.1/", "http://[ff02::1]/",
		"http://[fd00:ec2::254]/", "http://[::169.254.169.254]/" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct trial trial = trial_new();

		must_get(&trial, urls[i], 5000);
		wait_report(&trial);
		ck_failed(&trial, "is not allowed");
	}
}

TEST(a_name_that_does_not_resolve_is_a_failure)
{
	struct trial trial = trial_new();

	must_get(&trial, "http://nobody.invalid:81/", 20000);
	wait_report(&trial);
	ck_failed(&trial, "connect to nobody.invalid:81: the name does not resolve");
}

static void ck_refused(const struct httpc_request *request, const char *error)
{
	struct trial trial = trial_new();
	struct err err = { 0 };

	ck(!httpc_start(trial.httpc, request, &err));
	ck_int(err.code, ERR_INPUT);
	ck_has(err.msg, error);
	trial_free(&trial);
}

TEST(only_http_is_spoken)
{
	static const char *const urls[] = { "file:///etc/passwd", "gopher://127.0.0.1:70/x",
		"ftp://127.0.0.1/", "dict://127.0.0.1/", "telnet://127.0.0.1/" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ck_refused(&(struct httpc_request){ .url = urls[i], .timeout_ms = 1000 },
				"neither http: nor https:");
	}
}

TEST(a_request_without_sense_is_refused)
{
	static const char *const addresses[] = { "", ":80", "host", "host:", "host:http",
		"host:99999", "user@host:80", "host/path:80", "host#:80", "a b:80", "%61:80" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		ck_refused(&(struct httpc_request){ .address = addresses[i], .timeout_ms = 1000 },
				"the address is");
	}
	ck_refused(&(struct httpc_request){ .url = "http://a\r\nHost: b/", .timeout_ms = 1000 },
			"the URL is wrong");
	ck_refused(&(struct httpc_request){ .url = "http://127.0.0.1/" }, "the timeout");
}

/* --- TLS --- */

static gnutls_certificate_credentials_t self_signed(void)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_x509_privkey_init(&key);
	must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
			     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1", 1);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9, 0);
	gnutls_x509_crt_set_key(crt, key);
	must(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) == 0);
	must(gnutls_certificate_set_x509_key(credentials, &crt, 1, key) == 0);
	return credentials;
}

static void serve_tls(int fd)
{
	gnutls_session_t session;

	gnutls_init(&session, GNUTLS_SERVER);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, self_signed());
	gnutls_transport_set_int(session, fd);
	if (gnutls_handshake(session) == 0) {
		gnutls_record_send(session, "HTTP/1.1 200 OK\r\n\r\n", 19);
	}
	gnutls_bye(session, GNUTLS_SHUT_WR);
}

TEST(a_certificate_that_nobody_vouches_for_is_a_failure)
{
	struct trial trial = trial_new();
	char url[64];

	snprintf(url, sizeof(url), "https://localhost:%d/", server_start_raw(serve_tls));
	must_get(&trial, url, 20000);
	wait_report(&trial);
	ck_failed(&trial, "certificate verification failed");
}

/* --- lifetimes --- */

TEST(a_cancelled_look_is_never_reported)
{
	struct trial trial = trial_new();
	char url[64];
	int port = server_start(serve_ok);

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);

	struct httpc_look *cancelled = must_get(&trial, url, 5000);

	must_get(&trial, url, 5000);
	httpc_cancel(cancelled);
	wait_report(&trial);
	must_get(&trial, url, 5000);
	wait_report(&trial);
	ck_int(trial.reports, 2);
	trial_free(&trial);
}

struct racer {
	struct trial *trial;
	struct httpc_look *look;
	struct racer *other;
};

static void on_raced(void *arg, const struct httpc_result *result)
{
	struct racer *racer = arg;

	httpc_cancel(racer->other->look);
	on_done(racer->trial, result);
}

/* Both fail before the first is reported, since their addresses are not allowed. */
TEST(a_report_may_cancel_another_that_has_ended_too)
{
	struct trial trial = trial_new();
	struct racer racers[2] = { { &trial, NULL, &racers[1] }, { &trial, NULL, &racers[0] } };
	struct err err;

	for (int i = 0; i < 2; i++) {
		struct httpc_request request = { .url = "http://0.0.0.0/",
			.timeout_ms = 5000,
			.done = on_raced,
			.arg = &racers[i] };

		racers[i].look = httpc_start(trial.httpc, &request, &err);
		must(racers[i].look);
	}
	wait_report(&trial);
	must_get(&trial, "http://0.0.0.0/", 5000);
	wait_report(&trial);
	ck_int(trial.reports, 2);
	trial_free(&trial);
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir)) {
		n++;
	}
	closedir(dir);
	return n;
}

TEST(the_end_closes_everything)
{
	char url[64];
	int port = server_start(serve_silence);

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);

	struct trial warm_up = get_port(server_start(serve_ok), 5000);

	trial_free(&warm_up);

	size_t before = open_descriptors();
	struct trial trial = trial_new();

	for (int i = 0; i < 20; i++) {
		must_get(&trial, url, 60000);
	}
	must_get(&trial, "http://nobody.invalid/", 60000);
	must_get(&trial, url, 100);
	wait_report(&trial);
	trial_free(&trial);
	ck_int(open_descriptors(), before);
}
