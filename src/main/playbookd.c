/* SPDX-License-Identifier: Apache-2.0 */
/*
 * playbookd - the daemon: command line, sub-commands, and the table of roles.
 *
 * Without --role it is the executor, which starts the other roles by executing this program again.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/size.h"
#include "config/config.h"
#include "config/load.h"
#include "config/secrets.h"
#include "core/core_role.h"
#include "domain/notification_text.h"
#include "egress/egress.h"
#include "executor/executor.h"
#include "executor/roles.h"
#include "front/front.h"
#include "main/options.h"
#include "main/test_receiver.h"
#include "main/verify_audit.h"
#include "wire/message.h"

#define EXIT_USAGE 2
#define LARGE      (1024 * 1024) /* bytes */

/* The one place that knows all roles; none of them includes another. */
static int (*const role_mains[ROLES])(int control_fd) = {
	[ROLE_CORE] = core_role_main,
	[ROLE_FRONT] = front_main,
	[ROLE_EGRESS] = egress_main,
};

struct command {
	const char *name;
	int (*run)(const struct options *options);
};

static int usage(const char *sentence)
{
	fprintf(stderr, "playbookd: %s\n", sentence);
	return EXIT_USAGE;
}

static void setup_log(const struct options *options, const char *role)
{
	enum log_level level = LOG_INFO;
	enum log_format format = LOG_LOGFMT;
	struct err err;

	/* Both were checked with the command line. */
	log_level_parse(options->log_level, &level, &err);
	log_format_parse(options->log_format, &format, &err);
	log_setup(level, format, role);
}

/* What ps(1) and top(1) show: executed through /proc, it would be "exe". 15 bytes at most. */
static void name_process(const char *role)
{
	char name[16];

	snprintf(name, sizeof(name), "playbookd-%.5s", role);
	prctl(PR_SET_NAME, name);
}

/*
 * What a large body needed goes back when it is freed: glibc would raise these bounds with it, and
 * keep it. What the work of one turn needs is kept.
 */
static void give_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, 4 * LARGE);
}

static int run_role(const struct options *options)
{
	struct stat st;

	if (fstat(ROLES_CONTROL_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		return usage("--role is for playbookd itself");
	}
	for (int role = 0; role < ROLES; role++) {
		if (role_mains[role] && strcmp(role_names[role], options->role) == 0) {
			setup_log(options, role_names[role]);
			name_process(role_names[role]);
			give_memory_back();
			return role_mains[role](ROLES_CONTROL_FD);
		}
	}
	return usage("unknown role");
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* The notifications of the sample incident. The loader has tried all of them. */
static void render(const struct config *config)
{
	for (int i = 0; i < TEMPLATE_KINDS; i++) {
		struct notification_facts facts = notification_sample;
		auto_buf struct buf subject = { 0 };
		auto_buf struct buf text = { 0 };
		struct err err;

		facts.status = i == TEMPLATE_RESOLVED ? INCIDENT_RESOLVED : INCIDENT_FIRING;
		if (notification_text_write(config->templates[i], &facts, &subject, &text, &err) ==
				0) {
			printf("\n--- %s ---\n%s%s", template_kind_names[i], buf_text(&text),
					text.len && text.data[text.len - 1] == '\n' ? "" : "\n");
		}
	}
}

static int check_file(const char *path, bool rendered)
{
	struct config_files files = { 0 };
	struct secrets secrets = { 0 };
	struct config *config = NULL;
	auto_buf struct buf report = { 0 };
	struct err err;
	bool good = false;

	if (load_files(path, &files, &report, &err) == 0) {
		config = load_config(&files, &report, &err);
		good = config && secrets_read(config, &secrets, &report, &err) == 0;
	}
	files_clear(&files);
	secrets_clear(&secrets);
	if (!good) {
		config_free(config);
		fputs(buf_text(&report), stderr);
		fprintf(stderr, "%s: %s\n", path, err.msg);
		return 1;
	}
	printf("%s: OK, %zu playbook%s, %zu check%s\n", path, config->playbooks_len,
			plural(config->playbooks_len), config->checks_len,
			plural(config->checks_len));
	if (rendered) {
		render(config);
	}
	config_free(config);
	return 0;
}

static int check_config(const struct options *options)
{
	int status = 0;

	if (options->args.len < 2) {
		return usage("check-config needs at least one FILE");
	}
	for (size_t i = 1; i < options->args.len; i++) {
		status |= check_file(options->args.items[i], options->render);
	}
	return status;
}

static int run_test_receiver(const struct options *options)
{
	if (options->args.len != 2) {
		return usage("test-receiver needs the NAME of one receiver");
	}
	return test_receiver(options_config_file(options), options->args.items[1]);
}

static int run_verify_audit(const struct options *options)
{
	if (options->args.len != 1) {
		return usage("verify-audit takes no argument but --storage.path");
	}
	return verify_audit(options->storage_path);
}

static const struct command commands[] = {
	{ "check-config", check_config },
	{ "test-receiver", run_test_receiver },
	{ "verify-audit", run_verify_audit },
};

static int run_command(const struct options *options)
{
	const char *name = options->args.items[0];

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return commands[i].run(options);
		}
	}
	fprintf(stderr, "playbookd: unknown command '%s'; see --help\n", name);
	return EXIT_USAGE;
}

/* Somebody's code in the process that starts programs would be somebody's code everywhere. */
static const char *loader_variable(void)
{
	for (char **env = environ; *env; env++) {
		if (strncmp(*env, "LD_", 3) == 0) {
			return *env;
		}
	}
	return NULL;
}

/* What the shell had open is nothing of ours; what it had closed must not become a store's number.
 */
static void tidy_descriptors(void)
{
	int fd;

	close_range(3, ~0U, 0);
	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd < 3);
	if (fd >= 3) {
		close(fd);
	}
}

static int run_executor(const struct options *options)
{
	const char *variable = loader_variable();
	struct executor_options executor = { .program = "/proc/self/exe",
		.config_path = options_config_file(options),
		.storage_path = options->storage_path,
		.listen = &options->listen,
		.external_url = options->external_url,
		.log_level = options->log_level,
		.log_format = options->log_format };
	struct err err;

	if (variable) {
		fprintf(stderr, "playbookd: %.*s is set in the environment: unset it and start again\n",
				(int)strcspn(variable, "="), variable);
		return 1;
	}
	tidy_descriptors();
	duration_parse(options->retention, &executor.retention_ms, &err);
	size_parse(options->min_free, &executor.min_free, &err);
	setup_log(options, role_names[ROLE_EXECUTOR]);
	return executor_main(&executor);
}

static int run(const struct options *options)
{
	if (options->help) {
		options_help(stdout);
		return 0;
	}
	if (options->version) {
		printf("playbookd %s\n", PLAYBOOKD_VERSION);
		return 0;
	}
	if (options->role) {
		return run_role(options);
	}
	return options->args.len > 0 ? run_command(options) : run_executor(options);
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err;
	int status;

	(void)argc;
	status = options_parse(argv, &options, &err) < 0 ? usage(err.msg) : run(&options);
	options_clear(&options);
	return status;
}
