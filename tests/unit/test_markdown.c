/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/markdown.h"

#include <string.h>

#include "test.h"

static const char *text_of(const char *text)
{
	static struct buf out;

	buf_reset(&out);
	markdown_text(&out, text);
	return buf_text(&out);
}

static const char *code_of(const char *text, size_t max)
{
	static struct buf out;

	buf_reset(&out);
	markdown_code(&out, text, max);
	return buf_text(&out);
}

static const char *quote_of(const char *indent, const char *text)
{
	static struct buf out;

	buf_reset(&out);
	markdown_quote(&out, indent, text);
	return buf_text(&out);
}

static const char *block_of(const char *text, size_t len)
{
	static struct buf out;

	buf_reset(&out);
	markdown_block(&out, text, len);
	return buf_text(&out);
}

TEST(what_others_wrote_is_text_and_nothing_else)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "Service argus is down", "Service argus is down" },
		{ "", "–" },
		{ NULL, "–" },
		{ " \t\n ", "–" },
		{ "  both ends  ", "both ends" },
		/* Where a line begins. */
		{ "# heading", "\\# heading" },
		{ "  ## heading", "\\## heading" },
		{ "- item", "\\- item" },
		{ "+ item", "\\+ item" },
		{ "---", "\\---" },
		{ "===", "\\===" },
		{ "1. item", "1\\. item" },
		{ "1234567890) item", "1234567890\\) item" },
		{ "1.5 s", "1\\.5 s" },
		{ ":--", "\\:--" },
		{ "> quoted", "\\> quoted" },
		{ "a - b # c = d: 1. e", "a - b # c = d: 1. e" },
		/* Anywhere. */
		{ "*a* _b_ `c` ~~d~~ \\e $f$",
				"\\*a\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~ \\\\e \\$f\\$" },
		{ "[a](b) ![a](b) [a]: b", "\\[a\\](b) !\\[a\\](b) \\[a\\]: b" },
		{ "<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>" },
		{ "<!-- a", "\\<!-- a" },
		{ "&lt;b&gt; R&D", "\\&lt;b\\&gt; R\\&D" },
		{ "a | b", "a \\| b" },
		{ "a\nb\n\n# c", "a b  # c" },
		/* Links without a mark of their own, and people. */
		{ "see http://evil.test/x", "see http`://`evil.test/x" },
		{ "www.evil.test WWW.x", "`www.`evil.test `WWW.`x" },
		{ "@everyone a@b.test", "`@`everyone a`@`b.test" },
		{ "@@://", "`@@://`" },
		{ "`@`", "\\``@`\\`" },
		/* What cannot be seen. */
		{ "a\x01\x7f"
		  "b",
				"a\xef\xbf\xbd\xef\xbf\xbd"
				"b" },
		{ "a\xe2\x80\xae"
		  "b",
				"a\xef\xbf\xbd"
				"b" },
		{ "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "ä → ü", "ä → ü" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_str(text_of(rows[i].text), rows[i].want);
	}
}

TEST(code_stands_behind_more_backticks_than_it_has)
{
	ck_str(code_of("[\"df\",\"-h\"]", 100), "`[\"df\",\"-h\"]`");
	ck_str(code_of("a `b` c", 100), "``a `b` c``");
	ck_str(code_of("```", 100), "```` ``` ````");
	ck_str(code_of(" a ", 100), "`  a  `");
	ck_str(code_of("a\nb", 100), "`a b`");
	ck_str(code_of("", 100), "–");
	ck_str(code_of(NULL, 100), "–");
	ck_str(code_of("  ", 100), "–");
	ck_str(code_of("<b> | \\", 100), "`<b> | \\`");
	ck_str(code_of("\x1b[31m", 100), "`\xef\xbf\xbd[31m`");
}

TEST(long_code_is_cut_between_characters)
{
	ck_str(code_of("abcdef", 6), "`abcdef`");
	ck_str(code_of("abcdef", 5), "`abcde`…");
	ck_str(code_of("aäb", 2), "`a`…");
	ck_str(code_of("ä", 1), "–");
}

TEST(a_quotation_stays_one_however_its_lines_begin)
{
	ck_str(quote_of("", "one"), "> one\n");
	ck_str(quote_of("", ""), "> \n");
	ck_str(quote_of("  ", "one\ntwo\n\nthree\n"), "  > one  \n  > two\n  > \n  > three\n");
	ck_str(quote_of("", "a\n===\n---\n    code\n```\n> b"),
			"> a  \n> \\===  \n> \\---  \n> code  \n> \\`\\`\\`  \n> \\> b\n");
}

TEST(a_block_ends_where_we_end_it)
{
	static const char text[] = "a\n```\n````\n~~~\n\tb\x1b[0m";

	ck_str(block_of("a", 1), "```\na\n```\n");
	ck_str(block_of("a\n", 2), "```\na\n```\n");
	ck_str(block_of("", 0), "```\n\n```\n");
	ck_str(block_of(text, sizeof(text) - 1),
			"`````\na\n```\n````\n~~~\n\tb\xef\xbf\xbd[0m\n`````\n");
	ck_str(block_of("a\r\nb\0c", 6), "```\na\xef\xbf\xbd\nb\xef\xbf\xbd"
					 "c\n```\n");
}
