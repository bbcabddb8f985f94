/* SPDX-License-Identifier: Apache-2.0 */
#include "app/falco.h"
#include "app/listing.h"
#include "app/log.h"

int falco_describe_loaded(struct strbuf *out, struct rule_loader *loader, const char *rule, bool json, struct error *err)
{
	auto_ruleset struct ruleset *rules = NULL;
	int r;

	(void)json;
	r = rule_loader_compile(loader, &rules, err);
	return r < 0 ? r : listing_falco_rules(out, rules, rule, err);
}

int falco_describe(const struct config *config, const struct options *o, const struct engine_options *engine)
{
	auto_session struct session s = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	struct error err = { 0 };
	int r;

	r = falco_load_rules(&s, config, o, engine, &err);
	if (r == 0)
		r = listing_falco_rules(&out, s.rules, options_value(o, OPT_falco_describe, NULL), &err);
	return r < 0 ? log_failure(&err, EXIT_FAILED) : listing_print(&out);
}
