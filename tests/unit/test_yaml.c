/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/yaml.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* What yaml_parse() says of text, as a report. Valid until the next call. */
static const char *parse(const char *text, size_t len)
{
	static struct buf report;
	struct yaml_source source = { "f.yml", 0, text, len };
	struct mistakes mistakes = { 0 };
	struct arena *arena = arena_new();
	const struct yaml_node *root = NULL;

	buf_clear(&report);
	if (yaml_parse(&source, arena, &mistakes, &root) && root) {
		buf_adds(&report, "parsed\n");
	}
	mistakes_write(&mistakes, &report);
	mistakes_clear(&mistakes);
	arena_free(arena);
	return buf_text(&report);
}

/* A tree that is looked at,  */
struct tree {
	struct arena *arena;
	const struct yaml_node *root;
};

static struct tree must_tree(const char *text)
{
	struct tree tree = { .arena = arena_new() };
	struct yaml_source source = { "f.yml", 0, text, strlen(text) };
	struct mistakes mistakes = { 0 };

	must(yaml_parse(&source, tree.arena, &mistakes, &tree.root));
	ck_int(mistakes.len, 0);
	must(tree.root);
	return tree;
}

static void ck_place(struct place place, uint32_t line, uint32_t column)
{
	ck_str(place.path, "f.yml");
	ck_int(place.line, line);
	ck_int(place.column, column);
}

TEST(nodes_know_their_line_and_column)
{
	struct tree tree = must_tree("# comment\n"
				     "a: b\n"
				     "\xc3\xbc: \"c\"\n"
				     "list:\n"
				     "  - one\n"
				     "  - { k: 'v' }\n"
				     "none:\n");
	const struct yaml_node *list = yaml_get(tree.root, "list");
	const struct yaml_node *inner = list->child->next;

	ck_place(tree.root->place, 2, 1);
	ck_int(tree.root->len, 4);
	ck_place(yaml_get(tree.root, "a")->place, 2, 4);
	ck_place(yaml_get(tree.root, "\xc3\xbc")->place, 3, 4);
	ck_place(yaml_get(tree.root, "\xc3\xbc")->key->place, 3, 1);
	ck_place(list->place, 5, 3);
	ck_int(list->kind, YAML_SEQUENCE);
	ck_int(list->len, 2);
	ck_place(inner->place, 6, 5);
	ck_int(inner->kind, YAML_MAPPING);
	ck_place(yaml_get(inner, "k")->place, 6, 10);
	ck_str(yaml_get(inner, "k")->text, "v");
	ck_place(yaml_get(tree.root, "none")->place, 7, 1);
	ck(yaml_get(tree.root, "missing") == NULL);
	ck(yaml_get(list, "k") == NULL);
	arena_free(tree.arena);
}

TEST(scalars_are_text_in_every_style)
{
	struct tree tree = must_tree("plain: a b # c\n"
				     "single: 'it''s'\n"
				     "double: \"a\\tb\\u00fc\"\n"
				     "literal: |\n  one\n   two\n"
				     "lines: one\n  two\n");

	ck_str(yaml_get(tree.root, "plain")->text, "a b");
	ck_str(yaml_get(tree.root, "single")->text, "it's");
	ck_str(yaml_get(tree.root, "double")->text, "a\tb\xc3\xbc");
	ck_str(yaml_get(tree.root, "literal")->text, "one\n two\n");
	ck_str(yaml_get(tree.root, "lines")->text, "one two");
	ck(yaml_get(tree.root, "plain")->plain);
	ck(!yaml_get(tree.root, "single")->plain);
	ck(!yaml_get(tree.root, "literal")->plain);
	arena_free(tree.arena);
}

TEST(single_quotes_are_taken_off_as_the_standard_says)
{
	struct tree tree = must_tree("- ''\n"
				     "- ''''''''''''''''''\n"
				     "- 'a\\n ''b'''\n"
				     "- 'one  \n\n   two \t\n  three'\n"
				     "- '\n  x\r\n  \r\n  y\n  '\n");
	static const char *const want[] = { "", "''''''''", "a\\n 'b'", "one\ntwo three",
		" x\ny " };
	size_t i = 0;

	for (yaml_each(item, tree.root)) {
		ck_str(item->text, want[i]);
		ck_int(item->len, strlen(want[i]));
		ck(!yaml_is_null(item));
		i++;
	}
	ck_int(i, 5);
	arena_free(tree.arena);
}

TEST(only_unquoted_nulls_are_null)
{
	struct tree tree = must_tree("[~, null, Null, NULL, 'null', \"\", nil]");
	static const bool want[] = { true, true, true, true, false, false, false };
	size_t i = 0;

	for (yaml_each(item, tree.root)) {
		ck_int(yaml_is_null(item), want[i++]);
	}
	ck_int(i, 7);
	arena_free(tree.arena);
}

TEST(a_place_inside_a_string_is_found)
{
	struct tree tree = must_tree("a: 'f\xc3\xbc=\"x'\n"
				     "b: 'it''s'\n"
				     "c: |\n"
				     "    one\n"
				     "    two ${x}\n"
				     "d: x${y}\n");
	const struct yaml_node *a = yaml_get(tree.root, "a");

	ck_place(a->place, 1, 4);
	ck_place(yaml_place_at(a, 1), 1, 5);
	ck_place(yaml_place_at(a, 4), 1, 8);
	/* What is written differs from what is meant: the string as a whole is pointed at. */
	ck_place(yaml_place_at(yaml_get(tree.root, "b"), 4), 2, 4);
	ck_place(yaml_place_of(a, "="), 1, 7);
	ck_place(yaml_place_of(a, "nowhere"), 1, 4);
	ck_place(yaml_place_of(yaml_get(tree.root, "c"), "${x}"), 5, 9);
	ck_place(yaml_place_of(yaml_get(tree.root, "d"), "${y}"), 6, 5);
	arena_free(tree.arena);
}

