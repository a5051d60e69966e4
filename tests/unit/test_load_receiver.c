/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_receiver.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"
#include "config/secrets.h"
#include "config_texts.h"

static const char whole[] =
		"receivers:\n"
		"- name: on-call\n"
		"  webhook_configs:\n"
		"  - url: https://hooks.example.org:8443/services/T0/s3cret\n"
		"    payload: slack\n"
		"    send_resolved: false\n"
		"    timeout: 3s\n"
		"    http_config:\n"
		"      authorization: {type: Token, credentials_file: token}\n"
		"      tls_config: {ca_file: /etc/ca.pem}\n"
		"  - url_file: hook.url\n"
		"    http_config: {basic_auth: {username: eve, password_file: /etc/pw}}\n"
		"  - url: https://hooks.example.org:8443/\n"
		"  - url: https://hooks.example.org:8443/services/T0/other\n"
		"  email_configs:\n"
		"  - to: 'a@example.org, b@example.org'\n"
		"    from: p@example.org\n"
		"    smarthost: mail.example.org:587\n"
		"    hello: me.example.org\n"
		"    auth_username: eve\n"
		"    auth_password_file: pw\n"
		"  - {to: a@b, from: p@b, smarthost: '127.0.0.1:25', require_tls: false}\n";

TEST(receivers_are_read)
{
	struct config *config = must_parse(whole);
	const struct receiver *receiver = config_receiver(config, "on-call");
	const struct endpoint *e;

	must(receiver && receiver->endpoints_len == 6);
	ck(config_receiver(config, "nobody") == NULL);
	/* email_configs come first, as the table has it. */
	e = receiver->endpoints;
	ck_str(e[0].name, "email a@example.org, b@example.org");
	ck_str(e[0].smarthost, "mail.example.org:587");
	ck_str(e[0].username, "eve");
	ck_str(e[0].password_file, "etc/pw");
	ck_str(e[0].hello, "me.example.org");
	ck_int(e[0].require_tls, true);
	ck_int(e[0].timeout_ms, 30000);
	ck_int(e[1].require_tls, false);
	ck_str(e[1].hello, "localhost");
	ck_str(e[2].name, "webhook https://hooks.example.org:8443/…");
	ck_int(e[2].payload, PAYLOAD_SLACK);
	ck_int(e[2].send_resolved, false);
	ck_int(e[2].timeout_ms, 3000);
	ck_str(e[2].auth_type, "Token");
	ck_str(e[2].credentials_file, "etc/token");
	ck_str(e[2].ca_file, "/etc/ca.pem");
	ck_str(e[3].name, "webhook hook.url");
	ck_str(e[3].url_file, "etc/hook.url");
	ck_str(e[3].password_file, "/etc/pw");
	ck_int(e[3].send_resolved, true);
	ck_int(e[3].timeout_ms, 10000);
	ck_str(e[4].name, "webhook https://hooks.example.org:8443");
	ck_str(e[5].name, "webhook https://hooks.example.org:8443/… (2)");
	ck(receiver_endpoint(receiver, e[5].name) == &e[5]);
	ck(receiver_endpoint(receiver, "webhook") == NULL);
	ck_int(config->secrets_len, 5);
	config_free(config);
}

#define HOOK "receivers:\n- name: r\n  webhook_configs:\n  - "
#define MAIL "receivers:\n- name: r\n  email_configs:\n  - "

TEST(mistakes_in_receivers_are_told)
{
	static const struct mistake_case cases[] = {
		{ "receivers: [{name: r}]\n",
				"etc/main.yml:1:13: error: a receiver without webhook_configs and email_configs notifies nobody\n" },
		{ HOOK "{payload: slack}\n",
				"etc/main.yml:4:5: error: missing key: one of url or url_file is needed\n" },
		{ HOOK "{url: 'http://h/', url_file: f}\n",
				"etc/main.yml:4:24: error: 'url' and 'url_file' exclude each other\n" },
		{ HOOK "{url: 'http://u:p@h/'}\n",
				"etc/main.yml:4:11: error: expected a URL without user:password@; they go into http_config, got \"http://u:p@h/\"\n" },
		{ HOOK "{url: 'http://h/@x', payload: xml}\n",
				"etc/main.yml:4:35: error: expected playbookd or slack, got \"xml\"\n" },
		{ HOOK "{url: 'http://h', http_config: {authorization: {credentials_file: a}, basic_auth: {username: u, password_file: p}}}\n",
				"etc/main.yml:4:75: error: 'authorization' and 'basic_auth' exclude each other\n" },
		{ HOOK "{url: 'http://h', http_config: {basic_auth: {username: u, password: p}}}\n",
				"etc/main.yml:4:49: error: missing key 'password_file': the file with the password\n"
				"etc/main.yml:4:63: error: unknown key 'password': expected password_file or username\n" },
		{ MAIL "{to: 'a@b,', from: x, smarthost: h}\n",
				"etc/main.yml:4:10: error: expected an address after each comma, got \"a@b,\"\n"
				"etc/main.yml:4:24: error: expected an address like on-call@example.org, got \"x\"\n"
				"etc/main.yml:4:38: error: expected an address HOST:PORT, like localhost:5432 or [::1]:5432, got \"h\"\n" },
		{ MAIL "{to: 'a@b, A <c@d>', from: 'a@b\\r\\nX', smarthost: 'h:25', require_tls: false}\n",
				"etc/main.yml:4:10: error: expected addresses like on-call@example.org, separated by commas, got \"a@b, A <c@d>\"\n"
				"etc/main.yml:4:32: error: expected an address like on-call@example.org, got \"a@b\\r\\nX\"\n"
				"etc/main.yml:4:76: error: without TLS everybody on the way reads the mail: only for a smarthost on this machine\n" },
		{ MAIL "{to: a@b, from: a@b, smarthost: 'h:25', auth_password_file: p}\n",
				"etc/main.yml:4:65: error: auth_username and auth_password_file go together\n" },
		{ "receivers:\n- {name: r, webhook_configs: [{url: 'http://h'}]}\n"
		  "- {name: r, webhook_configs: [{url: 'http://h'}]}\n",
				"etc/main.yml:3:10: error: there is a receiver 'r' already\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, notify: r, text: x}\n  - {name: t, notify: r}\n"
			   "  - {name: u, run: [df], text: x}\n"
			   "  verify: [{notify: r, text: x}]\n",
				"etc/main.yml:5:23: error: there is no receiver 'r'\n"
				"etc/main.yml:6:5: error: missing key 'text': the text of the notification\n"
				"etc/main.yml:6:23: error: there is no receiver 'r'\n"
				"etc/main.yml:7:26: error: 'text' means nothing for a run step\n"
				"etc/main.yml:8:13: error: 'notify' may not stand in verify\n"
				"etc/main.yml:8:21: error: there is no receiver 'r'\n" },
	};

	CK_CASES(cases);
}

