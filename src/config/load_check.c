/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_check.h"

#include <string.h>

#include "config/config.h"
#include "config/text.h"
#include "domain/template.h"

#define CHECKS_MAX 1000
#define FIELDS_MAX 32

static const char *const body_words[] = { "any", "json", NULL };

static const struct spec url_of_params = { "url", "the URL to get", SPEC_STRING,
	.flags = SPEC_PARAMS | SPEC_OPEN, .max = 2048, .format = text_is_url };
static const struct spec url_alone = { "url", "the URL to get", SPEC_STRING, .flags = SPEC_VARS,
	.max = 2048, .format = text_is_url };
static const struct spec field_value = { "json", "a value", SPEC_STRING,
	.flags = SPEC_VARS | SPEC_EMPTY, .max = 256 };

/* Where the path or the query of url begins: a param before that could change the host. */
static const char *after_host(const char *url)
{
	const char *host = strstr(url, "://") + strlen("://");

	return host + strcspn(host, "/?#");
}

static void check_places_of_params(
		struct loader *loader, const struct yaml_node *node, const char *url)
{
	const char *begin = after_host(url);
	const char *end = begin + strcspn(begin, "#");
	const char *at = url;
	const char *name;
	size_t len = 0;

	while ((name = template_next_name(&at, &len)) != NULL) {
		if (name > begin && name < end) {
			continue;
		}

		const char *text = arena_printf(loader->arena, "${%.*s}", (int)len, name);
		struct place place = yaml_place_of(node, text);

		mistakes_add(loader->mistakes, &place,
				"'%s' is no var, and a param may stand only in the path and the query of a URL",
				text);
	}
}

static void load_url(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct check *check = base;
	const char *url = spec_string(loader, &url_of_params, node);

	if (!url) {
		return;
	}
	if (!template_has_names(url)) {
		check->url = spec_string(loader, &url_alone, node);
		return;
	}
	check->url = url;
	check->url_params = true;
	check_places_of_params(loader, node, url);
}

static const char *path_is_wrong(const char *path)
{
	size_t len = strlen(path);

	if (len == 0 || len > 256 || *path == '.' || path[len - 1] == '.' || strstr(path, "..") ||
			text_is_line(path)) {
		return "keys with dots between, like database.connected";
	}
	return NULL;
}

static void load_fields(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct check *check = base;

	if (node->kind != YAML_MAPPING || node->len < 1 || node->len > FIELDS_MAX) {
		mistakes_add(loader->mistakes, &node->place,
				"expected a mapping of 1 to %d paths to values", FIELDS_MAX);
		return;
	}
	check->json = true;
	check->fields = arena_calloc(loader->arena, node->len, sizeof(*check->fields));
	for (yaml_each(item, node)) {
		const char *wrong = path_is_wrong(item->key->text);
		const char *value = spec_string(loader, &field_value, item);

		if (wrong) {
			mistakes_add(loader->mistakes, &item->key->place, "expected %s, got \"%s\"",
					wrong, item->key->text);
		}
		check->fields[check->fields_len++] =
				(struct check_field){ item->key->text, value ? value : "" };
	}
}

static const struct spec http_keys[] = {
	{ "body", "the form of the answer", SPEC_CHOICE, SPEC_FIELD(struct check, json),
			.choices = body_words },
	{ "contains", "text that the answer must contain", SPEC_STRING,
			SPEC_FIELD(struct check, contains), SPEC_VARS },
	{ "json", "values that the answer, in JSON, must have", SPEC_CUSTOM, .load = load_fields },
	{ "status", "the HTTP status that is healthy", SPEC_INT, SPEC_FIELD(struct check, status),
			.min = 100, .max = 599 },
	{ "url", "the URL to get", SPEC_CUSTOM, .flags = SPEC_REQUIRED, .load = load_url },
	{ 0 },
};

static const struct spec tcp_keys[] = {
	{ "address", "HOST:PORT to connect to", SPEC_STRING, SPEC_FIELD(struct check, address),
			SPEC_REQUIRED | SPEC_VARS, .max = 300, .format = text_is_address },
	{ 0 },
};

/* tcp: "host:port" is short for tcp: { address: "host:port" }. */
static void load_tcp(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct check *check = base;

	if (node->kind == YAML_MAPPING) {
		spec_load(loader, tcp_keys, node, check, NULL);
		return;
	}

	const char *address = spec_string(loader, &tcp_keys[0], node);

	if (address) {
		check->address = address;
	}
}

