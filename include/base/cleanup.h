/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup - scoped ownership: a variable that frees itself when it goes out of scope.
 *
 * Declare with a value at the point of birth; TAKE() moves the value out:
 *
 *	auto_free char *text = xstrdup("x");
 *	return TAKE(text);
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Give a type its own auto_ spelling: fn is called with the value when it is not NULL. */
#define CLEANUP_DEFINE(type, name, fn)   \
	static inline void name(type *p) \
	{                                \
		if (*p) {                \
			fn(*p);          \
		}                        \
	}                                \
	struct cleanup_semicolon

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

/* Closes and leaves errno as it was. -1 is a no-op. */
static inline void cleanup_fd(const int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		errno = saved;
	}
}

#define auto_free CLEANUP(cleanup_free)
#define auto_fd   CLEANUP(cleanup_fd)

/* The value of p; p itself becomes NULL, so nothing is freed at the end of its scope. */
#define TAKE(p)                               \
	__extension__({                       \
		__auto_type take_value = (p); \
		(p) = NULL;                   \
		take_value;                   \
	})

/* The same for a file descriptor, which becomes -1. */
static inline int take_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

#endif
