/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/matcher.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

const char *const matcher_op_names[MATCHER_OPS] = {
	[MATCHER_EQUAL] = "=",
	[MATCHER_NOT_EQUAL] = "!=",
	[MATCHER_REGEX] = "=~",
	[MATCHER_NOT_REGEX] = "!~",
};

enum token_kind {
	TOKEN_END,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_OPERATOR,
	TOKEN_QUOTED,
	TOKEN_BARE,
};

struct token {
	enum token_kind kind;
	enum matcher_op op; /* of TOKEN_OPERATOR */
	const char *text;
	size_t len;
};

struct lexer {
	const char *begin;
	const char *at;
};

/* Longer ones first, where one begins with another. */
static const struct {
	const char *text;
	enum token_kind kind;
	enum matcher_op op;
} fixed[] = {
	{ "=~", TOKEN_OPERATOR, MATCHER_REGEX },
	{ "!~", TOKEN_OPERATOR, MATCHER_NOT_REGEX },
	{ "!=", TOKEN_OPERATOR, MATCHER_NOT_EQUAL },
	{ "=", TOKEN_OPERATOR, MATCHER_EQUAL },
	{ "{", TOKEN_OPEN, MATCHER_OPS },
	{ "}", TOKEN_CLOSE, MATCHER_OPS },
	{ ",", TOKEN_COMMA, MATCHER_OPS },
};

/* Unicode's White_Space, which is what Go's unicode.IsSpace asks for. */
static bool is_space(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x09, 0x0d },
		{ 0x20, 0x20 },
		{ 0x85, 0x85 },
		{ 0xa0, 0xa0 },
		{ 0x1680, 0x1680 },
		{ 0x2000, 0x200a },
		{ 0x2028, 0x2029 },
		{ 0x202f, 0x202f },
		{ 0x205f, 0x205f },
		{ 0x3000, 0x3000 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

static bool is_reserved(uint32_t code)
{
	return is_space(code) || (code < 0x80 && strchr("{}!=~,\\\"'`", (int)code));
}

/* The text is valid UTF-8 by now: len is the whole rest. */
static size_t char_at(const char *at, uint32_t *ret_code)
{
	return utf8_next(at, strlen(at) > 4 ? 4 : strlen(at), ret_code);
}

/* ERR_INPUT at a place in the text, counted in characters from 1. */
static int fail_at(const struct lexer *lexer, const char *at, struct err *err, const char *what)
{
	size_t column = 1;

	for (const char *c = lexer->begin; c < at; c++) {
		column += ((unsigned char)*c & 0xc0) != 0x80;
	}
	return err_set(err, ERR_INPUT, "column %zu: %s", column, what);
}

static int scan_quoted(struct lexer *lexer, struct token *ret, struct err *err)
{
	const char *c = lexer->at + 1;

	while (*c && *c != '"') {
		c += c[0] == '\\' && c[1] ? 2 : 1;
	}
	if (!*c) {
		return fail_at(lexer, lexer->at, err, "missing closing '\"'");
	}
	*ret = (struct token){ TOKEN_QUOTED, MATCHER_OPS, lexer->at + 1,
		(size_t)(c - lexer->at - 1) };
	lexer->at = c + 1;
	return 0;
}

static int scan_bare(struct lexer *lexer, struct token *ret, struct err *err)
{
	const char *c = lexer->at;
	uint32_t code = 0;

	for (size_t n; (n = char_at(c, &code)) && !is_reserved(code); c += n) {
	}
	if (c == lexer->at) {
		return fail_at(lexer, c, err, "this character must stand in double quotes");
	}
	*ret = (struct token){ TOKEN_BARE, MATCHER_OPS, lexer->at, (size_t)(c - lexer->at) };
	lexer->at = c;
	return 0;
}

static int scan(struct lexer *lexer, struct token *ret, struct err *err)
{
	uint32_t code = 0;

	for (size_t n; (n = char_at(lexer->at, &code)) && is_space(code); lexer->at += n) {
	}
	if (!*lexer->at) {
		*ret = (struct token){ TOKEN_END, MATCHER_OPS, lexer->at, 0 };
		return 0;
	}
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
		size_t len = strlen(fixed[i].text);

		if (!strncmp(lexer->at, fixed[i].text, len)) {
			*ret = (struct token){ fixed[i].kind, fixed[i].op, lexer->at, len };
			lexer->at += len;
			return 0;
		}
	}
	if (*lexer->at == '!') {
		return fail_at(lexer, lexer->at, err, "expected an operator (=, !=, =~ or !~)");
	}
	return *lexer->at == '"' ? scan_quoted(lexer, ret, err) : scan_bare(lexer, ret, err);
}

