/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Encoding */

static void add_text(struct buf *out, const void *data, uint32_t len)
{
	static const unsigned char none[1];

	buf_add(out, &len, sizeof(len));
	buf_add(out, data ? data : none, len);
	buf_add(out, none, 1);
}

static void add_str(struct buf *out, const void *member)
{
	const char *text = *(const char *const *)member;
	size_t len = text ? strlen(text) : 0;

	assert(len <= UINT32_MAX);
	add_text(out, text, (uint32_t)len);
}

static void add_opt(struct buf *out, const void *member)
{
	uint8_t present = *(const char *const *)member != NULL;

	buf_add(out, &present, 1);
	if (present) {
		add_str(out, member);
	}
}

static void add_list(const struct wire_field *field, const void *msg, struct buf *out)
{
	const unsigned char *base = msg;
	const unsigned char *items =
			*(const unsigned char *const *)(const void *)(base + field->offset);
	size_t count = *(const size_t *)(const void *)(base + field->count_offset);
	uint32_t n = (uint32_t)count;

	assert(count <= UINT32_MAX);
	buf_add(out, &n, sizeof(n));
	for (size_t i = 0; i < count; i++) {
		wire_encode(field->type, items + i * field->type->size, out);
	}
}

static void add_field(const struct wire_field *field, const void *msg, struct buf *out)
{
	const void *member = (const unsigned char *)msg + field->offset;
	const struct bytes *bytes = member;

	switch ((enum wire_kind)field->kind) {
	case WIRE_U8:
		buf_add(out, member, sizeof(uint8_t));
		break;
	case WIRE_U16:
		buf_add(out, member, sizeof(uint16_t));
		break;
	case WIRE_U32:
		buf_add(out, member, sizeof(uint32_t));
		break;
	case WIRE_U64:
	case WIRE_I64:
		buf_add(out, member, sizeof(uint64_t));
		break;
	case WIRE_STR:
		add_str(out, member);
		break;
	case WIRE_OPT:
		add_opt(out, member);
		break;
	case WIRE_BYTES:
		add_text(out, bytes->data, bytes->len);
		break;
	case WIRE_FIXED:
		buf_add(out, member, field->size);
		break;
	case WIRE_LIST:
		add_list(field, msg, out);
		break;
	case WIRE_SUB:
		wire_encode(field->type, member, out);
		break;
	case WIRE_KINDS:
		assert(!"a kind");
	}
}

void wire_encode(const struct wire_type *type, const void *msg, struct buf *out)
{
	for (size_t i = 0; i < type->fields_len; i++) {
		add_field(&type->fields[i], msg, out);
	}
}

/* Decoding */

/* Where we are, for the error message. */
struct place {
	const struct place *up;
	const struct wire_field *field;
	size_t index; /* of a list's item */
};

struct decoder {
	const unsigned char *at;
	const unsigned char *end;
	struct arena *arena;
	const struct place *place;
	const char *wrong; /* NULL: all is well */
	struct buf where;  /* the path to what is wrong */
};

static void name_place(const struct place *place, struct buf *out)
{
	if (!place || !place->field) {
		return;
	}
	name_place(place->up, out);
	buf_addf(out, "%s%s", out->len ? "." : "", place->field->name);
	if (place->field->kind == WIRE_LIST && place->index != SIZE_MAX) {
		buf_addf(out, "[%zu]", place->index);
	}
}

static int wrong(struct decoder *d, const char *what)
{
	d->wrong = what;
	name_place(d->place, &d->where);
	return -1;
}

static size_t left(const struct decoder *d)
{
	return (size_t)(d->end - d->at);
}

static int get(struct decoder *d, void *ret, size_t size)
{
	if (left(d) < size) {
		return wrong(d, "cut short");
	}
	memcpy(ret, d->at, size);
	d->at += size;
	return 0;
}

static int get_u8(struct decoder *d, const struct wire_field *field, uint8_t *member)
{
	if (get(d, member, sizeof(*member)) < 0) {
		return -1;
	}
	return field->values && *member >= field->values ? wrong(d, "not a known value") : 0;
}

static int get_u16(struct decoder *d, const struct wire_field *field, uint16_t *member)
{
	if (get(d, member, sizeof(*member)) < 0) {
		return -1;
	}
	return field->values && *member >= field->values ? wrong(d, "not a known value") : 0;
}

static int get_bytes(struct decoder *d, struct bytes *ret)
{
	uint32_t len;

	if (get(d, &len, sizeof(len)) < 0) {
		return -1;
	}
	if (left(d) < (size_t)len + 1) {
		return wrong(d, "cut short");
	}
	if (d->at[len] != '\0') {
		return wrong(d, "no NUL behind it");
	}
	ret->data = d->at;
	ret->len = len;
	d->at += (size_t)len + 1;
	return 0;
}

