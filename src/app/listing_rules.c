/* SPDX-License-Identifier: Apache-2.0 */
#include "app/listing.h"

static void add_field(struct strbuf *out, const struct field_info *f, struct str *last_class)
{
	unsigned int flags = field_flags(f);
	struct str class = field_class(f);

	if (!str_eq(class, *last_class)) {
		strbuf_addf(out, "%s" STR_FMT ":\n", out->len ? "\n" : "", STR_ARG(class));
		*last_class = class;
	}
	strbuf_addf(out, "  " STR_FMT "%s%s\n      " STR_FMT "\n", STR_ARG(field_name(f)),
		    flags & FIELD_ARG_REQUIRED ? "[...]" :
		    flags & FIELD_ARG_ALLOWED  ? " or [...]" :
						 "",
		    flags & FIELD_LIST ? " (list)" : flags & FIELD_OURS ? " (not in Falco)" : "", STR_ARG(field_help(f)));
}

void listing_fields(struct strbuf *out, bool verbose, const struct field_options *which)
{
	struct str last_class = STR("");
	const struct field_info *f;
	size_t i;

	for (i = 0; (f = field_by_index(i)); i++) {
		unsigned int flags = field_flags(f);

		if (flags & (FIELD_HIDDEN | FIELD_DEPRECATED) || (flags & FIELD_CONTAINER_PLUGIN && !which->container_plugin) ||
		    (flags & FIELD_OURS && !which->extensions))
			continue;
		if (verbose)
			add_field(out, f, &last_class);
		else
			strbuf_addf(out, STR_FMT "\n", STR_ARG(field_name(f)));
	}
}

void listing_rules(struct strbuf *out, const struct ruleset *rules, bool verbose)
{
	struct rule_view rule;
	size_t i, t;

	for (i = 0; i < ruleset_count(rules); i++) {
		ruleset_get(rules, i, &rule);
		strbuf_addf(out, STR_FMT "%s\n", STR_ARG(rule.name), rule.enabled ? "" : " (disabled)");
		if (!verbose)
			continue;
		strbuf_addf(out, "  priority:  %s\n", priority_name(rule.priority));
		for (t = 0; t < rule.ntags; t++)
			strbuf_addf(out, "%s" STR_FMT "%s", t ? ", " : "  tags:      ", STR_ARG(rule.tags[t]),
				    t + 1 == rule.ntags ? "\n" : "");
		strbuf_addf(out, "  desc:      " STR_FMT "\n  condition: " STR_FMT "\n  output:    " STR_FMT "\n\n",
			    STR_ARG(rule.description), STR_ARG(rule.condition), STR_ARG(rule.output));
	}
}
