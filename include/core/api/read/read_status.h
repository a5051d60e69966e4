/*
 * read_status - the daemon itself: version, configuration, pause, roles.
 */
#ifndef CORE_READ_STATUS_H
#define CORE_READ_STATUS_H

#include "base/jsonw.h"

struct core;

void api_write_status(struct jsonw *w, const struct core *core);

#endif