/* The first rows stand in the order of enum check_kind. */
static const struct spec check_keys[] = {
	{ "http", "get a URL", SPEC_MAPPING, .keys = http_keys },
	{ "tcp", "connect", SPEC_CUSTOM, .load = load_tcp },
	{ "command", "run a program; exit status 0 is healthy", SPEC_STRINGS,
			SPEC_FIELD(struct check, argv), SPEC_VARS | SPEC_EMPTY, .min = 1 },
	{ "interval", "how often it is probed in the background", SPEC_DURATION,
			SPEC_FIELD(struct check, interval_ms), .min = 1000, .max = DAY_MS },
	{ "name", "every check needs a name of its own", SPEC_STRING,
			SPEC_FIELD(struct check, name), SPEC_REQUIRED, .format = text_is_name },
	{ "timeout", "how long one probe may take", SPEC_DURATION,
			SPEC_FIELD(struct check, timeout_ms), .min = 1, .max = 10 * 60 * 1000 },
	{ 0 },
};

static void refuse_duplicate(
		struct loader *loader, const struct check *check, const struct place *place)
{
	for (size_t i = 0; check->name && i < loader->checks_len; i++) {
		const struct place *first = &loader->check_places[i];

		if (loader->checks[i].name && strcmp(loader->checks[i].name, check->name) == 0) {
			mistakes_add(loader->mistakes, place,
					"check '%s' is already defined in %s:%u", check->name,
					first->path, first->line);
			return;
		}
	}
}

static void load_check(struct loader *loader, const struct yaml_node *node)
{
	struct check check = { .status = 200, .timeout_ms = 5000 };
	uint64_t given = 0;

	if (!spec_load(loader, check_keys, node, &check, &given)) {
		return;
	}

	int kind = spec_one_of(loader, check_keys, CHECK_COMMAND + 1, node, given);

	if (kind >= 0) {
		check.kind = (uint8_t)kind;
	}
	if (kind == CHECK_COMMAND && check.argv && check.argv[0] && *check.argv[0] == '\0') {
		mistakes_add(loader->mistakes, &yaml_get(node, "command")->child->place,
				"the program's name may not be empty");
	}

	const struct yaml_node *interval = yaml_get(node, "interval");

	if (interval && check.url_params) {
		mistakes_add(loader->mistakes, &interval->key->place,
				"a check with params in its URL has no 'interval': in the background nobody gives it values");
	}

	const struct yaml_node *name = yaml_get(node, "name");
	const struct place *place = name ? &name->place : &node->place;

	refuse_duplicate(loader, &check, place);
	loader_add_check(loader, &check, place);
}

void load_checks(struct loader *loader, const struct yaml_node *node, void *base)
{
	(void)base;
	if (!spec_list(loader, node, 0, CHECKS_MAX - (int64_t)loader->checks_len)) {
		return;
	}
	for (yaml_each(item, node)) {
		load_check(loader, item);
	}
}

static bool has_param(const struct param *params, size_t params_len, const char *name, size_t len)
{
	for (size_t i = 0; i < params_len; i++) {
		if (strlen(params[i].name) == len && memcmp(params[i].name, name, len) == 0) {
			return true;
		}
	}
	return false;
}

/* Has whoever names the check all params that it wants? */
static void resolve_name(struct loader *loader, const struct check_name *by)
{
	const struct check *check = config_check(loader->config, by->name);
	const char *at = check && check->url_params ? check->url : "";
	const char *name;
	size_t len = 0;

	if (!check) {
		mistakes_add(loader->mistakes, &by->place, "there is no check '%s'", by->name);
	}
	while ((name = template_next_name(&at, &len)) != NULL) {
		if (!has_param(by->params, by->params_len, name, len)) {
			mistakes_add(loader->mistakes, &by->place,
					"check '%s' wants a param '%.*s', which this playbook does not declare",
					by->name, (int)len, name);
		}
	}
}

static bool any_has_param(const struct config *config, const char *name, size_t len)
{
	for (size_t i = 0; i < config->playbooks_len; i++) {
		const struct playbook *playbook = &config->playbooks[i];

		if (has_param(playbook->params, playbook->params_len, name, len)) {
			return true;
		}
	}
	return false;
}

/* A name that no playbook could give a value to is a slip of the pen. */
static void resolve_url(struct loader *loader, const struct check *check, const struct place *place)
{
	const char *at = check->url_params ? check->url : "";
	const char *name;
	size_t len = 0;

	while ((name = template_next_name(&at, &len)) != NULL) {
		if (!any_has_param(loader->config, name, len)) {
			mistakes_add(loader->mistakes, place,
					"the URL names '${%.*s}', which is neither a var nor a param of any playbook",
					(int)len, name);
		}
	}
}

void load_checks_resolve(struct loader *loader)
{
	for (size_t i = 0; i < loader->names_len; i++) {
		resolve_name(loader, &loader->names[i]);
	}
	for (size_t i = 0; i < loader->checks_len; i++) {
		resolve_url(loader, &loader->checks[i], &loader->check_places[i]);
	}
}
