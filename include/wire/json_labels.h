/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_labels - labels as the store keeps them, one JSON object of strings, written and read back.
 */
#ifndef WIRE_JSON_LABELS_H
#define WIRE_JSON_LABELS_H

#include "base/err.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "domain/label.h"

/* Write labels as the object named key. */
void json_labels_write(struct jsonw *w, const char *key, const struct labels *labels);

/* The same as a text in arena. */
char *json_labels_text(struct arena *arena, const struct labels *labels);

/*
 * Read text, {"name":"value",…}, into sorted labels that live in arena. ERR_INPUT: "labels.service:
 * expected string". ret_labels is untouched on failure.
 */
int json_labels(const char *text, struct arena *arena, struct labels *ret_labels, struct err *err);

#endif
