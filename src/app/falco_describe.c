/* SPDX-License-Identifier: Apache-2.0 */
/* -L and -l: what rules are made of. */
#include "app/falco.h"
#include "app/listing.h"
#include "app/log.h"

int falco_describe_loaded(struct strbuf *out, struct rule_loader *loader, const char *rule, bool json,
			  struct error *err)
{
	auto_ruleset struct ruleset *rules = NULL;
	int r;

	if (json)
		return rule_loader_describe(loader, rule, out, err);
	r = rule_loader_compile(loader, &rules, err);
	return r < 0 ? r : listing_falco_rules(out, rules, rule, err);
}

static int describe(const struct config *config, const struct options *o, const struct engine_options *engine,
		    struct strbuf *out, struct error *err)
{
	auto_rule_loader struct rule_loader *loader = NULL;
	auto_rules_input struct rules_input in = { 0 };
	int r;

	r = falco_read_first_rules(&in, config, o, err);
	if (r == 0)
		r = rules_input_load(&in, engine, true, &loader, err);
	if (r == 0)
		r = falco_describe_loaded(out, loader, options_value(o, OPT_falco_describe, NULL), config->json_output,
					  err);
	return r;
}

int falco_describe(const struct config *config, const struct options *o, const struct engine_options *engine)
{
	auto_strbuf struct strbuf out = { 0 };
	struct error err = { 0 };

	if (describe(config, o, engine, &out, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	if (config->json_output)
		strbuf_addc(&out, '\n');
	return listing_print(&out);
}