TEST(nothing_in_a_file_is_an_empty_document)
{
	static const char *const texts[] = { "", "\n", "# only this\n", "---\n", "~\n",
		"\xef\xbb\xbf# a mark\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_str(parse(texts[i], strlen(texts[i])), "");
	}
}

TEST(every_mistake_stands_where_it_is)
{
	static const struct {
		const char *text;
		const char *report;
	} cases[] = {
		{ "a: [b\nc: d\n", "f.yml:3:1: error: flow sequence without a closing bracket\n" },
		{ "a: b\n c: d\n", "f.yml:1:4: error: invalid multiline plain key\n" },
		{ "a: \"x\n", "f.yml:1:5: error: double-quoted scalar without closing quote\n" },
		{ "a:\n  - b\n c: d\n", "f.yml:3:2: error: invalid indentation in mapping\n" },
		{ "a: @x\n", "f.yml:1:4: error: plain scalar cannot start with '@'\n" },
		{ "a: b\n---\nc: d\n",
				"f.yml:2:1: error: a second document in one file is not supported\n" },
		{ "a: *x\n", "parsed\nf.yml:1:4: error: aliases are not supported\n" },
		{ "a: &x b\nc: &y {}\n", "parsed\nf.yml:1:4: error: anchors are not supported\n"
					 "f.yml:2:4: error: anchors are not supported\n" },
		{ "a: !!str b\n", "parsed\nf.yml:1:4: error: tags are not supported\n" },
		{ "a: 1\nb: 2\na: 3\nb: 4\na: 5\n",
				"parsed\nf.yml:3:1: error: duplicate key 'a', first given in line 1\n"
				"f.yml:4:1: error: duplicate key 'b', first given in line 2\n"
				"f.yml:5:1: error: duplicate key 'a', first given in line 1\n" },
		{ "x: { \"a\": 1, a: 2 }\n",
				"parsed\nf.yml:1:14: error: duplicate key 'a', first given in line 1\n" },
		{ "? [a]\n: b\n", "f.yml:1:3: error: a key must be plain text\n" },
		{ "a: \"x\\0y\"\n", "parsed\nf.yml:1:4: error: U+0000 is not allowed\n" },
		{ "a: >\n  b\nc: \"d\n  e\"\n",
				"parsed\n"
				"f.yml:2:1: error: folded text (>) is not supported: use | or quotes\n"
				"f.yml:3:4: error: a string in double quotes must end on its line\n" },
		{ "a: b\x01\n", "f.yml:1:5: error: control character U+0001\n" },
		{ "\xc3\xbc: \xff\n", "f.yml:1:4: error: not UTF-8\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_str(parse(cases[i].text, strlen(cases[i].text)), cases[i].report);
	}
}

TEST(a_nul_byte_is_refused)
{
	static const char text[] = "a: b\0c";

	ck_str(parse(text, sizeof(text) - 1), "f.yml:1:5: error: control character U+0000\n");
}

TEST(deep_and_wide_files_are_refused)
{
	struct buf deep = { 0 };
	struct buf wide = { 0 };

	for (int i = 0; i < 100000; i++) {
		buf_adds(&deep, "[");
		buf_adds(&wide, "- a\n");
	}
	ck_str(parse(buf_text(&deep), deep.len), "f.yml:1:33: error: more than 32 levels deep\n");
	ck_str(parse(buf_text(&wide), wide.len),
			"f.yml:100000:3: error: more than 100000 values in one file\n");
	buf_clear(&deep);
	buf_clear(&wide);
}

TEST(only_so_many_mistakes_are_told)
{
	struct buf text = { 0 };

	for (int i = 0; i < 1000; i++) {
		buf_adds(&text, "- *a\n");
	}

	const char *report = parse(buf_text(&text), text.len);

	ck_has(report, "f.yml:200:3: error: aliases are not supported\n"
		       "f.yml:200:3: error: and 800 more mistakes\n");
	buf_clear(&text);
}

TEST(a_message_is_one_line)
{
	const char text[] =
			"{ \"a\\nf.yml:1:1: error: forged\": 1, \"a\\nf.yml:1:1: error: forged\": 2 }";

	ck_str(parse(text, strlen(text)),
			"parsed\nf.yml:1:37: error: duplicate key 'a\\nf.yml:1:1: error: forged', first given in line 1\n");
}

TEST(libfyaml_itself_is_silent)
{
	static const char *const texts[] = { "a: [", "\t- x", "a: b: c", "!x!y z",
		"%YAML 9.9\n---\n", "%FOO\n---\n" };
	int fd = open("out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int saved_out, saved_err;

	must(fd >= 0);
	fflush(stdout);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	must(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		parse(texts[i], strlen(texts[i]));
	}
	fflush(stdout);
	must(dup2(saved_out, STDOUT_FILENO) >= 0 && dup2(saved_err, STDERR_FILENO) >= 0);
	ck_int(lseek(fd, 0, SEEK_END), 0);
	close(saved_out);
	close(saved_err);
	close(fd);
}
