/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "test.h"

static void must_write(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	must(file);
	must(fputs(text, file) >= 0);
	must(fclose(file) == 0);
	must(chmod(path, mode) == 0);
}

TEST(files_are_read_in_the_order_of_their_names)
{
	struct config_files files = { 0 };
	struct buf report = { 0 };
	struct err err;

	must(mkdir("e[t]c", 0755) == 0 && mkdir("e[t]c/sub", 0755) == 0);
	must_write("e[t]c/main.yml",
			"playbook_files: [x.yml, 'sub/*.yml', 'none/*.yml', '*.yml']\n", 0644);
	must_write("e[t]c/x.yml", "# x", 0600);
	must_write("e[t]c/sub/b.yml", "# b", 0600);
	must_write("e[t]c/sub/a.yml", "# a", 0600);
	must_ok(load_files("e[t]c/main.yml", &files, &report, &err), err);
	ck_str(buf_text(&report), "");
	must(files.len == 4);
	ck_str(files.items[0].path, "e[t]c/main.yml");
	ck_str(files.items[1].path, "e[t]c/x.yml");
	ck_str(files.items[2].path, "e[t]c/sub/a.yml");
	ck_str(files.items[3].path, "e[t]c/sub/b.yml");
	ck_int(files.items[3].len, 3);
	ck(memcmp(files.items[3].text, "# b", 3) == 0);
	files_clear(&files);
}

TEST(templates_travel_with_the_files_and_change_what_they_are)
{
	struct config_files files = { 0 };
	struct buf report = { 0 };
	struct config *before;
	struct config *after;
	struct err err;

	must(mkdir("templates", 0755) == 0);
	must_write("main.yml", "template_files: ['templates/*.txt']\n", 0644);
	must_write("templates/update.txt", "${title}", 0600);
	must_ok(load_files("main.yml", &files, &report, &err), err);
	must(files.len == 2);
	ck_int(files.items[0].kind, CONFIG_YAML);
	ck_int(files.items[1].kind, CONFIG_TEMPLATE);
	ck_str(files.items[1].path, "templates/update.txt");
	before = load_config(&files, &report, &err);
	must(before);
	files.items[1].text = "${titel}";
	ck(load_config(&files, &report, &err) == NULL);
	ck_has(buf_text(&report), "templates/update.txt:1:1: error: unknown name");
	files.items[1].text = "${level}";
	after = load_config(&files, &report, &err);
	must(after);
	ck_str(after->templates[TEMPLATE_UPDATE], "${level}");
	ck(memcmp(before->hash, after->hash, DIGEST_SIZE) != 0);
	config_free(before);
	config_free(after);
	files_clear(&files);
	buf_clear(&report);
}

TEST(files_that_cannot_be_used_are_mistakes_beside_the_others)
{
	struct config_files files = { 0 };
	struct buf report = { 0 };
	struct err err;

	must_write("open.yml", "", 0664);
	must_write("good.yml", "playbook: []\n", 0644);
	must(mkdir("folder", 0755) == 0);
	must(symlink("good.yml", "link.yml") == 0);
	must(mkfifo("fifo.yml", 0600) == 0);
	must_write("main.yml",
			"playbook_files:\n- gone.yml\n- open.yml\n- folder\n- link.yml\n- fifo.yml\n"
			"- good.yml\nglobals: {}\n",
			0644);
	ck_int(load_files("main.yml", &files, &report, &err), -1);
	ck_int(err.code, ERR_INPUT);
	ck_str(err.msg, "7 mistakes in the configuration");
	ck_str(buf_text(&report),
			"main.yml:2:3: error: there is no file 'gone.yml'\n"
			"main.yml:3:3: error: 'open.yml' is writable by group or others (mode 0664): chmod go-w it\n"
			"main.yml:4:3: error: 'folder' is not a regular file\n"
			"main.yml:5:3: error: 'link.yml' is a symbolic link: name the file itself\n"
			"main.yml:6:3: error: 'fifo.yml' is not a regular file\n"
			"main.yml:8:1: error: unknown key 'globals', did you mean 'global'?\n"
			"good.yml:1:1: error: unknown key 'playbook', did you mean 'playbooks'?\n");
	buf_clear(&report);
}

TEST(a_main_file_that_cannot_be_used_is_an_error)
{
	struct config_files files = { 0 };
	struct buf report = { 0 };
	struct err err;

	ck_int(load_files("gone.yml", &files, &report, &err), -1);
	ck_int(err.code, ERR_NOT_FOUND);
	ck_str(err.msg, "open 'gone.yml': No such file or directory");
	must_write("main.yml", "", 0602);
	ck_int(load_files("main.yml", &files, &report, &err), -1);
	ck_int(err.code, ERR_INPUT);
	ck_has(err.msg, "'main.yml' is writable by group or others (mode 0602)");
	must(truncate("main.yml", CONFIG_FILE_MAX + 1) == 0 && chmod("main.yml", 0600) == 0);
	ck_int(load_files("main.yml", &files, &report, &err), -1);
	ck_int(err.code, ERR_LIMIT);
	ck_str(buf_text(&report), "");
}

TEST(the_configuration_that_is_shipped_is_right_and_changes_nothing)
{
	/* Programs that only look. */
	static const char *const harmless[] = { "df", "free", "ps", "uptime" };
	const char *root = getenv("SOURCE_ROOT");
	auto_free char *path = xasprintf("%s/config/playbookd.yml", root ? root : ".");
	struct config_files files = { 0 };
	struct buf report = { 0 };
	struct err err;

	must_ok(load_files(path, &files, &report, &err), err);

	struct config *config = load_config(&files, &report, &err);

	ck_str(buf_text(&report), "");
	must(config);
	ck_int(config->playbooks_len, 4);
	for (size_t i = 0; i < config->playbooks_len; i++) {
		const struct playbook *playbook = &config->playbooks[i];

		ck(playbook->guards.cooldown_ms > 0 && playbook->title && playbook->level);
		for (size_t j = 0; j < playbook->steps_len; j++) {
			const struct step *step = &playbook->steps[j];
			size_t known = 0;

			ck_int(step->kind, STEP_RUN);
			ck_int(step->on_failure, ON_FAILURE_CONTINUE);
			ck(step->timeout_ms <= 10000);
			for (size_t k = 0; k < sizeof(harmless) / sizeof(harmless[0]); k++) {
				known += strcmp(step->argv[0], harmless[k]) == 0;
			}
			ck_int(known, 1);
		}
	}
	config_free(config);
	files_clear(&files);
}
