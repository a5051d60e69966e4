/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "base/buf.h"
#include "base/utf8.h"

struct level {
	struct yaml_node *node;
	struct yaml_node *last;      /* its last child */
	const struct yaml_node *key; /* of a mapping: the key whose value comes next */
};

struct reader {
	const struct yaml_source *source;
	struct arena *arena;
	struct mistakes *mistakes;
	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	size_t documents;
	struct place here; /* where the last event stood */
	struct yaml_node *root;
	bool broken; /* no use in going on */
};

CLEANUP_DEFINE(struct fy_diag *, cleanup_diag, fy_diag_destroy);
CLEANUP_DEFINE(struct fy_parser *, cleanup_parser, fy_parser_destroy);

static struct place place_of(const struct reader *reader, const struct fy_mark *mark)
{
	struct place place = reader->here;

	/* libfyaml gives -1 for what is not in the text, like the value of "key:". */
	if (mark && mark->line >= 0 && mark->column >= 0) {
		place.line = (uint32_t)mark->line + 1;
		place.column = (uint32_t)mark->column + 1;
	}
	return place;
}

static int compare_keys(const void *pa, const void *pb)
{
	const struct yaml_node *a = (*(const struct yaml_node *const *)pa)->key;
	const struct yaml_node *b = (*(const struct yaml_node *const *)pb)->key;
	int order = strcmp(a->text, b->text);

	if (order != 0) {
		return order;
	}
	if (a->place.line != b->place.line) {
		return a->place.line < b->place.line ? -1 : 1;
	}
	return a->place.column < b->place.column ? -1 : 1;
}

/* Sorted, so that a mapping of very many keys costs no square of them. */
static void check_duplicates(struct reader *reader, const struct yaml_node *mapping)
{
	if (mapping->len < 2) {
		return;
	}

	auto_free const struct yaml_node **sorted = xcalloc(mapping->len, sizeof(*sorted));
	size_t len = 0;

	for (yaml_each(value, mapping)) {
		sorted[len++] = value;
	}
	qsort(sorted, len, sizeof(*sorted), compare_keys);
	for (size_t i = 1, first = 0; i < len; i++) {
		const struct yaml_node *key = sorted[i]->key;

		if (strcmp(sorted[first]->key->text, key->text) != 0) {
			first = i;
			continue;
		}
		mistakes_add(reader->mistakes, &key->place,
				"duplicate key '%s', first given in line %u", key->text,
				sorted[first]->key->place.line);
	}
}

static struct yaml_node *new_node(struct reader *reader, enum yaml_kind kind)
{
	if (++reader->nodes > YAML_NODES_MAX) {
		reader->broken = true;
		mistakes_add(reader->mistakes, &reader->here, "more than %d values in one file",
				YAML_NODES_MAX);
		return NULL;
	}

	struct yaml_node *node = arena_alloc(reader->arena, sizeof(*node));

	node->kind = (uint8_t)kind;
	node->place = reader->here;
	node->text = "";
	node->source = "";
	return node;
}

/* Put node where the text has come to: as the root, an element, a key or a key's value. */
static void attach(struct reader *reader, struct yaml_node *node)
{
	if (reader->depth == 0) {
		reader->root = node;
		return;
	}

	struct level *level = &reader->levels[reader->depth - 1];

	if (level->node->kind == YAML_MAPPING && !level->key) {
		if (node->kind != YAML_SCALAR) {
			reader->broken = true;
			mistakes_add(reader->mistakes, &node->place, "a key must be plain text");
		}
		level->key = node;
		return;
	}
	node->key = TAKE(level->key);
	if (level->last) {
		level->last->next = node;
	} else {
		level->node->child = node;
	}
	level->last = node;
	level->node->len++;
}

static void refuse(struct reader *reader, struct fy_token *token, const char *what)
{
	if (token) {
		struct place place = place_of(reader, fy_token_start_mark(token));

		/* The mark is behind the & or *. */
		place.column -= place.column > 1;
		mistakes_add(reader->mistakes, &place, "%s are not supported", what);
	}
}

static void refuse_tag(struct reader *reader, struct fy_token *token)
{
	if (token) {
		struct place place = place_of(reader, fy_token_start_mark(token));

		mistakes_add(reader->mistakes, &place, "tags are not supported");
	}
}

