/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_H
#define MONITOR_APP_FALCO_H

#include "app/config.h"
#include "app/options.h"
#include "app/plugins.h"
#include "app/sandbox.h"
#include "app/session.h"

struct falco_sources;

/* The parts of `monitor falco`; each returns the exit status. */

/* -V: each file's findings on standard output. */
int falco_validate(const struct config *config, const struct options *o, const struct engine_options *engine);
/* -L and -l. */
int falco_describe(const struct config *config, const struct options *o, const struct engine_options *engine);
/* What -L (rule NULL) and -l print of rules that are loaded, all of which are good. JSON without a line end. */
int falco_describe_loaded(struct strbuf *out, struct rule_loader *loader, const char *rule, bool json,
			  struct error *err);
/* --support; command_line is argv. */
int falco_support(const struct config *config, const struct options *o, const struct engine_options *engine,
		  char **command_line);
/* --list-plugins, and --plugin-info when plugin is not NULL. */
int falco_plugins(const struct config *config, const struct plugins *plugins, const char *plugin);
/* Rules over a capture or over what happens, to the configured outputs. Takes programs over. */
int falco_watch(const struct config *config, const struct options *o, const struct plugins *plugins,
		const struct engine_options *engine, const struct falco_sources *sources,
		struct program_starter *programs);

/* What the monitor itself may do. The container plugin is ours and loads nothing. */
static inline enum sandbox_use falco_sandbox(const struct config *config)
{
	return config->nload ? SANDBOX_PLUGINS : SANDBOX_WATCH;
}

/* The log as configuration and flags have it. */
void falco_log(const struct config *config, const struct options *o);

/* The rules that -r or the configuration names, read; there may be none. */
int falco_read_rules(struct rules_input *in, const struct config *config, const struct options *o, struct error *err);
/* -ENOENT when there are none. */
int falco_require_rules(const struct rules_input *in, struct error *err);
/*
 * The same at a start. As in Falco it goes on without any, with a warning, if a folder is there that may be
 * filled later, or with -r; where nothing of the configuration is there it does not.
 */
int falco_read_first_rules(struct rules_input *in, const struct config *config, const struct options *o,
			   struct error *err);
/* The same, compiled; what is found goes to the log. */
int falco_load_rules(struct session *s, const struct config *config, const struct options *o,
		     const struct engine_options *engine, struct error *err);

#endif
