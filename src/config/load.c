/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <string.h>

#include "config/load_alertmanager.h"
#include "config/load_check.h"
#include "config/load_escalation.h"
#include "config/load_global.h"
#include "config/load_heartbeat.h"
#include "config/load_interval.h"
#include "config/load_playbook.h"
#include "config/load_receiver.h"
#include "config/load_templates.h"
#include "config/loader.h"
#include "config/spec.h"
#include "sys/digest.h"
#include "sys/yaml.h"

static const struct spec glob_row = { "a list of globs", "a glob", SPEC_STRING };

/* files_read() has used it; here its form is checked. */
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
	{ "global", "settings of all playbooks", SPEC_MAPPING, .keys = load_global_keys },
	{ "vars", "constants of this site", SPEC_CUSTOM, .load = load_global_vars },
	{ "playbook_files", "globs of files with playbooks and checks", SPEC_CUSTOM,
			.load = check_globs },
	{ "template_files", "globs of files with the templates of notifications", SPEC_CUSTOM,
			.load = check_globs },
	{ "time_intervals", "named times, for guards", SPEC_CUSTOM, .load = load_intervals },
	{ "receivers", "who is notified", SPEC_CUSTOM, .load = load_receivers },
	{ "alertmanagers", "who is asked about alerts", SPEC_CUSTOM, .load = load_alertmanagers },
	{ "escalation", "who is paged, when and why", SPEC_MAPPING, .keys = load_escalation_keys },
	{ "heartbeats", "alerts that must come", SPEC_CUSTOM, .load = load_heartbeats },
	{ "ignore", "alerts that cause nothing", SPEC_CUSTOM, .load = load_heartbeat_ignore },
	{ "checks", "health checks", SPEC_CUSTOM, .load = load_checks },
	{ "playbooks", "remediations", SPEC_CUSTOM, .load = load_playbooks },
	{ 0 },
};

/* What the files that playbook_files names may have. */
static const struct spec file_keys[] = {
	{ "checks", "health checks", SPEC_CUSTOM, .load = load_checks },
	{ "playbooks", "remediations", SPEC_CUSTOM, .load = load_playbooks },
	{ 0 },
};

static void load_file(struct loader *loader, const struct config_file *file, uint32_t number)
{
	const struct yaml_source source = { file->path, number, file->text, file->len };
	const struct yaml_node *root = NULL;

	if (number > 0 && file->kind == CONFIG_TEMPLATE) {
		load_template(loader, file, number);
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
	size_t folder_len = files_folder_len(main_path);

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

/* Never NULL; without mistakes it is whole. */
static struct config *build(const struct config_files *files, struct mistakes *mistakes)
{
	struct arena *arena = arena_new();
	struct config *config = arena_alloc(arena, sizeof(*config));
	struct loader loader = { .arena = arena, .mistakes = mistakes, .config = config };

	config->arena = arena;
	load_global_defaults(config);
	load_escalation_defaults(config);
	memcpy(config->templates, template_presets, sizeof(config->templates));
	hash_files(files, config->hash);
	for (size_t i = 0; i < files->len; i++) {
		load_file(&loader, &files->items[i], (uint32_t)i);
	}
	loader_finish(&loader);
	load_checks_resolve(&loader);
	loader_clear(&loader);
	return config;
}

struct config *load_config(const struct config_files *files, struct buf *report, struct err *err)
{
	auto_mistakes struct mistakes mistakes = { 0 };
	struct config *config = build(files, &mistakes);

	if (mistakes_report(&mistakes, "the configuration", report, err) < 0) {
		config_free(config);
		return NULL;
	}
	return config;
}

int load_files(const char *path, struct config_files *ret_files, struct buf *report,
		struct err *err)
{
	CLEANUP(files_clear) struct config_files files = { 0 };
	auto_mistakes struct mistakes mistakes = { 0 };

	if (files_read(path, &files, &mistakes, err) < 0) {
		return -1;
	}
	if (mistakes.len > 0) {
		config_free(build(&files, &mistakes));
		return mistakes_report(&mistakes, "the configuration", report, err);
	}
	*ret_files = files;
	files = (struct config_files){ 0 };
	return 0;
}
