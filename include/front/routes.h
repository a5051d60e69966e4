/*
 * routes - the one table of what can be asked: method, path, right, query parameters, fields of the
 * body, and what becomes of it. 404, 405 with Allow, 415 and the page at / all come from it.
 *
 * Paths are matched as they were sent: [A-Za-z0-9._~/-] only, so nothing is decoded and nothing can
 * mean two things. {id} and {n} in a pattern stand for a decimal number, any other for a name,
 * which becomes the argument that is called so: {playbook}, {check}, {item}.
 */
#ifndef FRONT_ROUTES_H
#define FRONT_ROUTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "front/args.h"
#include "front/fields.h"
#include "wire/message.h"

#define ROUTE_ALLOW_MAX 64
#define ROUTE_NAME_MAX  128
#define ROUTE_KEY_MAX   16

/* What somebody must be allowed to do. */
enum right { RIGHT_ALERT, RIGHT_READ, RIGHT_OPERATE, RIGHTS };
/* "alert", "read", "operate". */
extern const char *const right_names[RIGHTS];

/* What becomes of a request. */
enum deed {
	DEED_DELIVER, /* the body is a webhook */
	DEED_QUERY,   /* the core answers */
	DEED_METRICS, /* the core answers, the front adds its own */
	DEED_REPLAY,  /* a kept delivery is delivered again */
	DEED_RELOAD,  /* the executor reads the configuration again */
	DEED_HEALTHY, /* the front lives */
	DEED_INDEX,   /* the page at / */
	DEEDS
};

struct route_row {
	const char *pattern;
	const char *method; /* GET answers HEAD too */
	const char *help;   /* for the page at / */
	uint8_t right;      /* enum right */
	uint8_t deed;       /* enum deed */
	uint16_t query;     /* enum route, for DEED_QUERY and DEED_METRICS */
	const struct arg_rule *args;
	size_t args_len;
	struct fields_rules fields; /* of the body, unless it is a delivery */
};

/* Sorted by pattern, then method. args and fields are sorted by name and have none in common. */
extern const struct route_row route_rows[];
extern const size_t route_rows_len;

struct route_match {
	const struct route_row *row; /* of the path, even when the method is not allowed; or NULL */
	uint64_t ids[2];
	char name[ROUTE_NAME_MAX]; /* what stands for {name_key}; "": nothing does */
	char name_key[ROUTE_KEY_MAX];
	char allow[ROUTE_ALLOW_MAX]; /* the methods of the path: "GET, HEAD" */
};

/*
 * Find the row of method and path (raw, without the query). Returns 0, or -1: ERR_NOT_FOUND,
 * ERR_METHOD (ret->allow says which), ERR_INPUT for a path with other characters or an id that is
 * no number.
 */
int route_find(const char *method, const char *path, struct route_match *ret, struct err *err);

/* May this method change something? */
bool route_method_changes(const char *method);

/*
 * Is a body of this Content-Type (NULL: none was sent) one that we read? ERR_MEDIA when not;
 * without a body, no type is fine.
 */
int route_media(const char *content_type, bool has_body, struct err *err);

/* Append what the page at / says. */
void route_index(struct buf *out);

#endif
