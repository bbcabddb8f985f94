/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that Falco's command line or its configuration names. */
#include "app/falco.h"
#include "app/log.h"

int falco_read_rules(struct rules_input *in, const struct config *config, const struct options *o, struct error *err)
{
	const char *path;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && (path = options_nth(o, OPT_falco_rules, i)); i++)
		r = rules_input_add(in, path, RULES_INPUT_YAML_ONLY, err);
	if (i == 0)
		r = rules_input_add_configured(in, config, err);
	return r;
}

int falco_require_rules(const struct rules_input *in, struct error *err)
{
	return rules_input_require(in, "name a file or folder with -r or in rules_files of the configuration", err);
}

int falco_read_first_rules(struct rules_input *in, const struct config *config, const struct options *o,
			   struct error *err)
{
	int r = falco_read_rules(in, config, o, err);

	if (r < 0)
		return r;
	r = falco_require_rules(in, err);
	if (r == 0 || !(in->found || options_has(o, OPT_falco_rules)))
		return r;
	log_warning("%s", err->text);
	return 0;
}

int falco_load_rules(struct session *s, const struct config *config, const struct options *o,
		     const struct engine_options *engine, struct error *err)
{
	int r = falco_read_first_rules(&s->input, config, o, err);

	return r < 0 ? r : rules_input_compile(&s->input, engine, true, &s->rules, err);
}
