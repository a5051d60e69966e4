/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/httpc_send.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct sending {
	bool mail;
	bool post;
	struct buf body;  /* of a POST */
	struct smtp smtp; /* of a mail */
	struct curl_slist *headers;
	char *username;
	char *password;
	char ca_path[32]; /* "": the system's */
	int ca_fd;
	bool require_tls;
};

/* This libcurl reads certificates from files only. This one is on no disk. */
static int hold_ca(struct sending *sending, const char *ca, struct err *err)
{
	size_t len = strlen(ca);

	sending->ca_fd = memfd_create("ca", MFD_CLOEXEC);
	if (sending->ca_fd < 0 || write(sending->ca_fd, ca, len) != (ssize_t)len) {
		return err_set(err, ERR_IO, "memfd: %s", strerror(errno));
	}
	snprintf(sending->ca_path, sizeof(sending->ca_path), "/proc/self/fd/%d", sending->ca_fd);
	return 0;
}

static void add_header(struct sending *sending, const char *name, const char *value)
{
	auto_free char *line = xasprintf("%s: %s", name, value);

	sending->headers = curl_slist_append(sending->headers, line);
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

struct sending *httpc_send_new(const struct httpc_send *send, struct err *err)
{
	struct sending *sending = xcalloc(1, sizeof(*sending));

	sending->ca_fd = -1;
	sending->mail = send->from != NULL;
	sending->post = !sending->mail && send->body;
	sending->username = copy(send->username);
	sending->password = copy(send->password);
	sending->require_tls = send->require_tls;
	if (sending->mail) {
		smtp_begin(&sending->smtp, &(struct smtp_mail){ send->from, send->to, send->body,
							   send->body_len });
	} else if (sending->post) {
		buf_add(&sending->body, send->body, send->body_len);
		add_header(sending, "Content-Type", send->content_type);
		/* Not to wait for a server that does not know 100 Continue. */
		sending->headers = curl_slist_append(sending->headers, "Expect:");
	}
	if (send->authorization) {
		add_header(sending, "Authorization", send->authorization);
	}
	if (send->ca && hold_ca(sending, send->ca, err) < 0) {
		httpc_send_free(sending);
		return NULL;
	}
	return sending;
}

/* What was secret does not stay in memory. */
static void wipe(char *text)
{
	if (text) {
		explicit_bzero(text, strlen(text));
		free(text);
	}
}

void httpc_send_free(struct sending *sending)
{
	if (!sending) {
		return;
	}
	for (struct curl_slist *item = sending->headers; item; item = item->next) {
		explicit_bzero(item->data, strlen(item->data));
	}
	curl_slist_free_all(sending->headers);
	wipe(sending->username);
	wipe(sending->password);
	smtp_clear(&sending->smtp);
	if (sending->ca_fd >= 0) {
		close(sending->ca_fd);
	}
	buf_clear(&sending->body);
	free(sending);
}

bool httpc_send_is_mail(const struct sending *sending)
{
	return sending && sending->mail;
}

bool httpc_send_is_post(const struct sending *sending)
{
	return sending && sending->post;
}

const char *httpc_send_scheme(const char *port)
{
	return strcmp(port, "465") == 0 ? "smtps" : "smtp";
}

#define SET(option, value)                                          \
	do {                                                        \
		if (rc == CURLE_OK) {                               \
			rc = curl_easy_setopt(easy, option, value); \
		}                                                   \
	} while (0)

static CURLcode set_post(struct sending *sending, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, buf_text(&sending->body));
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sending->body.len);
	return rc;
}

static CURLcode set_http(struct sending *sending, CURL *easy)
{
	CURLcode rc = sending->post ? set_post(sending, easy) : CURLE_OK;

	SET(CURLOPT_HTTPHEADER, sending->headers);
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	return rc;
}

/* libcurl connects, goes into TLS and logs in; the rest is said by httpc_send_talk(). */
static CURLcode set_mail(struct sending *sending, CURL *easy)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_FORBID_REUSE, 0L); /* it would be closed as soon as it is connected */
	SET(CURLOPT_USE_SSL, sending->require_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
	return rc;
}

int httpc_send_set(struct sending *sending, void *easy)
{
	CURLcode rc = sending->mail ? set_mail(sending, easy) : set_http(sending, easy);

	if (sending->username) {
		SET(CURLOPT_USERNAME, sending->username);
		SET(CURLOPT_PASSWORD, sending->password ? sending->password : "");
	}
	if (*sending->ca_path) {
		SET(CURLOPT_CAINFO, sending->ca_path);
		SET(CURLOPT_CAPATH, NULL);
	}
	return (int)rc;
}

const struct smtp *httpc_send_smtp(const struct sending *sending)
{
	return &sending->smtp;
}

bool httpc_send_wants_write(const struct sending *sending)
{
	return sending->smtp.out.len > 0;
}

static CURLcode say(struct sending *sending, CURL *easy)
{
	struct buf *out = &sending->smtp.out;
	CURLcode rc = CURLE_OK;

	while (rc == CURLE_OK && out->len > 0) {
		size_t sent = 0;

		rc = curl_easy_send(easy, out->data, out->len, &sent);
		buf_consume(out, sent);
	}
	return rc;
}

int httpc_send_talk(struct sending *sending, void *easy)
{
	CURLcode rc = say(sending, easy);

	while (rc == CURLE_OK && sending->smtp.state == SMTP_GOES_ON) {
		char text[1024];
		size_t len = 0;

		rc = curl_easy_recv(easy, text, sizeof(text), &len);
		if (rc == CURLE_OK && len == 0) {
			return CURLE_GOT_NOTHING;
		}
		if (rc == CURLE_OK) {
			smtp_hear(&sending->smtp, text, len);
			rc = say(sending, easy);
		}
	}
	/* When the mail is taken, the goodbye is only polite. */
	return rc == CURLE_AGAIN || sending->smtp.state == SMTP_TAKEN ? CURLE_OK : (int)rc;
}
