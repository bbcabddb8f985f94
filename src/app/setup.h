/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_SETUP_H
#define MONITOR_APP_SETUP_H

#include "app/config.h"
#include "app/options.h"
#include "app/plugins.h"
#include "app/rules_input.h"

/*
 * What the command line of our own commands says about rules, beside the files that they are in: a
 * configuration (--config) and plugins (--plugin). Zero-initialise; everything that was made with the
 * engine's options goes before it.
 */
struct setup {
	struct config *config; /* NULL = none was named */
	struct plugins plugins;
	struct engine_options engine; /* borrows from both */
};

/* The options of a command, as rows of options.def. */
struct setup_options {
	enum option_id config, plugin;
	bool together; /* the events will come of a capture */
};

int setup_load(struct setup *s, const struct options *o, const struct setup_options *ids, struct error *err);
void setup_free(struct setup *s);

static inline void setup_autofree(struct setup *s)
{
	setup_free(s);
}
#define auto_setup __attribute__((cleanup(setup_autofree)))

/* What our own commands ask of the engine; config may be NULL. */
struct engine_options setup_engine_options(const struct config *config);
void setup_tell_warnings(const struct config *config); /* NULL has none */
/*
 * Adds the rules that the configuration names, unless the option names some. -ENOENT when it has the key and
 * no file comes of it. config may be NULL.
 */
int setup_add_rules(const struct config *config, const struct options *o, enum option_id rules, struct rules_input *in,
		    struct error *err);

#endif
