/* SPDX-License-Identifier: Apache-2.0 */
#include "app/setup.h"

#include "app/log.h"

struct engine_options setup_engine_options(const struct config *config)
{
	struct engine_options engine = { .min_priority = PRIORITY_DEBUG, .iso_time = true };

	if (config)
		engine = config_engine_options(config);
	engine.fields.container_plugin = engine.fields.extensions = true;
	engine.ours = true;
	return engine;
}

int setup_load(struct setup *s, const struct options *o, const struct setup_options *ids, struct error *err)
{
	const char *path = options_value(o, ids->config, NULL);
	int r = path ? config_load(path, NULL, 0, &s->config, err) : 0;

	s->engine = setup_engine_options(s->config);
	if (r == 0)
		r = plugins_load(&s->plugins, &(struct plugins_choice){ s->config, o, ids->plugin, ids->together },
				 err);
	return r == 0 ? plugins_offer(&s->plugins, &s->engine, err) : r;
}

void setup_free(struct setup *s)
{
	plugins_free(&s->plugins);
	config_free(s->config);
	s->config = NULL;
}

void setup_tell_warnings(const struct config *config)
{
	for (size_t i = 0; config && i < config->nwarnings; i++)
		log_warning(STR_FMT, STR_ARG(config->warnings[i]));
}

int setup_add_rules(const struct config *config, const struct options *o, enum option_id rules, struct rules_input *in,
		    struct error *err)
{
	int r;

	if (!config || options_has(o, rules) ||
	    (!config_tree_get(config->root, "rules_files") && !config_tree_get(config->root, "rules_file")))
		return 0;
	r = rules_input_add_configured(in, config, err);
	if (r < 0)
		return r;
	/* other rules in their place would pass for these */
	return rules_input_require(in, "mend rules_files of the configuration, or name a file or folder with -r", err);
}