/* n digits of base at text; -1 when they are not all there. */
static int64_t digits(const char *text, size_t len, size_t n, unsigned base)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		static const char all[] = "0123456789abcdef";
		char c = i < len ? text[i] : '\0';
		const char *digit = memchr(all, c >= 'A' && c <= 'F' ? c + 32 : c, base);

		if (!digit) {
			return -1;
		}
		value = value * base + (digit - all);
	}
	return value;
}

static void add_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_addch(out, (char)code);
		return;
	}

	unsigned len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	buf_addch(out, (char)(marks[len] | code >> 6 * (len - 1)));
	for (unsigned i = len - 1; i-- > 0;) {
		buf_addch(out, (char)(0x80 | (code >> 6 * i & 0x3f)));
	}
}

/* \xNN, \NNN, \uNNNN and \UNNNNNNNN; c is after the backslash. Bytes used, or 0. */
static size_t unescape_number(const char *c, size_t len, struct buf *out)
{
	static const struct {
		char character;
		size_t digits;
		unsigned base;
		int64_t max;
	} kinds[] = {
		{ 'x', 2, 16, 0xff },
		{ 'u', 4, 16, 0xffff },
		{ 'U', 8, 16, 0x10ffff },
		{ '\0', 3, 8, 0xff },
	};
	size_t i = 0;

	while (kinds[i].character && kinds[i].character != *c) {
		i++;
	}

	size_t skip = kinds[i].character ? 1 : 0;
	int64_t value = digits(c + skip, len - skip, kinds[i].digits, kinds[i].base);

	if (value <= 0 || value > kinds[i].max || (value >= 0xd800 && value <= 0xdfff)) {
		return 0;
	}
	if (kinds[i].max == 0xff) {
		buf_addch(out, (char)value);
	} else {
		add_utf8(out, (uint32_t)value);
	}
	return skip + kinds[i].digits;
}

/* One escape of a Go string; c is after the backslash. Bytes used, or 0 when there is none such. */
static size_t unescape(const char *c, size_t len, struct buf *out)
{
	static const char shorts[][2] = {
		{ '"', '"' },
		{ '\\', '\\' },
		{ 'n', '\n' },
		{ 't', '\t' },
		{ 'r', '\r' },
		{ 'a', '\a' },
		{ 'b', '\b' },
		{ 'f', '\f' },
		{ 'v', '\v' },
	};

	for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++) {
		if (*c == shorts[i][0]) {
			buf_addch(out, shorts[i][1]);
			return 1;
		}
	}
	return unescape_number(c, len, out);
}

/* A token's text as a name or value, in arena; NULL with err set. */
static const char *unquote(const struct lexer *lexer, const struct token *token,
		struct arena *arena, struct err *err)
{
	auto_buf struct buf out = { 0 };
	const char *end = token->text + token->len;

	if (token->kind == TOKEN_BARE) {
		return arena_strndup(arena, token->text, token->len);
	}
	for (const char *c = token->text; c < end;) {
		if (*c == '\n') {
			fail_at(lexer, c, err, "a line break in double quotes is written \\n");
			return NULL;
		}
		if (*c != '\\') {
			buf_addch(&out, *c++);
			continue;
		}

		size_t n = unescape(c + 1, (size_t)(end - c - 1), &out);

		if (!n) {
			fail_at(lexer, c, err, "no such escape; a backslash is written \\\\");
			return NULL;
		}
		c += 1 + n;
	}
	if (!utf8_valid(buf_text(&out), out.len)) {
		fail_at(lexer, token->text, err, "its escapes are not UTF-8");
		return NULL;
	}
	return arena_strndup(arena, buf_text(&out), out.len);
}

/* Scan a name or a value into *ret. */
static int scan_text(struct lexer *lexer, struct arena *arena, const char **ret, struct err *err,
		const char *expected)
{
	struct token token;

	if (scan(lexer, &token, err) < 0) {
		return -1;
	}
	if (token.kind != TOKEN_BARE && token.kind != TOKEN_QUOTED) {
		return fail_at(lexer, token.text, err, expected);
	}

	const char *text = unquote(lexer, &token, arena, err);

	if (!text) {
		return -1;
	}
	*ret = text;
	return 0;
}

