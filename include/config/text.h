/*
 * text - strings of the configuration with ${name} in them: which names are known, and where the
 * unknown ones stand; and the forms that names and paths must have.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include "config/spec.h"

/*
 * node's text with every var put in, by spec_flags: with SPEC_VARS alone the result is final; with
 * SPEC_PARAMS, ${name} of a param of loader->playbook may stand in it and stays, and so does "$$";
 * with SPEC_LABELS, ${labels.NAME} and ${annotations.NAME} too, with SPEC_OPEN any name. Lives in
 * the loader's arena; NULL after a mistake.
 */
const char *text_fill(struct loader *loader, const struct yaml_node *node, unsigned flags);

/* Names of vars and params that text has as ${name…, though a shell would read it: each is a
 * mistake, unless env sets that name. */
void text_check_script(
		struct loader *loader, const struct yaml_node *node, const struct labels *env);

/* Report what err says of node's text; "column 7: …" moves the mistake to where that is. */
void text_report(struct loader *loader, const struct yaml_node *node, const struct err *err);

/* The word of the NULL-terminated list that text was probably meant to be, or NULL. */
const char *text_nearest(const char *text, const char *const *words);

/* See struct spec's format. */
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
