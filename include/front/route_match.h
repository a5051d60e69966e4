/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_match - which route of wire/routes is asked: by method and path. 404, 405 with Allow and
 * 415 come from here.
 *
 * The paths of the webhook may end with slashes, and its Content-Encoding may be gzip.
 * Paths are matched as they were sent: [A-Za-z0-9._~/-] only, so nothing is decoded and nothing can
 * mean two things.
 */
#ifndef FRONT_ROUTE_MATCH_H
#define FRONT_ROUTE_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/routes.h"

#define ROUTE_ALLOW_MAX 64
#define ROUTE_NAME_MAX  128
#define ROUTE_KEY_MAX   16

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
int route_match_find(
		const char *method, const char *path, struct route_match *ret, struct err *err);

/* May this method change something? */
bool route_match_changes(const char *method);

/*
 * Is a body of this Content-Type (NULL: none was sent) one that we read? ERR_MEDIA when not;
 * without a body, no type is fine.
 */
int route_match_media(const char *content_type, bool has_body, struct err *err);

/* Is a body of this Content-Encoding (NULL: none was sent) compressed with gzip? ERR_MEDIA: with
 * something else. */
int route_match_encoding(const char *encoding, bool *ret_gzip, struct err *err);

#endif