/* name, operator, value */
static int scan_matcher(
		struct lexer *lexer, struct arena *arena, struct matcher *ret, struct err *err)
{
	const char *begin = lexer->at;
	struct token token;

	if (scan_text(lexer, arena, &ret->name, err, "expected a label name") < 0) {
		return -1;
	}
	if (!*ret->name) {
		return fail_at(lexer, begin, err, "a label name is not empty");
	}
	if (scan(lexer, &token, err) < 0) {
		return -1;
	}
	if (token.kind != TOKEN_OPERATOR) {
		return fail_at(lexer, token.text, err, "expected an operator (=, !=, =~ or !~)");
	}
	ret->op = (uint8_t)token.op;
	return scan_text(lexer, arena, &ret->value, err, "expected a label value");
}

/* What may follow the matcher: a comma, and the closing brace exactly when one is open. */
static int scan_tail(struct lexer *lexer, bool braced, struct err *err)
{
	const char *expected = braced ? "expected '}'" : "expected the end, one matcher only";
	struct token token;

	if (scan(lexer, &token, err) < 0) {
		return -1;
	}
	if (token.kind == TOKEN_COMMA && scan(lexer, &token, err) < 0) {
		return -1;
	}
	if (braced) {
		if (token.kind != TOKEN_CLOSE) {
			return fail_at(lexer, token.text, err, expected);
		}
		expected = "expected the end after '}'";
		if (scan(lexer, &token, err) < 0) {
			return -1;
		}
	}
	return token.kind == TOKEN_END ? 0 : fail_at(lexer, token.text, err, expected);
}

/* Skips an opening brace, if there is one. */
static bool accept_brace(struct lexer *lexer)
{
	struct lexer ahead = *lexer;
	struct token token;
	struct err ignored;

	if (scan(&ahead, &token, &ignored) < 0 || token.kind != TOKEN_OPEN) {
		return false;
	}
	*lexer = ahead;
	return true;
}

int matcher_parse(const char *text, struct arena *arena, struct matcher *ret, struct err *err)
{
	struct lexer lexer = { text, text };
	struct matcher matcher = { 0 };
	size_t len = strnlen(text, MATCHER_TEXT_MAX + 1);

	if (len > MATCHER_TEXT_MAX) {
		return err_set(err, ERR_INPUT, "longer than %d bytes", MATCHER_TEXT_MAX);
	}
	if (!utf8_valid(text, len)) {
		return err_set(err, ERR_INPUT, "not UTF-8");
	}

	bool braced = accept_brace(&lexer);

	if (scan_matcher(&lexer, arena, &matcher, err) < 0 || scan_tail(&lexer, braced, err) < 0 ||
			matcher_compile(&matcher, err) < 0) {
		return -1;
	}
	*ret = matcher;
	return 0;
}

int matcher_compile(struct matcher *matcher, struct err *err)
{
	if (matcher->op != MATCHER_REGEX && matcher->op != MATCHER_NOT_REGEX) {
		return 0;
	}
	matcher->regex = regex_new(matcher->value, err);
	return matcher->regex ? 0 : -1;
}

void matcher_clear(struct matcher *matcher)
{
	regex_free(matcher->regex);
	*matcher = (struct matcher){ 0 };
}

int matcher_match(const struct matcher *matcher, const struct labels *labels, bool *ret_match,
		struct err *err)
{
	const char *value = labels_value(labels, matcher->name);
	bool negative = matcher->op == MATCHER_NOT_EQUAL || matcher->op == MATCHER_NOT_REGEX;
	bool same = false;

	if (!matcher->regex) {
		same = !strcmp(value, matcher->value);
	} else if (regex_match(matcher->regex, value, &same, err) < 0) {
		return err_wrap(err, "label '%s'", matcher->name);
	}
	*ret_match = same != negative;
	return 0;
}

int matchers_match(const struct matcher *matchers, size_t len, const struct labels *labels,
		bool *ret_match, struct err *err)
{
	bool match = true;

	for (size_t i = 0; i < len && match; i++) {
		if (matcher_match(&matchers[i], labels, &match, err) < 0) {
			return -1;
		}
	}
	*ret_match = match;
	return 0;
}
