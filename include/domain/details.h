/* SPDX-License-Identifier: Apache-2.0 */
/*
 * details - the labels of an alert in a few words: those that say what it is about, and those in
 * which alerts differ.
 *
 * Pure. kube-state-metrics is why: `instance` is the exporter there, and which node or deployment
 * is meant stands in other labels, of any name. So what is left out is listed, not what is shown:
 * what every alert has, and what external_labels usually say about the sender. Control characters
 * in names and values become spaces.
 */
#ifndef DOMAIN_DETAILS_H
#define DOMAIN_DETAILS_H

#include <stddef.h>

#include "base/buf.h"
#include "domain/label.h"

#define DETAILS_MAX        120 /* bytes, of one alert in a title */
#define DETAILS_ALERTS_MAX 10  /* that are told apart */

/*
 * Append what labels say about the target, "device=sda1, mountpoint=/", and whole pairs only: what
 * does not fit is "…". A label of group_by (a NULL-terminated list, or NULL) is never left out,
 * except alertname, instance and service, which a title has anyway. Appends nothing when there is
 * nothing to say.
 */
void details_of(const struct labels *labels, const char *const *group_by, struct buf *out);

/*
 * Append in what labels differ from those of `known`, except alertname: "node=n8". Labels that only
 * known has say nothing.
 */
void details_beside(const struct labels *labels, const struct labels *known, struct buf *out);

/*
 * Append in what len alerts differ: "node=n7; node=n8", each once, DETAILS_ALERTS_MAX at most, then
 * "; and 3 more" (of total, of which the items are the first). Of a single one, or of several that
 * do not differ, all labels are appended.
 */
void details_apart(const struct labels *items, size_t len, size_t total, struct buf *out);

#endif
