/*
 * wire - messages between roles: plain structs, encoded and decoded by a table of their fields.
 *
 * Numbers are in host order (both ends are the same binary), strings and byte strings are a u32
 * length and that many bytes; a string is followed by a NUL and contains none, so that it is used
 * where it lies. Decoding is strict: every length is checked before it is used, counts are
 * bounded by the bytes that are left, trailing bytes are an error.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

/* Bytes that may contain NUL. Borrowed. */
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
	WIRE_BYTES, /* struct bytes */
	WIRE_FIXED, /* unsigned char [size] */
	WIRE_LIST,  /* pointer to items at offset, size_t count at count_offset */
	WIRE_SUB,   /* a struct within the struct */
};

struct wire_field {
	uint8_t kind;                 /* enum wire_kind */
	size_t offset;                /* of the member */
	size_t size;                  /* WIRE_FIXED: bytes */
	size_t count_offset;          /* WIRE_LIST: of the size_t that counts */
	const struct wire_type *type; /* WIRE_LIST, WIRE_SUB: of the items */
};

struct wire_type {
	const char *name;
	size_t size; /* of the struct */
	const struct wire_field *fields;
	size_t fields_len;
};

/* Append msg, which is of type, to out. */
void wire_encode(const struct wire_type *type, const void *msg, struct buf *out);

/*
 * Fill ret (type->size bytes) from payload. Strings and bytes point into payload, lists live in
 * arena. Returns 0, or -1 with ERR_INPUT: "start: params[2].value: cut short".
 */
int wire_decode(const struct wire_type *type, const unsigned char *payload, size_t len,
		struct arena *arena, void *ret, struct err *err);

#endif
