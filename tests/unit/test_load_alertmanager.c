/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_alertmanager.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"
#include "config/secrets.h"
#include "config_texts.h"

TEST(alertmanagers_are_read)
{
	struct config *config = must_parse("global: {stale_after: 3h}\n"
					   "alertmanagers:\n"
					   "- url: http://127.0.0.1:9093\n"
					   "- url: https://am.example.org/monitoring/am//\n"
					   "  http_config:\n"
					   "    basic_auth: {username: eve, password_file: pw}\n"
					   "    tls_config: {ca_file: /etc/ca.pem}\n"
					   "  ask_every: 15s\n"
					   "  settle: 10m\n"
					   "  timeout: 3s\n");
	const struct alertmanager *a = config->alertmanagers;

	must(config->alertmanagers_len == 2);
	ck_int(config->stale_after_ms, 3 * 3600 * 1000);
	ck_str(a[0].http.name, "http://127.0.0.1:9093");
	ck_int(a[0].ask_every_ms, 60000);
	ck_int(a[0].settle_ms, 300000);
	ck_int(a[0].http.timeout_ms, 10000);
	ck_str(a[1].http.name, "https://am.example.org/monitoring/am");
	ck_str(a[1].http.url, "https://am.example.org/monitoring/am");
	ck_str(a[1].http.username, "eve");
	ck_str(a[1].http.password_file, "etc/pw");
	ck_str(a[1].http.ca_file, "/etc/ca.pem");
	ck_int(a[1].ask_every_ms, 15000);
	ck_int(a[1].settle_ms, 600000);
	ck_int(a[1].http.timeout_ms, 3000);
	ck_int(config->secrets_len, 2);
	config_free(config);
}

TEST(mistakes_in_alertmanagers_are_told)
{
	static const struct mistake_case cases[] = {
		{ "alertmanagers: {}\n",
				"etc/main.yml:1:16: error: expected a list, got a mapping\n" },
		{ "alertmanagers: [{ask_every: 1m}]\n",
				"etc/main.yml:1:17: error: missing key 'url': where it is, as a browser reaches it\n" },
		{ "alertmanagers: [{url: 'am:9093'}]\n",
				"etc/main.yml:1:23: error: expected a URL like http://localhost:8080/health, got \"am:9093\"\n" },
		{ "alertmanagers: [{url: 'http://u:p@am/'}]\n",
				"etc/main.yml:1:23: error: expected a URL without user:password@; they go into http_config, got \"http://u:p@am/\"\n" },
		{ "alertmanagers: [{url: 'http://am/?x=y'}]\n",
				"etc/main.yml:1:23: error: expected a URL without ? and #, got \"http://am/?x=y\"\n" },
		{ "alertmanagers: [{url: 'http://am', ask_every: 500ms, settle: 2d, timeout: 2m}]\n",
				"etc/main.yml:1:47: error: expected a duration from 1s to 1d, got \"500ms\"\n"
				"etc/main.yml:1:62: error: expected a duration from 0s to 1d, got \"2d\"\n"
				"etc/main.yml:1:75: error: expected a duration from 100ms to 1m, got \"2m\"\n" },
		{ "alertmanagers: [{url: 'http://am/'}, {url: 'http://am'}]\n",
				"etc/main.yml:1:44: error: there is an Alertmanager 'http://am' already\n" },
		{ "alertmanagers: [{url: 'http://am', http_config: {authorization: {credentials_file: a}, basic_auth: {username: u, password_file: p}}}]\n",
				"etc/main.yml:1:88: error: 'authorization' and 'basic_auth' exclude each other\n" },
	};

	CK_CASES(cases);
}

TEST(their_secrets_are_read_as_those_of_receivers)
{
	struct config *config;
	struct secrets secrets = { 0 };
	struct buf report = { 0 };
	struct err err;
	FILE *file;

	mkdir("etc", 0700);
	file = fopen("etc/token", "w");
	must(file);
	fputs("s3cret\n", file);
	fclose(file);
	chmod("etc/token", 0600);
	config = must_parse("alertmanagers:\n- url: http://am\n"
			    "  http_config: {authorization: {credentials_file: token}}\n");
	must_ok(secrets_read(config, &secrets, &report, &err), err);
	ck_int(secrets.alertmanagers_len, 1);
	ck_str(secrets.alertmanagers[0].http.credentials, "s3cret");
	ck_str(config->alertmanagers[0].http.credentials ? "there" : "not there", "not there");
	secrets_clear(&secrets);
	config_free(config);
}