/* --- secrets --- */

static void must_write(const char *path, const void *data, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	must(file && fwrite(data, 1, len, file) == len && fclose(file) == 0);
	must(chmod(path, mode) == 0);
}

static const char secret_text[] = "receivers:\n"
				  "- name: r\n"
				  "  webhook_configs:\n"
				  "  - url_file: url\n"
				  "    http_config:\n"
				  "      authorization: {credentials_file: token}\n"
				  "      tls_config: {ca_file: ca}\n";
static const char pem[] = "\n-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";

/* The configuration as a file of the test's folder, since that is where its secrets are. */
static struct config *must_parse_here(void)
{
	struct config_file file = { "main.yml", secret_text, sizeof(secret_text) - 1 };
	const struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	must(config);
	return config;
}

TEST(secrets_are_read_from_their_files)
{
	struct config *config = must_parse_here();
	auto_buf struct buf report = { 0 };
	struct secrets secrets;
	struct err err;

	must_write("url", "  https://h/s3cret \r\n", 20, 0600);
	must_write("token", "t0p", 3, 0640);
	must_write("ca", pem, sizeof(pem) - 1, 0644);
	must_ok(secrets_read(config, &secrets, &report, &err), err);
	ck_str(secrets.receivers[0].endpoints[0].url, "https://h/s3cret");
	ck_str(secrets.receivers[0].endpoints[0].credentials, "t0p");
	ck_has(secrets.receivers[0].endpoints[0].ca, "-----BEGIN CERTIFICATE-----\nMII=");
	/* The configuration itself, which the core has too, knows none of them. */
	ck(config->receivers[0].endpoints[0].url == NULL);
	ck(config->receivers[0].endpoints[0].credentials == NULL);
	secrets_clear(&secrets);
	config_free(config);
}

static void ck_secrets(const char *want)
{
	struct config *config = must_parse_here();
	struct buf report = { 0 };
	struct secrets secrets;
	struct err err = { 0 };

	ck_int(secrets_read(config, &secrets, &report, &err), *want ? -1 : 0);
	ck_str(buf_text(&report), want);
	ck(!strstr(buf_text(&report), "s3cret"));
	buf_clear(&report);
	secrets_clear(&secrets);
	config_free(config);
}

TEST(what_is_wrong_with_a_secret_is_told_where_it_is_named)
{
	static const char long_text[SECRET_MAX + 1] = { 'x' };

	must_write("url", "https://h/s3cret", 16, 0600);
	must_write("token", "t0p", 3, 0600);
	must_write("ca", pem, sizeof(pem) - 1, 0666);
	ck_secrets("main.yml:7:29: error: 'ca' is writable by group or others (mode 0666): chmod go-w it\n");
	must_write("ca", "s3cret", 6, 0600);
	ck_secrets("main.yml:7:29: error: 'ca': there is no certificate in it (PEM)\n");
	must_write("ca", pem, sizeof(pem) - 1, 0600);
	ck_secrets("");
	must_write("url", "s3cret", 6, 0600);
	must_write("token", "s3cret\ns3cret\n", 14, 0604);
	ck_secrets("main.yml:4:15: error: 'url': it is not a URL like https://example.org/hook, without user:password@\n"
		   "main.yml:6:41: error: 'token' is a secret that others can read (mode 0604): chmod o-r it\n");
	must_write("url", "https://h/", 10, 0600);
	must_write("token", "s3cret\ns3cret\n", 14, 0600);
	ck_secrets("main.yml:6:41: error: 'token': it is more than a line, or has control characters in it\n");
	must_write("token", "a\0b", 3, 0600);
	ck_secrets("main.yml:6:41: error: 'token': there is a NUL in it\n");
	must_write("token", " \n", 2, 0600);
	ck_secrets("main.yml:6:41: error: 'token': it is empty\n");
	must_write("token", long_text, sizeof(long_text), 0600);
	ck_secrets("main.yml:6:41: error: 'token' is longer than 4096 bytes\n");
	must(unlink("token") == 0 && symlink("url", "token") == 0);
	ck_secrets("main.yml:6:41: error: 'token' is a symbolic link: name the file itself\n");
	must(unlink("token") == 0);
	ck_secrets("main.yml:6:41: error: open 'token': No such file or directory\n");
}
