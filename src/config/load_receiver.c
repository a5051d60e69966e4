/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_receiver.h"

#include <string.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/files.h"
#include "config/text.h"

#define RECEIVERS_MAX 256
#define ENDPOINTS_MAX 32 /* of one kind, of one receiver */
#define TIMEOUT_MS    10000
#define EMAIL_MS      30000
#define TO_MAX        1024

static const char *const payload_words[] = {
	[PAYLOAD_PLAYBOOKD] = "playbookd",
	[PAYLOAD_SLACK] = "slack",
	NULL,
};

#define ENDPOINT(member) SPEC_FIELD(struct endpoint, member)

static const struct spec tls_keys[] = {
	{ "ca_file", "certificates of the CAs to trust, instead of the system's", SPEC_STRING,
			ENDPOINT(ca_file), SPEC_REQUIRED, .format = text_is_line },
	{ 0 },
};

static const char *is_auth_type(const char *text)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.";

	return text[strspn(text, token)] == '\0' ? NULL : "a word like Bearer";
}

static const struct spec authorization_keys[] = {
	{ "credentials_file", "the file with the token", SPEC_STRING, ENDPOINT(credentials_file),
			SPEC_REQUIRED, .format = text_is_line },
	{ "type", "the word before the token", SPEC_STRING, ENDPOINT(auth_type), .max = 64,
			.format = is_auth_type },
	{ 0 },
};

static const struct spec basic_keys[] = {
	{ "password_file", "the file with the password", SPEC_STRING, ENDPOINT(password_file),
			SPEC_REQUIRED, .format = text_is_line },
	{ "username", "as whom", SPEC_STRING, ENDPOINT(username), SPEC_REQUIRED | SPEC_VARS,
			.max = 256, .format = text_is_line },
	{ 0 },
};

const struct spec load_receiver_http_keys[] = {
	{ "authorization", "a header with a token", SPEC_MAPPING, .keys = authorization_keys },
	{ "basic_auth", "a user and a password", SPEC_MAPPING, .keys = basic_keys },
	{ "tls_config", "the CAs to trust", SPEC_MAPPING, .keys = tls_keys },
	{ 0 },
};

#define TIMEOUT_MIN_MS 100
#define TIMEOUT_MAX_MS (INT64_C(5) * 60 * 1000)

/* Of the first two, one must be given. */
static const struct spec webhook_keys[] = {
	{ "url", "the URL to post to", SPEC_STRING, ENDPOINT(url), SPEC_VARS, .max = 2048,
			.format = text_is_webhook },
	{ "url_file", "the file with the URL", SPEC_STRING, ENDPOINT(url_file),
			.format = text_is_line },
	{ "http_config", "authorization and TLS", SPEC_MAPPING, .keys = load_receiver_http_keys },
	{ "payload", "the form of the body", SPEC_CHOICE, ENDPOINT(payload),
			.choices = payload_words },
	{ "send_resolved", "also notify it of the end", SPEC_BOOL, ENDPOINT(send_resolved) },
	{ "timeout", "how long one attempt may take", SPEC_DURATION, ENDPOINT(timeout_ms),
			.min = TIMEOUT_MIN_MS, .max = TIMEOUT_MAX_MS },
	{ 0 },
};

static const char *is_mail_address(const char *text)
{
	static const char expected[] = "an address like on-call@example.org";
	static const char atoms[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$%&'*+-/=?^_`{|}~.";
	size_t local = strspn(text, atoms);
	size_t domain = text[local] == '@' ? strspn(text + local + 1, atoms) : 0;

	return local > 0 && local <= 64 && domain > 0 && domain <= 190 &&
					       text[local + 1 + domain] == '\0'
			       ? NULL
			       : expected;
}

static const char *is_mail_addresses(const char *text)
{
	while (*text) {
		char one[320];
		size_t len = strcspn(text, ",");
		size_t skip = strspn(text, " ");
		size_t end = len;

		while (end > skip && text[end - 1] == ' ') {
			end--;
		}
		if (end - skip >= sizeof(one) || skip > end) {
			return "addresses, separated by commas";
		}
		memcpy(one, text + skip, end - skip);
		one[end - skip] = '\0';
		if (is_mail_address(one)) {
			return "addresses like on-call@example.org, separated by commas";
		}
		text += len;
		if (*text == ',' && *++text == '\0') {
			return "an address after each comma";
		}
	}
	return NULL;
}

static const char *is_hello(const char *text)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-.:[]";

	return text[strspn(text, name)] == '\0' ? NULL : "the name of this machine";
}

