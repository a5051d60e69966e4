/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_alertmanager.h"

#include <string.h>

#include "config/config.h"
#include "config/load_receiver.h"
#include "config/text.h"

#define TIMEOUT_MS   10000
#define ASK_EVERY_MS (INT64_C(60) * 1000)
#define SETTLE_MS    (INT64_C(5) * 60 * 1000)

/* Paths of its API are put behind it. */
static const char *is_base_url(const char *text)
{
	const char *wrong = text_is_webhook(text);

	if (wrong) {
		return wrong;
	}
	return text[strcspn(text, "?#")] == '\0' ? NULL : "a URL without ? and #";
}

#define ENDPOINT(member) SPEC_FIELD(struct alertmanager, http.member)

static const struct spec alertmanager_keys[] = {
	{ "url", "where it is, as a browser reaches it", SPEC_STRING, ENDPOINT(url),
			SPEC_REQUIRED | SPEC_VARS, .max = 2048, .format = is_base_url },
	{ "http_config", "authorization and TLS", SPEC_MAPPING, .keys = load_receiver_http_keys },
	{ "ask_every", "how often it is asked while incidents are open", SPEC_DURATION,
			SPEC_FIELD(struct alertmanager, ask_every_ms), .min = 1000, .max = DAY_MS },
	{ "settle", "for so long after its start, what it does not list proves nothing",
			SPEC_DURATION, SPEC_FIELD(struct alertmanager, settle_ms), .max = DAY_MS },
	{ "timeout", "how long one request may take", SPEC_DURATION, ENDPOINT(timeout_ms),
			.min = 100, .max = INT64_C(60) * 1000 },
	{ 0 },
};

/* The keys of http_config are those of an endpoint. */
_Static_assert(offsetof(struct alertmanager, http) == 0, "an Alertmanager begins as an endpoint");

/* As it is written in logs and answers; the slashes at its end say nothing. */
static const char *name_of(struct loader *loader, const char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/') {
		len--;
	}
	return arena_strndup(loader->arena, url, len);
}

static bool is_known(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->alertmanagers_len; i++) {
		if (strcmp(config->alertmanagers[i].http.name, name) == 0) {
			return true;
		}
	}
	return false;
}

static void load_alertmanager(struct loader *loader, const struct yaml_node *node)
{
	struct config *config = loader->config;
	struct alertmanager one = {
		.http = { .kind = ENDPOINT_WEBHOOK,
				.timeout_ms = TIMEOUT_MS,
				.auth_type = "Bearer" },
		.ask_every_ms = ASK_EVERY_MS,
		.settle_ms = SETTLE_MS,
	};

	if (!spec_load(loader, alertmanager_keys, node, &one, NULL)) {
		return;
	}
	load_receiver_http_check(loader, node);
	load_receiver_files(loader, node, &one.http);
	if (!one.http.url) {
		return;
	}
	one.http.name = name_of(loader, one.http.url);
	one.http.url = one.http.name;
	if (is_known(config, one.http.name)) {
		mistakes_add(loader->mistakes, &yaml_get(node, "url")->place,
				"there is an Alertmanager '%s' already", one.http.name);
	}
	config->alertmanagers[config->alertmanagers_len++] = one;
}

void load_alertmanagers(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct config *config = loader->config;

	(void)base;
	if (!spec_list(loader, node, 0, ALERTMANAGERS_MAX)) {
		return;
	}
	config->alertmanagers =
			arena_calloc(loader->arena, node->len, sizeof(*config->alertmanagers));
	for (yaml_each(item, node)) {
		load_alertmanager(loader, item);
	}
}
