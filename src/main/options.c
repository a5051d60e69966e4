/* SPDX-License-Identifier: Apache-2.0 */
#include "main/options.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/size.h"

#define LOCAL_CONFIG   "config/playbookd.yml"
#define SYSTEM_CONFIG  "/etc/playbookd/playbookd.yml"
#define DEFAULT_LISTEN "127.0.0.1:9098"

enum option_kind { OPTION_TEXT, OPTION_LIST, OPTION_SWITCH };

struct option {
	const char *name;
	const char *value; /* the name of its value; NULL: it has none */
	const char *preset;
	const char *help; /* NULL: hidden */
	size_t offset;    /* in struct options: const char *, struct strv or bool */
	enum option_kind kind;
	int (*check)(const char *value, struct err *err); /* or NULL */
};

static int check_duration(const char *value, struct err *err)
{
	int64_t ms;

	return duration_parse(value, &ms, err);
}

static int check_size(const char *value, struct err *err)
{
	int64_t bytes;

	return size_parse(value, &bytes, err);
}

static int check_level(const char *value, struct err *err)
{
	enum log_level level;

	return log_level_parse(value, &level, err);
}

static int check_format(const char *value, struct err *err)
{
	enum log_format format;

	return log_format_parse(value, &format, err);
}

#define AT(member) offsetof(struct options, member)

static const struct option table[] = {
	{ "config.file", "FILE", NULL,
			"configuration (default " LOCAL_CONFIG ", then " SYSTEM_CONFIG ")",
			AT(config_file), OPTION_TEXT, NULL },
	{ "storage.path", "DIR", "data/", "directory of the store and of the runs' files",
			AT(storage_path), OPTION_TEXT, NULL },
	{ "storage.min-free", "SIZE", "64MB",
			"refuse deliveries (503) while its disk has less free space", AT(min_free),
			OPTION_TEXT, check_size },
	{ "data.retention", "DURATION", "365d", "how long to keep closed incidents", AT(retention),
			OPTION_TEXT, check_duration },
	{ "web.listen-address", "ADDRESS", NULL,
			"HOST:PORT or unix:PATH; may be repeated (default " DEFAULT_LISTEN ")",
			AT(listen), OPTION_LIST, NULL },
	{ "web.external-url", "URL", "", "URL under which operators reach playbookd",
			AT(external_url), OPTION_TEXT, NULL },
	{ "log.level", "LEVEL", "info", "debug, info, warn or error", AT(log_level), OPTION_TEXT,
			check_level },
	{ "log.format", "FORMAT", "logfmt", "logfmt or json", AT(log_format), OPTION_TEXT,
			check_format },
	{ "render", NULL, NULL,
			"check-config also prints the templates, filled in with sample data",
			AT(render), OPTION_SWITCH, NULL },
	{ "version", NULL, NULL, "print the version", AT(version), OPTION_SWITCH, NULL },
	{ "help", NULL, NULL, "print this help", AT(help), OPTION_SWITCH, NULL },
	{ "role", "ROLE", NULL, NULL, AT(role), OPTION_TEXT, NULL },
};

#define TABLE_LEN (sizeof(table) / sizeof(*table))

static void *member(struct options *options, const struct option *option)
{
	return (char *)options + option->offset;
}

static void set_text(struct options *options, const struct option *option, const char *value)
{
	memcpy(member(options, option), &value, sizeof(value));
}

static const struct option *find(const char *name, size_t len)
{
	for (size_t i = 0; i < TABLE_LEN; i++) {
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0) {
			return &table[i];
		}
	}
	return NULL;
}

static int set(struct options *options, const struct option *option, const char *value,
		struct err *err)
{
	if (option->check && option->check(value, err) < 0) {
		return err_wrap(err, "--%s", option->name);
	}
	if (option->kind == OPTION_LIST) {
		strv_add(member(options, option), value);
	} else {
		set_text(options, option, value);
	}
	return 0;
}

/* One flag, at **argv; *argv ends on the last word it used. */
static int parse_flag(struct options *options, char *const **argv, struct err *err)
{
	const char *name = **argv + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct option *option = find(name, len);

	if (!option) {
		return err_set(err, ERR_INPUT, "unknown flag '--%.*s'; see --help", (int)len, name);
	}
	if (option->kind == OPTION_SWITCH) {
		*(bool *)member(options, option) = true;
		return value ? err_set(err, ERR_INPUT, "--%s takes no value", option->name) : 0;
	}
	if (!value) {
		value = *++*argv;
	}
	if (!value) {
		--*argv;
		return err_set(err, ERR_INPUT, "--%s needs a value: %s", option->name,
				option->value);
	}
	return set(options, option, value, err);
}

static void set_presets(struct options *options)
{
	for (size_t i = 0; i < TABLE_LEN; i++) {
		if (table[i].kind == OPTION_TEXT) {
			set_text(options, &table[i], table[i].preset);
		}
	}
}

int options_parse(char *const *argv, struct options *ret_options, struct err *err)
{
	bool flags = true;

	*ret_options = (struct options){ 0 };
	set_presets(ret_options);
	for (argv++; *argv; argv++) {
		if (flags && strcmp(*argv, "--") == 0) {
			flags = false;
		} else if (flags && (*argv)[0] == '-' && (*argv)[1] == '-') {
			if (parse_flag(ret_options, &argv, err) < 0) {
				return -1;
			}
		} else if (flags && (*argv)[0] == '-') {
			return err_set(err, ERR_INPUT, "unknown flag '%s'; see --help", *argv);
		} else {
			strv_add(&ret_options->args, *argv);
		}
	}
	if (ret_options->listen.len == 0) {
		strv_add(&ret_options->listen, DEFAULT_LISTEN);
	}
	return 0;
}

void options_clear(struct options *options)
{
	strv_clear(&options->listen);
	strv_clear(&options->args);
}

const char *options_config_file(const struct options *options)
{
	if (options->config_file) {
		return options->config_file;
	}
	return access(LOCAL_CONFIG, F_OK) == 0 ? LOCAL_CONFIG : SYSTEM_CONFIG;
}

void options_help(FILE *out)
{
	fputs("usage: playbookd [FLAGS]\n"
	      "       playbookd check-config [--render] FILE...\n"
	      "       playbookd [--config.file=FILE] test-receiver NAME\n"
	      "       playbookd [--storage.path=DIR] verify-audit\n"
	      "\n"
	      "Runs remediation playbooks for Alertmanager's alerts, pages the on-call when they do not help, and\n"
	      "keeps the incident log.\n"
	      "\n",
			out);
	for (size_t i = 0; i < TABLE_LEN; i++) {
		const struct option *o = &table[i];
		char flag[64];

		if (!o->help) {
			continue;
		}
		snprintf(flag, sizeof(flag), "--%s%s%s", o->name, o->value ? "=" : "",
				o->value ? o->value : "");
		fprintf(out, "  %-30s %s", flag, o->help);
		fprintf(out, o->preset && *o->preset ? " (default %s)\n" : "%s\n",
				o->preset ? o->preset : "");
	}
}