static int get_str(struct decoder *d, const char **ret)
{
	struct bytes bytes;

	if (get_bytes(d, &bytes) < 0) {
		return -1;
	}
	if (memchr(bytes.data, '\0', bytes.len)) {
		return wrong(d, "a NUL in it");
	}
	*ret = (const char *)bytes.data;
	return 0;
}

static int get_opt(struct decoder *d, const char **ret)
{
	uint8_t present;

	if (get(d, &present, sizeof(present)) < 0) {
		return -1;
	}
	if (present > 1) {
		return wrong(d, "neither there nor absent");
	}
	*ret = NULL;
	return present ? get_str(d, ret) : 0;
}

/* The fewest bytes that a value of type takes: they bound what a count makes us allocate. */
static size_t size_min(const struct wire_type *type)
{
	static const size_t by_kind[WIRE_KINDS] = {
		[WIRE_U8] = 1,
		[WIRE_U16] = 2,
		[WIRE_U32] = 4,
		[WIRE_U64] = 8,
		[WIRE_I64] = 8,
		[WIRE_STR] = 5,
		[WIRE_OPT] = 1,
		[WIRE_BYTES] = 5,
		[WIRE_LIST] = 4,
	};
	size_t size = 0;

	for (size_t i = 0; i < type->fields_len; i++) {
		const struct wire_field *field = &type->fields[i];

		size += by_kind[field->kind];
		size += field->size;
		size += field->kind == WIRE_SUB ? size_min(field->type) : 0;
	}
	return size;
}

static int get_struct(
		struct decoder *d, const struct wire_type *type, const struct place *up, void *ret);

static int get_list(struct decoder *d, struct place *place, unsigned char *msg)
{
	const struct wire_type *type = place->field->type;
	size_t min = size_min(type);
	uint32_t count;

	assert(min > 0);
	place->index = SIZE_MAX;
	if (get(d, &count, sizeof(count)) < 0) {
		return -1;
	}
	if (count > left(d) / min) {
		return wrong(d, "more items than bytes are left for");
	}

	unsigned char *items = count ? arena_calloc(d->arena, count, type->size) : NULL;

	for (size_t i = 0; i < count; i++) {
		place->index = i;
		if (get_struct(d, type, place, items + i * type->size) < 0) {
			return -1;
		}
	}
	memcpy(msg + place->field->offset, &items, sizeof(items));
	*(size_t *)(void *)(msg + place->field->count_offset) = count;
	return 0;
}

static int get_field(struct decoder *d, struct place *place, unsigned char *msg)
{
	const struct wire_field *field = place->field;
	void *member = msg + field->offset;

	switch ((enum wire_kind)field->kind) {
	case WIRE_U8:
		return get_u8(d, field, member);
	case WIRE_U16:
		return get_u16(d, field, member);
	case WIRE_U32:
		return get(d, member, sizeof(uint32_t));
	case WIRE_U64:
	case WIRE_I64:
		return get(d, member, sizeof(uint64_t));
	case WIRE_STR:
		return get_str(d, member);
	case WIRE_OPT:
		return get_opt(d, member);
	case WIRE_BYTES:
		return get_bytes(d, member);
	case WIRE_FIXED:
		return get(d, member, field->size);
	case WIRE_LIST:
		return get_list(d, place, msg);
	case WIRE_SUB:
		return get_struct(d, field->type, place, member);
	case WIRE_KINDS:
		break;
	}
	assert(!"a kind");
	return -1;
}

/* Fill ret, which is zeroed. up is the field in which the struct stands; NULL for the message. */
static int get_struct(
		struct decoder *d, const struct wire_type *type, const struct place *up, void *ret)
{
	struct place place = { .up = up };

	for (size_t i = 0; i < type->fields_len; i++) {
		place.field = &type->fields[i];
		d->place = &place;
		if (get_field(d, &place, ret) < 0) {
			return -1;
		}
	}
	d->place = up;
	return 0;
}

int wire_decode(const struct wire_type *type, const unsigned char *payload, size_t len,
		struct arena *arena, void *ret, struct err *err)
{
	struct decoder d = { .at = payload, .end = payload + len, .arena = arena };

	memset(ret, 0, type->size);
	if (get_struct(&d, type, NULL, ret) == 0 && left(&d) > 0) {
		wrong(&d, "bytes behind the end");
	}
	if (d.wrong) {
		err_set(err, ERR_INPUT, "%s: %s%s%s", type->name, buf_text(&d.where),
				d.where.len ? ": " : "", d.wrong);
		buf_clear(&d.where);
		return -1;
	}
	return 0;
}
