/* SPDX-License-Identifier: Apache-2.0 */
#include "config/secrets.h"

#include <string.h>
#include <sys/stat.h>

#include "config/files.h"
#include "config/text.h"

enum secret_kind { SECRET_LINE, SECRET_URL, SECRET_CA };

#define AT(member) offsetof(struct endpoint, member)

/* What is named, and where its contents go. */
static const struct secret_row {
	size_t file;
	size_t value;
	enum secret_kind kind;
} rows[] = {
	{ AT(url_file), AT(url), SECRET_URL },
	{ AT(credentials_file), AT(credentials), SECRET_LINE },
	{ AT(password_file), AT(password), SECRET_LINE },
	{ AT(ca_file), AT(ca), SECRET_CA },
};

struct reading {
	const struct config *config;
	struct arena *arena;
	struct mistakes *mistakes;
	size_t total; /* bytes so far */
};

static const char **member(struct endpoint *endpoint, size_t offset)
{
	return (const char **)((char *)endpoint + offset);
}

/* The first place that names the file. */
static const struct place *place_of(const struct config *config, const char *path)
{
	const struct secret_name *name = config->secrets;

	while (strcmp(name->path, path) != 0) {
		name++;
	}
	return &name->place;
}

static const char *what_is_wrong(enum secret_kind kind, const char *text)
{
	if (*text == '\0') {
		return "it is empty";
	}
	if (kind == SECRET_CA) {
		return strstr(text, "-----BEGIN CERTIFICATE-----")
				       ? NULL
				       : "there is no certificate in it (PEM)";
	}
	if (text_is_line(text)) {
		return "it is more than a line, or has control characters in it";
	}
	if (kind == SECRET_URL && text_is_webhook(text)) {
		return "it is not a URL like https://example.org/hook, without user:password@";
	}
	return NULL;
}

/* White space around a secret is the editor's. */
static char *trim(struct buf *text)
{
	static const char space[] = " \t\r\n";
	char *begin = (char *)text->data;

	if (text->len == 0) {
		return NULL;
	}
	while (text->len > 0 && strchr(space, text->data[text->len - 1])) {
		text->data[--text->len] = '\0';
	}
	return begin + strspn(begin, space);
}

static const char *read_secret(
		struct reading *reading, const char *path, enum secret_kind kind, struct err *err)
{
	const struct config_file_rules rules = {
		.max = kind == SECRET_CA ? SECRETS_CA_MAX : SECRET_MAX,
		.secret = kind != SECRET_CA,
	};
	auto_buf struct buf text = { 0 };

	if (files_read_one(path, &rules, &text, err) < 0) {
		return NULL;
	}
	reading->total += text.len;
	if (reading->total > SECRETS_TOTAL_MAX) {
		err_set(err, ERR_LIMIT, "with '%s' the secrets are longer than %d bytes", path,
				SECRETS_TOTAL_MAX);
		return NULL;
	}
	if (text.len != strlen(buf_text(&text))) {
		err_set(err, ERR_INPUT, "'%s': there is a NUL in it", path);
		return NULL;
	}

	const char *value = trim(&text);
	const char *wrong = what_is_wrong(kind, value ? value : "");

	if (wrong) {
		err_set(err, ERR_INPUT, "'%s': %s", path, wrong);
		return NULL;
	}
	return arena_strdup(reading->arena, value);
}

static void read_endpoint(struct reading *reading, struct endpoint *endpoint)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = *member(endpoint, rows[i].file);
		struct err err;

		if (!path) {
			continue;
		}

		const char *value = read_secret(reading, path, rows[i].kind, &err);

		if (!value) {
			mistakes_add(reading->mistakes, place_of(reading->config, path), "%s",
					err.msg);
		}
		*member(endpoint, rows[i].value) = value;
	}
}

static void copy_receivers(struct reading *reading, struct secrets *secrets)
{
	const struct config *config = reading->config;

	secrets->receivers_len = config->receivers_len;
	secrets->receivers = arena_memdup(secrets->arena, config->receivers,
			config->receivers_len * sizeof(*config->receivers));
	for (size_t i = 0; i < secrets->receivers_len; i++) {
		struct receiver *receiver = &secrets->receivers[i];

		receiver->endpoints = arena_memdup(secrets->arena, receiver->endpoints,
				receiver->endpoints_len * sizeof(*receiver->endpoints));
		for (size_t j = 0; j < receiver->endpoints_len; j++) {
			read_endpoint(reading, &receiver->endpoints[j]);
		}
	}
}

static void copy_alertmanagers(struct reading *reading, struct secrets *secrets)
{
	const struct config *config = reading->config;

	secrets->alertmanagers_len = config->alertmanagers_len;
	secrets->alertmanagers = arena_memdup(secrets->arena, config->alertmanagers,
			config->alertmanagers_len * sizeof(*config->alertmanagers));
	for (size_t i = 0; i < secrets->alertmanagers_len; i++) {
		read_endpoint(reading, &secrets->alertmanagers[i].http);
	}
}

int secrets_read(const struct config *config, struct secrets *ret_secrets, struct buf *report,
		struct err *err)
{
	auto_mistakes struct mistakes mistakes = { 0 };
	struct reading reading = { .config = config, .mistakes = &mistakes };

	*ret_secrets = (struct secrets){ .arena = arena_new() };
	reading.arena = ret_secrets->arena;
	copy_receivers(&reading, ret_secrets);
	copy_alertmanagers(&reading, ret_secrets);
	if (mistakes_report(&mistakes, "the configuration", report, err) < 0) {
		secrets_clear(ret_secrets);
		return -1;
	}
	return 0;
}

void secrets_clear(struct secrets *secrets)
{
	arena_free(secrets->arena);
	*secrets = (struct secrets){ 0 };
}
