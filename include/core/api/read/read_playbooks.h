/*
 * read_playbooks - the playbooks in force, as an answer shows them.
 */
#ifndef CORE_READ_PLAYBOOKS_H
#define CORE_READ_PLAYBOOKS_H

#include "base/jsonw.h"
#include "domain/playbook.h"

/* One of a list. */
void api_write_playbook(struct jsonw *w, const struct playbook *playbook);

#endif
