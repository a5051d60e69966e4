/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard - may this request have come from here? Against DNS rebinding and cross-site requests.
 *
 * A browser whose resolver says that evil.test is our address sends Host: evil.test; a page of
 * another site sends its own Origin or Sec-Fetch-Site. Neither is answered. No header of ours ever
 * grants another origin anything.
 */
#ifndef FRONT_GUARD_H
#define FRONT_GUARD_H

#include <stdbool.h>

#include "base/err.h"

/* What the guard looks at. Headers are NULL when they were not sent. Borrowed. */
struct guard_view {
	const char *host;
	const char *origin;
	const char *fetch_site;   /* Sec-Fetch-Site */
	bool is_unix;             /* came over a unix socket, where no browser comes from */
	bool changes;             /* its method may change something */
	const char *external_url; /* --web.external-url, or "" */
};

/* 0, or -1 with ERR_FORBIDDEN and a sentence. */
int guard_check(const struct guard_view *view, struct err *err);

#endif
