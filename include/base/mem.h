/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem - allocation that cannot fail, and an arena whose contents are freed together.
 *
 * Out of memory aborts: allowed because every size that comes from outside is capped before it
 * gets here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Make room for one more in a growing array: *items holds len elements of size bytes and room for
 * *cap. Doubles when full. Returns the address of element len, zeroed.
 */
void *mem_push(void **items, size_t len, size_t *cap, size_t size);

/*
 * An arena: many small allocations, one free. Memory is zeroed and aligned for any object.
 */
struct arena;

struct arena *arena_new(void);
/* NULL is a no-op. */
void arena_free(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size);
void *arena_calloc(struct arena *arena, size_t count, size_t size);
/* Copies text; NULL gives NULL. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Copies size bytes. */
void *arena_memdup(struct arena *arena, const void *data, size_t size);

#endif
