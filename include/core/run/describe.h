/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe - a step in words for operators: what it would execute, or ask.
 */
#ifndef CORE_DESCRIBE_H
#define CORE_DESCRIBE_H

#include "base/jsonw.h"
#include "config/config.h"
#include "domain/label.h"
#include "domain/playbook.h"

/* Write what any step would execute, or ask, as an array of texts. */
void describe_argv(struct jsonw *w, const char *key, const struct config *config,
		const struct step *step, const struct labels *params);

#endif
