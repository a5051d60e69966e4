/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/template.h"

#include <string.h>

#define NAME_FIRST "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NAME_REST  NAME_FIRST "0123456789.-"

/* How much of a wrong name a message shows. */
#define SHOWN_MAX 64

enum piece_kind { PIECE_TEXT, PIECE_DOLLAR, PIECE_NAME, PIECE_BAD_NAME, PIECE_OPEN };

/* One stretch of a template: its source text, and of ${name} the name in it. */
struct piece {
	enum piece_kind kind;
	const char *text;
	size_t len;
	const char *name;
	size_t name_len;
};

static struct piece read_name(const char *at)
{
	const char *end = strchr(at, '}');

	if (!end) {
		return (struct piece){ PIECE_OPEN, at, strlen(at), NULL, 0 };
	}

	struct piece piece = { PIECE_NAME, at, (size_t)(end + 1 - at), at + 2,
		(size_t)(end - at - 2) };

	if (!strspn(piece.name, NAME_FIRST) || strspn(piece.name, NAME_REST) != piece.name_len) {
		piece.kind = PIECE_BAD_NAME;
	}
	return piece;
}

/* The piece that text, which is not empty, begins with. */
static struct piece piece_next(const char *at)
{
	if (!strncmp(at, "$$", 2)) {
		return (struct piece){ PIECE_DOLLAR, at, 2, NULL, 0 };
	}
	if (!strncmp(at, "${", 2)) {
		return read_name(at);
	}
	/* a lone '$' is text, with what follows it */
	return (struct piece){ PIECE_TEXT, at, 1 + strcspn(at + 1, "$"), NULL, 0 };
}

static int bad_piece(const struct piece *piece, struct err *err)
{
	int shown = piece->len > SHOWN_MAX ? SHOWN_MAX : (int)piece->len;

	if (piece->kind == PIECE_OPEN) {
		return err_set(err, ERR_INPUT, "'${' without '}'");
	}
	if (piece->kind == PIECE_BAD_NAME) {
		return err_set(err, ERR_INPUT, "'%.*s': not a name", shown, piece->text);
	}
	return err_set(err, ERR_INPUT, "unknown name '%.*s'", shown, piece->text);
}

int template_expand(const char *text, template_lookup lookup, void *arg, struct buf *out,
		struct err *err)
{
	struct piece piece;

	for (const char *at = text; *at; at += piece.len) {
		piece = piece_next(at);
		if (piece.kind == PIECE_TEXT) {
			buf_add(out, piece.text, piece.len);
			continue;
		}
		if (piece.kind == PIECE_DOLLAR) {
			buf_addch(out, '$');
			continue;
		}

		const char *value = piece.kind == PIECE_NAME
						    ? lookup(piece.name, piece.name_len, arg)
						    : NULL;

		if (!value) {
			return bad_piece(&piece, err);
		}
		buf_adds(out, value);
	}
	return 0;
}

/* So that the next pass gives the value back as it is. */
static void add_doubled(struct buf *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '$') {
			buf_addch(out, '$');
		}
		buf_addch(out, *value);
	}
}

int template_expand_known(const char *text, template_lookup lookup, void *arg, struct buf *out,
		struct err *err)
{
	struct piece piece;

	for (const char *at = text; *at; at += piece.len) {
		piece = piece_next(at);
		if (piece.kind == PIECE_OPEN) {
			return bad_piece(&piece, err);
		}

		const char *value = piece.kind == PIECE_NAME
						    ? lookup(piece.name, piece.name_len, arg)
						    : NULL;

		if (value) {
			add_doubled(out, value);
		} else {
			buf_add(out, piece.text, piece.len);
		}
	}
	return 0;
}

int template_check(const char *text, template_lookup lookup, void *arg,
		struct template_mistake *mistake, struct err *err)
{
	while (text[mistake->end]) {
		const struct piece piece = piece_next(text + mistake->end);

		mistake->begin = mistake->end;
		mistake->end += piece.len;
		if (piece.kind == PIECE_OPEN || piece.kind == PIECE_BAD_NAME ||
				(piece.kind == PIECE_NAME &&
						!lookup(piece.name, piece.name_len, arg))) {
			return bad_piece(&piece, err);
		}
	}
	return 0;
}

const char *template_next_name(const char **at, size_t *ret_len)
{
	while (**at) {
		struct piece piece = piece_next(*at);

		*at += piece.len;
		if (piece.kind == PIECE_NAME) {
			*ret_len = piece.name_len;
			return piece.name;
		}
	}
	return NULL;
}

bool template_has_names(const char *text)
{
	size_t len;

	return template_next_name(&text, &len) != NULL;
}
