#include "config/check.h"

#include <string.h>

#include "config/text.h"

#define CHECKS_MAX 1000

static const char *const body_words[] = { "any", "json", NULL };

static const struct spec http_keys[] = {
	{ "body", "what the answer must be", SPEC_CHOICE, SPEC_FIELD(struct check, json),
			.choices = body_words },
	{ "contains", "text that the answer must contain", SPEC_STRING,
			SPEC_FIELD(struct check, contains), SPEC_VARS },
	{ "status", "the HTTP status that is healthy", SPEC_INT, SPEC_FIELD(struct check, status),
			.min = 100, .max = 599 },
	{ "url", "what to get", SPEC_STRING, SPEC_FIELD(struct check, url),
			SPEC_REQUIRED | SPEC_VARS, .max = 2048, .format = text_is_url },
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

	const struct yaml_node *name = yaml_get(node, "name");
	const struct place *place = name ? &name->place : &node->place;

	refuse_duplicate(loader, &check, place);

	struct check *slot = mem_push((void **)&loader->checks, loader->checks_len,
			&loader->checks_cap, sizeof(*slot));
	struct place *place_slot = mem_push((void **)&loader->check_places, loader->checks_len,
			&loader->check_places_cap, sizeof(*place_slot));

	*slot = check;
	*place_slot = *place;
	loader->checks_len++;
}

void checks_load(struct loader *loader, const struct yaml_node *node, void *base)
{
	(void)base;
	if (!spec_list(loader, node, 0, CHECKS_MAX - (int64_t)loader->checks_len)) {
		return;
	}
	for (yaml_each(item, node)) {
		load_check(loader, item);
	}
}
