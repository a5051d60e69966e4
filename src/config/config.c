#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/escalation.h"
#include "config/global.h"
#include "config/interval.h"
#include "config/playbook.h"
#include "config/receiver.h"
#include "config/spec.h"
#include "config/templates.h"
#include "sys/yaml.h"

static const struct spec glob_row = { "a list of globs", "a glob", SPEC_STRING };

/* config_read() has used it; here its form is checked. */
static void check_globs(struct loader *loader, const struct yaml_node *node, void *base)
{
	(void)base;
	if (!spec_list(loader, node, 0, CONFIG_FILES_MAX)) {
		return;
	}
	for (yaml_each(item, node)) {
		spec_string(loader, &glob_row, item);
	}
}

/* What others may name stands before them. */
static const struct spec main_keys[] = {
	{ "global", "what is true for all playbooks", SPEC_MAPPING, .keys = global_keys },
	{ "vars", "constants of this site", SPEC_CUSTOM, .load = global_load_vars },
	{ "playbook_files", "globs of files with playbooks and checks", SPEC_CUSTOM,
			.load = check_globs },
	{ "template_files", "globs of files with what people are written", SPEC_CUSTOM,
			.load = check_globs },
	{ "time_intervals", "named times, for guards", SPEC_CUSTOM, .load = intervals_load },
	{ "receivers", "who is told", SPEC_CUSTOM, .load = receivers_load },
	{ "escalation", "who is called, when and why", SPEC_MAPPING, .keys = escalation_keys },
	{ "checks", "health checks", SPEC_CUSTOM, .load = checks_load },
	{ "playbooks", "remediations", SPEC_CUSTOM, .load = playbooks_load },
	{ 0 },
};

/* What the files that playbook_files names may have. */
static const struct spec file_keys[] = {
	{ "checks", "health checks", SPEC_CUSTOM, .load = checks_load },
	{ "playbooks", "remediations", SPEC_CUSTOM, .load = playbooks_load },
	{ 0 },
};

static void load_file(struct loader *loader, const struct config_file *file, uint32_t number)
{
	const struct yaml_source source = { file->path, number, file->text, file->len };
	const struct yaml_node *root = NULL;

	if (number > 0 && file->kind == CONFIG_TEMPLATE) {
		templates_load(loader, file, number);
		return;
	}
	if (yaml_parse(&source, loader->arena, loader->mistakes, &root) && root) {
		spec_load(loader, number == 0 ? main_keys : file_keys, root, loader->config, NULL);
	}
}

static void add_number(struct buf *out, uint64_t number)
{
	for (int shift = 56; shift >= 0; shift -= 8) {
		buf_addch(out, (char)(number >> shift));
	}
}

/* Paths count from the main file's folder: the same files elsewhere are the same configuration. */
static void hash_files(const struct config_files *files, uint8_t ret_hash[DIGEST_SIZE])
{
	auto_buf struct buf all = { 0 };
	const char *main_path = files->len > 0 ? files->items[0].path : "";
	size_t folder_len = config_folder_len(main_path);

	for (size_t i = 0; i < files->len; i++) {
		const struct config_file *file = &files->items[i];
		const char *path = file->path;
		uint8_t digest[DIGEST_SIZE];

		if (strncmp(path, main_path, folder_len) == 0) {
			path += folder_len;
		}
		digest_sha256(file->text, file->len, digest);
		add_number(&all, strlen(path));
		buf_adds(&all, path);
		add_number(&all, file->len);
		buf_add(&all, digest, sizeof(digest));
	}
	digest_sha256(all.data, all.len, ret_hash);
}

static void move_to_config(struct loader *loader)
{
	struct config *config = loader->config;

	config->playbooks_len = loader->playbooks_len;
	config->playbooks = arena_memdup(config->arena, loader->playbooks,
			loader->playbooks_len * sizeof(*loader->playbooks));
	config->checks_len = loader->checks_len;
	config->checks = arena_memdup(config->arena, loader->checks,
			loader->checks_len * sizeof(*loader->checks));
	config->secrets_len = loader->secrets_len;
	config->secrets = arena_memdup(config->arena, loader->secrets,
			loader->secrets_len * sizeof(*loader->secrets));
}

struct config *config_build(const struct config_files *files, struct mistakes *mistakes)
{
	struct arena *arena = arena_new();
	struct config *config = arena_alloc(arena, sizeof(*config));
	struct loader loader = { .arena = arena, .mistakes = mistakes, .config = config };

	config->arena = arena;
	global_defaults(config);
	escalation_defaults(config);
	memcpy(config->templates, template_presets, sizeof(config->templates));
	hash_files(files, config->hash);
	for (size_t i = 0; i < files->len; i++) {
		load_file(&loader, &files->items[i], (uint32_t)i);
	}
	move_to_config(&loader);
	checks_resolve(&loader);
	free(loader.playbooks);
	free(loader.playbook_places);
	free(loader.checks);
	free(loader.check_places);
	free(loader.names);
	free(loader.secrets);
	return config;
}

int config_report(struct mistakes *mistakes, struct buf *report, struct err *err)
{
	if (mistakes->len == 0) {
		return 0;
	}
	mistakes_write(mistakes, report);
	return err_set(err, ERR_INPUT, "%zu mistake%s in the configuration", mistakes->len,
			mistakes->len == 1 ? "" : "s");
}

struct config *config_parse(const struct config_files *files, struct buf *report, struct err *err)
{
	auto_mistakes struct mistakes mistakes = { 0 };
	struct config *config = config_build(files, &mistakes);

	if (config_report(&mistakes, report, err) < 0) {
		config_free(config);
		return NULL;
	}
	return config;
}

static void clear_playbook(struct playbook *playbook)
{
	for (size_t i = 0; i < playbook->matchers_len; i++) {
		matcher_clear(&playbook->matchers[i]);
	}
	for (size_t i = 0; i < playbook->steps_len; i++) {
		for (size_t j = 0; j < playbook->steps[i].when_len; j++) {
			matcher_clear(&playbook->steps[i].when[j]);
		}
	}
	for (size_t i = 0; i < playbook->params_len; i++) {
		regex_free(playbook->params[i].regex);
	}
}

void config_free(struct config *config)
{
	if (!config) {
		return;
	}
	for (size_t i = 0; i < config->playbooks_len; i++) {
		clear_playbook(&config->playbooks[i]);
	}
	for (size_t i = 0; i < config->escalation.rules_len; i++) {
		const struct escalation_rule *rule = &config->escalation.rules[i];

		for (size_t j = 0; j < rule->matchers_len; j++) {
			matcher_clear(&rule->matchers[j]);
		}
	}
	arena_free(config->arena);
}

const struct playbook *config_playbook(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->playbooks_len; i++) {
		const char *its = config->playbooks[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->playbooks[i];
		}
	}
	return NULL;
}

const struct check *config_check(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->checks_len; i++) {
		const char *its = config->checks[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->checks[i];
		}
	}
	return NULL;
}

const struct receiver *config_receiver(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->receivers_len; i++) {
		const char *its = config->receivers[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->receivers[i];
		}
	}
	return NULL;
}
