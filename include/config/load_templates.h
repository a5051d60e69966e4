/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_templates - the files that template_files names: the templates of notifications, in the
 * words of the site.
 *
 * A template has the name of its file, without folder and extension: initial, escalation, update or
 * resolved. Names that may stand in it are template_variables and those of vars.
 */
#ifndef CONFIG_LOAD_TEMPLATES_H
#define CONFIG_LOAD_TEMPLATES_H

#include "config/files.h"
#include "config/spec.h"

/* Take file in, as number among all files. `vars` are read already. */
void load_template(struct loader *loader, const struct config_file *file, uint32_t number);

#endif
