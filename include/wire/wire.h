/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire - messages between roles: plain structs, encoded and decoded by a table of their fields.
 *
 * Numbers are in host order (both ends are the same binary). Strings and byte strings are a u32
 * length, that many bytes and a NUL, so that they are used where they lie; a string contains no
 * other NUL. An optional string is a byte, 0 or 1, and with 1 a string. A list is a u32 count and
 * its items. Decoding is strict: every length is checked before it is used, counts are bounded by
 * the bytes that are left, enums by their number of values, trailing bytes are an error.
 *
 * A message's table:
 *
 *	static const struct wire_field fields[] = {
 *		WIRE_FIELD_U64(struct msg_x, id),
 *		WIRE_FIELD_LIST(struct msg_x, items, items_len, &item_type),
 *	};
 *	const struct wire_type x_type = WIRE_TYPE("x", struct msg_x, fields);
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

/* Bytes that may contain NUL. Borrowed. After decoding a NUL that is not counted follows them. */
struct bytes {
	const unsigned char *data;
	uint32_t len;
};

enum wire_kind {
	WIRE_U8,
	WIRE_U16,
	WIRE_U32,
	WIRE_U64,
	WIRE_I64,
	WIRE_STR,   /* const char *; never NULL after decoding; NULL is encoded as "" */
	WIRE_OPT,   /* const char *; may be NULL */
	WIRE_BYTES, /* struct bytes; never NULL after decoding */
	WIRE_FIXED, /* an array of size bytes, as it is */
	WIRE_LIST,  /* pointer to items at offset, size_t count at count_offset; NULL when empty */
	WIRE_SUB,   /* a struct within the struct */
	WIRE_KINDS
};

struct wire_field {
	uint8_t kind;                 /* enum wire_kind */
	const char *name;             /* of the member, for messages */
	size_t offset;                /* of the member */
	size_t size;                  /* WIRE_FIXED: bytes */
	uint32_t values;              /* WIRE_U8, WIRE_U16: only less than this; 0: any */
	size_t count_offset;          /* WIRE_LIST: of the size_t that counts */
	const struct wire_type *type; /* WIRE_LIST, WIRE_SUB: of the items */
};

struct wire_type {
	const char *name;
	size_t size; /* of the struct */
	const struct wire_field *fields;
	size_t fields_len;
};

/* Rows of a table; a member of another type than the row's kind does not compile. */
#define WIRE_MEMBER(T, m) (((T *)0)->m)
#define WIRE_ROW(row_kind, T, m, ...)                                                 \
	{                                                                             \
		.kind = (row_kind), .name = #m, .offset = offsetof(T, m), __VA_ARGS__ \
	}
#define WIRE_IF(T, m, C, row_kind) _Generic(WIRE_MEMBER(T, m), C : (row_kind))
#define WIRE_FIELD_U8(T, m)        WIRE_ROW(WIRE_IF(T, m, uint8_t, WIRE_U8), T, m)
#define WIRE_FIELD_U16(T, m)       WIRE_ROW(WIRE_IF(T, m, uint16_t, WIRE_U16), T, m)
#define WIRE_FIELD_U32(T, m)       WIRE_ROW(WIRE_IF(T, m, uint32_t, WIRE_U32), T, m)
#define WIRE_FIELD_U64(T, m)       WIRE_ROW(WIRE_IF(T, m, uint64_t, WIRE_U64), T, m)
#define WIRE_FIELD_I64(T, m)       WIRE_ROW(WIRE_IF(T, m, int64_t, WIRE_I64), T, m)
#define WIRE_FIELD_STR(T, m)       WIRE_ROW(WIRE_IF(T, m, const char *, WIRE_STR), T, m)
#define WIRE_FIELD_OPT(T, m)       WIRE_ROW(WIRE_IF(T, m, const char *, WIRE_OPT), T, m)
#define WIRE_FIELD_BYTES(T, m)     WIRE_ROW(WIRE_IF(T, m, struct bytes, WIRE_BYTES), T, m)
/* An array of numbers. */
#define WIRE_FIELD_FIXED(T, m) WIRE_ROW(WIRE_FIXED, T, m, .size = sizeof(WIRE_MEMBER(T, m)))
/* An enum in a uint8_t or uint16_t: only values below count. */
#define WIRE_FIELD_ENUM8(T, m, count) \
	WIRE_ROW(WIRE_IF(T, m, uint8_t, WIRE_U8), T, m, .values = (count))
#define WIRE_FIELD_ENUM16(T, m, count) \
	WIRE_ROW(WIRE_IF(T, m, uint16_t, WIRE_U16), T, m, .values = (count))
#define WIRE_FIELD_BOOL(T, m) WIRE_FIELD_ENUM8(T, m, 2)
#define WIRE_FIELD_LIST(T, m, len_m, item_type)                                                  \
	WIRE_ROW(WIRE_IF(T, len_m, size_t, WIRE_LIST), T, m, .count_offset = offsetof(T, len_m), \
			.type = (item_type))
#define WIRE_FIELD_SUB(T, m, sub_type) WIRE_ROW(WIRE_SUB, T, m, .type = (sub_type))
#define WIRE_TYPE(type_name, T, table)                                              \
	{                                                                           \
		(type_name), sizeof(T), (table), sizeof(table) / sizeof((table)[0]) \
	}

/* Append msg, which is of type, to out. */
void wire_encode(const struct wire_type *type, const void *msg, struct buf *out);

/*
 * Fill ret (type->size bytes) from payload; members that stand in no row are zeroed. Strings and
 * bytes point into payload, lists live in arena. Returns 0, or -1 with ERR_INPUT:
 * "start: params[2].value: cut short"; ret is undefined then.
 */
int wire_decode(const struct wire_type *type, const unsigned char *payload, size_t len,
		struct arena *arena, void *ret, struct err *err);

#endif