static const struct spec email_keys[] = {
	{ "auth_password_file", "the file with the password", SPEC_STRING, ENDPOINT(password_file),
			.format = text_is_line },
	{ "auth_username", "as whom", SPEC_STRING, ENDPOINT(username), SPEC_VARS, .max = 256,
			.format = text_is_line },
	{ "from", "the sender's address", SPEC_STRING, ENDPOINT(from), SPEC_REQUIRED | SPEC_VARS,
			.max = 254, .format = is_mail_address },
	{ "hello", "the name that it gives in EHLO", SPEC_STRING, ENDPOINT(hello), SPEC_VARS,
			.max = 253, .format = is_hello },
	{ "require_tls", "only through TLS", SPEC_BOOL, ENDPOINT(require_tls) },
	{ "send_resolved", "also notify it of the end", SPEC_BOOL, ENDPOINT(send_resolved) },
	{ "smarthost", "HOST:PORT of the mail server", SPEC_STRING, ENDPOINT(smarthost),
			SPEC_REQUIRED | SPEC_VARS, .max = 300, .format = text_is_address },
	{ "timeout", "how long one attempt may take", SPEC_DURATION, ENDPOINT(timeout_ms),
			.min = TIMEOUT_MIN_MS, .max = TIMEOUT_MAX_MS },
	{ "tls_config", "the CAs to trust", SPEC_MAPPING, .keys = tls_keys },
	{ "to", "the recipients' addresses", SPEC_STRING, ENDPOINT(to), SPEC_REQUIRED | SPEC_VARS,
			.max = TO_MAX, .format = is_mail_addresses },
	{ 0 },
};

/* --- files that are named --- */

static const struct {
	const char *keys[4]; /* where it stands, from the endpoint on */
	size_t offset;
} files[] = {
	{ { "url_file" }, offsetof(struct endpoint, url_file) },
	{ { "http_config", "authorization", "credentials_file" },
			offsetof(struct endpoint, credentials_file) },
	{ { "http_config", "basic_auth", "password_file" },
			offsetof(struct endpoint, password_file) },
	{ { "http_config", "tls_config", "ca_file" }, offsetof(struct endpoint, ca_file) },
	{ { "auth_password_file" }, offsetof(struct endpoint, password_file) },
	{ { "tls_config", "ca_file" }, offsetof(struct endpoint, ca_file) },
};

/* Relative to the folder of the file that names it, which is the main one. */
static const char *resolve(struct loader *loader, const struct yaml_node *node, const char *path)
{
	const char *main_path = node->place.path;

	if (*path == '/') {
		return path;
	}
	return arena_printf(
			loader->arena, "%.*s%s", (int)files_folder_len(main_path), main_path, path);
}

static void note_file(struct loader *loader, const struct yaml_node *node, const char *path)
{
	struct secret_name name = { .place = node->place, .path = path };

	name.place.path = arena_strdup(loader->arena, node->place.path);
	loader_add_secret(loader, &name);
}

void load_receiver_files(
		struct loader *loader, const struct yaml_node *node, struct endpoint *endpoint)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char **path = (const char **)((char *)endpoint + files[i].offset);
		const struct yaml_node *value = node;

		for (const char *const *key = files[i].keys; *key && value; key++) {
			value = yaml_get(value, *key);
		}
		if (value && *path) {
			*path = resolve(loader, value, *path);
			note_file(loader, value, *path);
		}
	}
}

/* --- the names of endpoints --- */

/* scheme://host:port, and "/…" for what may be a secret. */
static const char *mask_url(struct loader *loader, const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t len = (size_t)(host - url) + strcspn(host, "/?#");
	const char *rest = url + len;
	bool more = *rest != '\0' && strcmp(rest, "/") != 0;

	return arena_printf(loader->arena, "%.*s%s", (int)len, url, more ? "/…" : "");
}

static const char *address_of(struct loader *loader, const struct yaml_node *node,
		const struct endpoint *endpoint)
{
	const struct yaml_node *file = yaml_get(node, "url_file");

	if (endpoint->kind == ENDPOINT_EMAIL) {
		return endpoint->to ? endpoint->to : "";
	}
	if (endpoint->url) {
		return mask_url(loader, endpoint->url);
	}
	return file && endpoint->url_file ? file->text : "";
}

/* Of two endpoints with the same address, the second has the name "ADDRESS (2)". */
static void name_endpoint(struct loader *loader, const struct yaml_node *node,
		const struct receiver *receiver, struct endpoint *endpoint)
{
	const char *address = address_of(loader, node, endpoint);
	const char *kind = endpoint_kind_names[endpoint->kind];

	endpoint->name = arena_printf(loader->arena, "%s %s", kind, address);
	for (int n = 2; receiver_endpoint(receiver, endpoint->name); n++) {
		endpoint->name = arena_printf(loader->arena, "%s %s (%d)", kind, address, n);
	}
}

