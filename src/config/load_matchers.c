/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_matchers.h"

#include "config/text.h"

void load_matchers(struct loader *loader, const struct yaml_node *node, struct matcher **ret_items,
		size_t *ret_len)
{
	static const struct spec row = { "matchers", "a matcher", SPEC_STRING,
		.max = MATCHER_TEXT_MAX };
	struct err err;

	*ret_items = NULL;
	*ret_len = 0;
	if (!spec_list(loader, node, 1, MATCHERS_MAX)) {
		return;
	}
	*ret_items = arena_calloc(loader->arena, node->len, sizeof(**ret_items));
	for (yaml_each(item, node)) {
		const char *text = spec_string(loader, &row, item);
		struct matcher *matcher = &(*ret_items)[*ret_len];

		if (!text) {
			continue;
		}
		if (matcher_parse(text, loader->arena, matcher, &err) < 0) {
			*matcher = (struct matcher){ 0 };
			text_report(loader, item, &err);
			continue;
		}
		++*ret_len;
	}
}
