/* SPDX-License-Identifier: Apache-2.0 */
#include "config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/mistakes.h"
#include "sys/yaml.h"

struct collector {
	struct config_files *files;
	struct mistakes *mistakes;
	size_t total;          /* bytes of all files so far */
	enum config_kind kind; /* of those that are read now */
};

static int open_file(const char *path, struct err *err)
{
	/* O_NONBLOCK: a FIFO must not hold up the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ELOOP) {
		return err_set(err, ERR_INPUT, "'%s' is a symbolic link: name the file itself",
				path);
	}
	if (fd < 0) {
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "open '%s': %s", path,
				strerror(errno));
	}
	return fd;
}

/* Whoever can write the configuration can run anything as the daemon. */
static int check_file(
		int fd, const char *path, const struct config_file_rules *rules, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return err_set(err, ERR_IO, "stat '%s': %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, ERR_INPUT, "'%s' is not a regular file", path);
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		return err_set(err, ERR_INPUT,
				"'%s' is writable by group or others (mode %04o): chmod go-w it",
				path, (unsigned)st.st_mode & 07777);
	}
	if (rules->secret && (st.st_mode & S_IROTH)) {
		return err_set(err, ERR_INPUT,
				"'%s' is a secret that others can read (mode %04o): chmod o-r it",
				path, (unsigned)st.st_mode & 07777);
	}
	return 0;
}

int files_read_one(const char *path, const struct config_file_rules *rules, struct buf *out,
		struct err *err)
{
	auto_fd int fd = open_file(path, err);

	if (fd < 0 || check_file(fd, path, rules, err) < 0) {
		return -1;
	}
	while (out->len <= rules->max) {
		ssize_t got = read(fd, buf_reserve(out, 65536), 65536);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return err_set(err, ERR_IO, "read '%s': %s", path, strerror(errno));
		}
		if (got == 0) {
			return 0;
		}
		buf_grew(out, (size_t)got);
	}
	return err_set(err, ERR_LIMIT, "'%s' is longer than %zu bytes", path, rules->max);
}

static int add_file(struct collector *collector, const char *path, struct err *err)
{
	static const struct config_file_rules rules = { .max = CONFIG_FILE_MAX };
	struct config_files *files = collector->files;
	auto_buf struct buf text = { 0 };

	if (files->len == CONFIG_FILES_MAX) {
		return err_set(err, ERR_LIMIT, "'%s' is one file too many: at most %d", path,
				CONFIG_FILES_MAX);
	}
	if (files_read_one(path, &rules, &text, err) < 0) {
		return -1;
	}
	collector->total += text.len;
	if (collector->total > CONFIG_TOTAL_MAX) {
		return err_set(err, ERR_LIMIT, "with '%s' the files are longer than %d bytes", path,
				CONFIG_TOTAL_MAX);
	}

	struct config_file *file =
			mem_push((void **)&files->items, files->len, &files->cap, sizeof(*file));

	file->path = arena_strdup(files->arena, path);
	file->text = arena_memdup(files->arena, buf_text(&text), text.len);
	file->len = (uint32_t)text.len;
	file->kind = (uint8_t)collector->kind;
	files->len++;
	return 0;
}

static bool has_file(const struct config_files *files, const char *path)
{
	for (size_t i = 0; i < files->len; i++) {
		if (strcmp(files->items[i].path, path) == 0) {
			return true;
		}
	}
	return false;
}

size_t files_folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* The glob from the main file's folder, whose own name is no glob. */
static void build_glob(const char *main_path, const char *pattern, struct buf *out)
{
	size_t len = *pattern == '/' ? 0 : files_folder_len(main_path);

	for (size_t i = 0; i < len; i++) {
		if (strchr("*?[\\", main_path[i])) {
			buf_addch(out, '\\');
		}
		buf_addch(out, main_path[i]);
	}
	buf_adds(out, pattern);
}

static int glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static void add_glob(struct collector *collector, const struct yaml_node *node)
{
	auto_buf struct buf pattern = { 0 };
	CLEANUP(globfree) glob_t found = { 0 };
	struct err err;

	build_glob(collector->files->items[0].path, node->text, &pattern);

	int result = glob(buf_text(&pattern), 0, glob_error, &found);

	if (result == GLOB_NOMATCH && !strpbrk(node->text, "*?[")) {
		mistakes_add(collector->mistakes, &node->place, "there is no file '%s'",
				buf_text(&pattern));
	} else if (result != 0 && result != GLOB_NOMATCH) {
		mistakes_add(collector->mistakes, &node->place, "read the folders of '%s': %s",
				buf_text(&pattern), strerror(errno));
	}
	for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
		if (has_file(collector->files, found.gl_pathv[i])) {
			continue;
		}
		if (add_file(collector, found.gl_pathv[i], &err) < 0) {
			mistakes_add(collector->mistakes, &node->place, "%s", err.msg);
			if (err.code == ERR_LIMIT) {
				return;
			}
		}
	}
}

static void add_list(struct collector *collector, const struct yaml_node *globs)
{
	if (!globs || globs->kind != YAML_SEQUENCE) {
		return;
	}
	for (yaml_each(item, globs)) {
		if (item->kind == YAML_SCALAR && *item->text) {
			add_glob(collector, item);
		}
	}
}

/* The files that the main one names. Whatever is wrong in its text is the loader's to say. */
static void add_named(struct collector *collector)
{
	const struct config_file *file = &collector->files->items[0];
	const struct yaml_source source = { file->path, 0, file->text, file->len };
	auto_mistakes struct mistakes ignored = { 0 };
	const struct yaml_node *root = NULL;

	if (!yaml_parse(&source, collector->files->arena, &ignored, &root)) {
		return;
	}
	add_list(collector, yaml_get(root, "playbook_files"));
	collector->kind = CONFIG_TEMPLATE;
	add_list(collector, yaml_get(root, "template_files"));
}

int files_read(const char *path, struct config_files *ret_files, struct mistakes *mistakes,
		struct err *err)
{
	struct config_files files = { .arena = arena_new() };
	struct collector collector = { .files = &files, .mistakes = mistakes };

	if (add_file(&collector, path, err) < 0) {
		files_clear(&files);
		return -1;
	}
	add_named(&collector);
	*ret_files = files;
	return 0;
}

void files_clear(struct config_files *files)
{
	arena_free(files->arena);
	free(files->items);
	*files = (struct config_files){ 0 };
}
