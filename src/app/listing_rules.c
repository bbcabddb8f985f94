/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a rule set, as `monitor list rules` shows them. */
#include "app/listing.h"

/* Block scalars end with a line end. */
static struct str trimmed(struct str text)
{
	while (text.len && text.ptr[text.len - 1] == '\n')
		text.len--;
	return text;
}

void listing_rules(struct strbuf *out, const struct ruleset *rules, struct listing_names *names, bool verbose)
{
	struct rule_view rule;
	size_t i, t;

	for (i = 0; i < ruleset_count(rules); i++) {
		ruleset_get(rules, i, &rule);
		if (!listing_wants(names, rule.name))
			continue;
		strbuf_addf(out, STR_FMT "%s\n", STR_ARG(rule.name), rule.enabled ? "" : " (disabled)");
		if (!verbose)
			continue;
		strbuf_addf(out, "  priority:  %s\n", priority_name(rule.priority));
		for (t = 0; t < rule.ntags; t++)
			strbuf_addf(out, "%s" STR_FMT "%s", t ? ", " : "  tags:      ", STR_ARG(rule.tags[t]),
				    t + 1 == rule.ntags ? "\n" : "");
		strbuf_addf(out, "  desc:      " STR_FMT "\n  condition: " STR_FMT "\n  output:    " STR_FMT "\n\n",
			    STR_ARG(trimmed(rule.description)), STR_ARG(trimmed(rule.condition)),
			    STR_ARG(trimmed(rule.output)));
	}
}
