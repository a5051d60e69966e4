/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - strings of the configuration with ${name} in them: which names are known, and where the
 * unknown ones stand; and the forms that names and paths must have.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include "config/loader.h"
#include "sys/yaml.h"

/* Which names may stand in a string. */
enum text_names {
	TEXT_VARS = 1 << 2,   /* ${name} of a var is replaced, and "$$" is "$" */
	TEXT_PARAMS = 1 << 3, /* a template: vars are filled in, params stay */
	TEXT_LABELS = 1 << 4, /* with TEXT_PARAMS: ${labels.NAME} and ${annotations.NAME} too */
	TEXT_OPEN = 1 << 5,   /* with TEXT_PARAMS: any other name may be a param of somebody's */
};

/*
 * node's text with every var put in, by a set of enum text_names. With TEXT_PARAMS, a ${name} of a
 * param of loader->playbook stays as it is, and so does "$$". Lives in the loader's arena; NULL
 * after a mistake.
 */
const char *text_fill(struct loader *loader, const struct yaml_node *node, unsigned names);

/* Names of vars and params that text has as ${name…, though a shell would read it: each is a
 * mistake, unless env sets that name. */
void text_check_script(
		struct loader *loader, const struct yaml_node *node, const struct labels *env);

/* Report what err says of node's text; "column 7: …" moves the mistake to where that is. */
void text_report(struct loader *loader, const struct yaml_node *node, const struct err *err);

/* The word of the NULL-terminated list that text was probably meant to be, or NULL. */
const char *text_nearest(const char *text, const char *const *words);

/* NULL when text is right, else what was expected: struct spec's format. */
const char *text_is_name(const char *text);
const char *text_is_var_name(const char *text);
const char *text_is_param_name(const char *text);
const char *text_is_env_name(const char *text);
const char *text_is_user(const char *text);
const char *text_is_absolute(const char *text);
const char *text_is_label_name(const char *text);
const char *text_is_line(const char *text);
const char *text_is_url(const char *text);
/* A URL without credentials in it. */
const char *text_is_webhook(const char *text);
const char *text_is_address(const char *text);

#endif