/* What the scalar looks like in the file. */
static void set_source(struct reader *reader, struct yaml_node *node, struct fy_token *token)
{
	const struct fy_mark *from = fy_token_start_mark(token);
	const struct fy_mark *to = fy_token_end_mark(token);

	if (!from || !to || from->line < 0 || to->line < 0 || from->input_pos > to->input_pos ||
			to->input_pos > reader->source->len) {
		return;
	}
	node->source = reader->source->text + from->input_pos;
	node->source_len = (uint32_t)(to->input_pos - from->input_pos);
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

/* A line's end in a quoted scalar: blanks around it go, one is a space, n of them are n - 1. */
static size_t fold(const char *source, size_t len, size_t at, struct buf *out)
{
	size_t breaks = 0;

	while (out->len > 0 && is_one_of((char)out->data[out->len - 1], " \t")) {
		out->len--;
	}
	while (at < len && is_one_of(source[at], " \t\r\n")) {
		bool pair = source[at] == '\r' && at + 1 < len && source[at + 1] == '\n';

		breaks += is_one_of(source[at], "\r\n") && !pair;
		at++;
	}
	for (size_t i = 1; i < breaks; i++) {
		buf_addch(out, '\n');
	}
	if (breaks == 1) {
		buf_addch(out, ' ');
	}
	return at;
}

/* The text of a scalar in single quotes, YAML 1.2 section 7.3.2. */
static void unquote(const char *source, size_t len, struct buf *out)
{
	for (size_t at = 0; at < len;) {
		if (is_one_of(source[at], "\r\n")) {
			at = fold(source, len, at, out);
			continue;
		}
		buf_addch(out, source[at]);
		at += source[at] == '\'' ? 2 : 1;
	}
}

/*
 * fy_token_get_text() of 0.7.12 gives wrong text (bytes missing, or bytes of freed memory) for some
 * folded blocks and double-quoted strings of several lines, and for single-quoted ones with five ''
 * in a line. The first two are refused, the last is read here. What is refused keeps its source as
 * its text, so that it is not taken for empty.
 */
static const char *refuse_style(const struct yaml_node *node, enum fy_scalar_style style)
{
	if (style == FYSS_FOLDED) {
		return "folded text (>) is not supported: use | or quotes";
	}
	if (style == FYSS_DOUBLE_QUOTED &&
			(memchr(node->source, '\n', node->source_len) ||
					memchr(node->source, '\r', node->source_len))) {
		return "a string in double quotes must end on its line";
	}
	return NULL;
}

static void set_text(struct reader *reader, struct yaml_node *node, struct fy_token *token,
		enum fy_scalar_style style)
{
	const char *refused = refuse_style(node, style);
	auto_buf struct buf unquoted = { 0 };
	const char *text = node->source;
	size_t len = node->source_len;

	if (refused) {
		mistakes_add(reader->mistakes, &node->place, "%s", refused);
	} else if (style == FYSS_SINGLE_QUOTED) {
		unquote(node->source, node->source_len, &unquoted);
		text = buf_text(&unquoted);
		len = unquoted.len;
	} else {
		text = fy_token_get_text(token, &len);
	}
	if (!text) {
		return;
	}
	node->text = arena_strndup(reader->arena, text, len);
	node->len = (uint32_t)strlen(node->text);
	if (node->len < len) {
		mistakes_add(reader->mistakes, &node->place, "U+0000 is not allowed");
	}
	node->verbatim = node->source_len == len && !memchr(text, '\n', len) &&
			 memcmp(node->source, text, len) == 0;
}

static void take_scalar(struct reader *reader, const struct fy_event_scalar_data *scalar)
{
	refuse(reader, scalar->anchor, "anchors");
	refuse_tag(reader, scalar->tag);

	struct yaml_node *node = new_node(reader, YAML_SCALAR);

	if (!node) {
		return;
	}

	enum fy_scalar_style style =
			scalar->value ? fy_token_scalar_style(scalar->value) : FYSS_PLAIN;

	node->plain = style == FYSS_PLAIN;
	node->quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	/* The token begins behind its quote. */
	node->place.column -= node->quoted && node->place.column > 1;
	if (scalar->value) {
		set_source(reader, node, scalar->value);
		set_text(reader, node, scalar->value, style);
	}
	attach(reader, node);
}

static void take_start(struct reader *reader, enum yaml_kind kind, struct fy_token *anchor,
		struct fy_token *tag)
{
	refuse(reader, anchor, "anchors");
	refuse_tag(reader, tag);

	struct yaml_node *node = new_node(reader, kind);

	if (!node) {
		return;
	}
	attach(reader, node);
	if (reader->depth == YAML_DEPTH_MAX) {
		reader->broken = true;
		mistakes_add(reader->mistakes, &node->place, "more than %d levels deep",
				YAML_DEPTH_MAX);
		return;
	}
	reader->levels[reader->depth++] = (struct level){ .node = node };
}

static void take_end(struct reader *reader)
{
	const struct yaml_node *node = reader->levels[--reader->depth].node;

	if (node->kind == YAML_MAPPING) {
		check_duplicates(reader, node);
	}
}

static void take_alias(struct reader *reader, struct fy_token *anchor)
{
	refuse(reader, anchor, "aliases");

	struct yaml_node *node = new_node(reader, YAML_SCALAR);

	if (node) {
		attach(reader, node);
	}
}

static void take_document(struct reader *reader)
{
	if (++reader->documents > 1) {
		reader->broken = true;
		mistakes_add(reader->mistakes, &reader->here,
				"a second document in one file is not supported");
	}
}

static void take_event(struct reader *reader, struct fy_event *event)
{
	reader->here = place_of(reader, fy_event_start_mark(event));
	switch (event->type) {
	case FYET_DOCUMENT_START:
		take_document(reader);
		break;
	case FYET_MAPPING_START:
		take_start(reader, YAML_MAPPING, event->mapping_start.anchor,
				event->mapping_start.tag);
		break;
	case FYET_SEQUENCE_START:
		take_start(reader, YAML_SEQUENCE, event->sequence_start.anchor,
				event->sequence_start.tag);
		break;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		take_end(reader);
		break;
	case FYET_SCALAR:
		take_scalar(reader, &event->scalar);
		break;
	case FYET_ALIAS:
		take_alias(reader, event->alias.anchor);
		break;
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		break;
	}
}

/* Collected, so that libfyaml writes nothing to standard error itself. */
static void take_diagnostics(struct reader *reader, struct fy_diag *diag)
{
	size_t before = reader->mistakes->len;
	void *cursor = NULL;

	for (const struct fy_diag_error *error; (error = fy_diag_errors_iterate(diag, &cursor));) {
		struct place place = reader->here;

		if (error->line > 0 && error->column > 0) {
			place.line = (uint32_t)error->line;
			place.column = (uint32_t)error->column;
		}
		mistakes_add(reader->mistakes, &place, "%s", error->msg);
	}
	if (reader->mistakes->len == before) {
		mistakes_add(reader->mistakes, &reader->here, "not valid YAML");
	}
}

static bool read_events(struct reader *reader)
{
	struct fy_diag_cfg diag_cfg;

	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;

	CLEANUP(cleanup_diag) struct fy_diag *diag = fy_diag_create(&diag_cfg);

	fy_diag_set_collect_errors(diag, true);

	const struct fy_parse_cfg cfg = {
		.search_path = "",
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE |
			 FYPCF_DEFAULT_VERSION_1_2,
		.diag = diag,
	};
	CLEANUP(cleanup_parser) struct fy_parser *parser = fy_parser_create(&cfg);

	if (!parser || fy_parser_set_string(parser, reader->source->text, reader->source->len)) {
		take_diagnostics(reader, diag);
		return false;
	}
	for (struct fy_event *event; !reader->broken && (event = fy_parser_parse(parser));) {
		take_event(reader, event);
		fy_parser_event_free(parser, event);
	}
	if (!reader->broken && fy_parser_get_stream_error(parser)) {
		take_diagnostics(reader, diag);
		return false;
	}
	return !reader->broken;
}

/* What libfyaml is lax about: broken UTF-8, and characters that no text file has. */
static bool check_characters(struct reader *reader)
{
	const struct yaml_source *source = reader->source;
	struct place place = reader->here;
	size_t step;

	for (size_t i = 0; i < source->len; i += step) {
		uint32_t code = 0;

		step = utf8_next(source->text + i, source->len - i, &code);
		if (step == 0) {
			mistakes_add(reader->mistakes, &place, "not UTF-8");
			return false;
		}
		if ((code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0x7f) {
			mistakes_add(reader->mistakes, &place, "control character U+%04X", code);
			return false;
		}
		place.line += code == '\n';
		place.column = code == '\n' ? 1 : place.column + 1;
	}
	return true;
}

bool yaml_parse(const struct yaml_source *source, struct arena *arena, struct mistakes *mistakes,
		const struct yaml_node **ret_root)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct yaml_source text = *source;

	if (text.len >= 3 && memcmp(text.text, bom, 3) == 0) {
		text.text += 3;
		text.len -= 3;
	}

	struct reader reader = {
		.source = &text,
		.arena = arena,
		.mistakes = mistakes,
		.here = { source->path, source->file, 1, 1 },
	};

	if (text.len > YAML_TEXT_MAX) {
		mistakes_add(mistakes, &reader.here, "longer than %d bytes", YAML_TEXT_MAX);
		return false;
	}
	if (!check_characters(&reader) || (text.len > 0 && !read_events(&reader))) {
		return false;
	}
	*ret_root = reader.root && !yaml_is_null(reader.root) ? reader.root : NULL;
	return true;
}
