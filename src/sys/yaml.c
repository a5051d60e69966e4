#include "sys/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

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

/* What the scalar looks like in the file, so that messages can point into it. */
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
	node->verbatim = from->line == to->line && node->source_len == node->len &&
			 memcmp(node->source, node->text, node->len) == 0;
}

static void take_scalar(struct reader *reader, const struct fy_event_scalar_data *scalar)
{
	refuse(reader, scalar->anchor, "anchors");
	refuse_tag(reader, scalar->tag);

	struct yaml_node *node = new_node(reader, YAML_SCALAR);

	if (!node) {
		return;
	}

	size_t len = 0;
	const char *text = scalar->value ? fy_token_get_text(scalar->value, &len) : NULL;
	enum fy_scalar_style style =
			scalar->value ? fy_token_scalar_style(scalar->value) : FYSS_PLAIN;

	node->plain = style == FYSS_PLAIN;
	node->quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	if (text) {
		node->text = arena_strndup(reader->arena, text, len);
		node->len = (uint32_t)len;
		set_source(reader, node, scalar->value);
	}
	/* The token begins behind its quote. */
	node->place.column -= node->quoted && node->place.column > 1;
	if (text && memchr(text, '\0', len)) {
		mistakes_add(reader->mistakes, &node->place, "U+0000 is not allowed");
		node->len = (uint32_t)strlen(node->text);
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

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
	if (!node || node->kind != YAML_MAPPING) {
		return NULL;
	}
	for (yaml_each(value, node)) {
		if (strcmp(value->key->text, key) == 0) {
			return value;
		}
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (node->kind != YAML_SCALAR || !node->plain) {
		return false;
	}
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strcmp(node->text, nulls[i]) == 0) {
			return true;
		}
	}
	return false;
}

const char *yaml_describe(const struct yaml_node *node, char *text)
{
	static const char *const kinds[] = {
		[YAML_SEQUENCE] = "a list",
		[YAML_MAPPING] = "a mapping",
	};

	if (node->kind != YAML_SCALAR) {
		snprintf(text, YAML_DESCRIBE_MAX, "%s", kinds[node->kind]);
		return text;
	}
	if (yaml_is_null(node)) {
		snprintf(text, YAML_DESCRIBE_MAX, "nothing");
		return text;
	}

	size_t len = 0;

	/* Whole characters only. */
	for (size_t step; len < node->len && len < YAML_DESCRIBE_MAX - 12; len += step) {
		step = utf8_next(node->text + len, node->len - len, &(uint32_t){ 0 });
		if (step == 0) {
			break;
		}
	}
	snprintf(text, YAML_DESCRIBE_MAX, "\"%.*s\"%s", (int)len, node->text,
			len < node->len ? "..." : "");
	return text;
}

/* The place of byte offset in the scalar's source. */
static struct place place_in_source(const struct yaml_node *node, size_t offset)
{
	struct place place = node->place;

	/* The scalar's place is that of its quote; its source begins behind it. */
	place.column += node->quoted;
	for (size_t i = 0; i < offset; i++) {
		unsigned char c = (unsigned char)node->source[i];

		if (c == '\n') {
			place.line++;
			place.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

struct place yaml_place_at(const struct yaml_node *node, uint32_t column)
{
	if (!node->verbatim || column == 0) {
		return node->place;
	}

	struct place place = place_in_source(node, 0);

	place.column += column - 1;
	return place;
}

struct place yaml_place_of(const struct yaml_node *node, const char *part)
{
	const char *at = memmem(node->source, node->source_len, part, strlen(part));

	return at ? place_in_source(node, (size_t)(at - node->source)) : node->place;
}