/* --- endpoints --- */

static bool is_loopback(const char *address)
{
	return strncmp(address, "localhost:", 10) == 0 || strncmp(address, "127.", 4) == 0 ||
	       strncmp(address, "[::1]:", 6) == 0;
}

static void check_email(struct loader *loader, const struct yaml_node *node,
		const struct endpoint *endpoint)
{
	const struct yaml_node *user = yaml_get(node, "auth_username");
	const struct yaml_node *password = yaml_get(node, "auth_password_file");

	if (!endpoint->require_tls && endpoint->smarthost && !is_loopback(endpoint->smarthost)) {
		mistakes_add(loader->mistakes, &yaml_get(node, "require_tls")->place,
				"without TLS everybody on the way reads the mail: only for a smarthost on this machine");
	}
	if (!user != !password) {
		mistakes_add(loader->mistakes, user ? &user->place : &password->place,
				"auth_username and auth_password_file go together");
	}
}

void load_receiver_http_check(struct loader *loader, const struct yaml_node *node)
{
	const struct yaml_node *http = yaml_get(node, "http_config");
	const struct yaml_node *basic = http ? yaml_get(http, "basic_auth") : NULL;

	if (basic && yaml_get(http, "authorization")) {
		mistakes_add(loader->mistakes, &basic->key->place,
				"'authorization' and 'basic_auth' exclude each other");
	}
}

static void load_endpoint(struct loader *loader, const struct yaml_node *node,
		enum endpoint_kind kind, struct receiver *receiver)
{
	bool email = kind == ENDPOINT_EMAIL;
	struct endpoint endpoint = {
		.kind = (uint8_t)kind,
		.send_resolved = true,
		.timeout_ms = email ? EMAIL_MS : TIMEOUT_MS,
		.auth_type = "Bearer",
		.hello = "localhost",
		.require_tls = true,
	};
	uint64_t given = 0;

	if (!spec_load(loader, email ? email_keys : webhook_keys, node, &endpoint, &given)) {
		return;
	}
	if (email) {
		check_email(loader, node, &endpoint);
	} else {
		spec_one_of(loader, webhook_keys, 2, node, given);
		load_receiver_http_check(loader, node);
	}
	name_endpoint(loader, node, receiver, &endpoint);
	load_receiver_files(loader, node, &endpoint);
	receiver->endpoints[receiver->endpoints_len++] = endpoint;
}

static void load_endpoints(struct loader *loader, const struct yaml_node *node,
		enum endpoint_kind kind, struct receiver *receiver)
{
	if (!spec_list(loader, node, 0, ENDPOINTS_MAX)) {
		return;
	}
	for (yaml_each(item, node)) {
		load_endpoint(loader, item, kind, receiver);
	}
}

static void load_webhooks(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_endpoints(loader, node, ENDPOINT_WEBHOOK, base);
}

static void load_emails(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_endpoints(loader, node, ENDPOINT_EMAIL, base);
}

static const struct spec receiver_keys[] = {
	{ "name", "every receiver needs a name of its own", SPEC_STRING,
			SPEC_FIELD(struct receiver, name), SPEC_REQUIRED, .format = text_is_name },
	{ "email_configs", "mails", SPEC_CUSTOM, .load = load_emails },
	{ "webhook_configs", "HTTP requests", SPEC_CUSTOM, .load = load_webhooks },
	{ 0 },
};

/* --- receivers --- */

static void load_receiver(struct loader *loader, const struct yaml_node *node)
{
	struct config *config = loader->config;
	struct receiver receiver = {
		.endpoints = arena_calloc(loader->arena, (size_t)ENDPOINTS_MAX * ENDPOINT_KINDS,
				sizeof(*receiver.endpoints)),
	};
	size_t mistakes = loader->mistakes->len;

	if (!spec_load(loader, receiver_keys, node, &receiver, NULL)) {
		return;
	}
	if (receiver.endpoints_len == 0 && loader->mistakes->len == mistakes) {
		mistakes_add(loader->mistakes, &node->place,
				"a receiver without webhook_configs and email_configs notifies nobody");
	}
	if (receiver.name && config_receiver(config, receiver.name)) {
		mistakes_add(loader->mistakes, &yaml_get(node, "name")->place,
				"there is a receiver '%s' already", receiver.name);
	}
	config->receivers[config->receivers_len++] = receiver;
}

void load_receivers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct config *config = loader->config;

	(void)base;
	if (!spec_list(loader, node, 0, RECEIVERS_MAX)) {
		return;
	}
	config->receivers = arena_calloc(loader->arena, node->len, sizeof(*config->receivers));
	for (yaml_each(item, node)) {
		load_receiver(loader, item);
	}
}
