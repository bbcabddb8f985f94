/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_CONFIG_H
#define MONITOR_APP_CONFIG_H

#include "app/config_tree.h"
#include "base/cleanup.h"
#include "rule/engine.h"

#define CONFIG_TYPE_BOOL   bool
#define CONFIG_TYPE_TEXT   struct str
#define CONFIG_TYPE_UINT   uint64_t
#define CONFIG_TYPE_INT	   int64_t
#define CONFIG_TYPE_DOUBLE double

/* A falco.yaml with everything that was laid over it. All memory is in the arena. */
struct config {
	struct arena *arena;
	struct yaml_node *root;

#define CONFIG(id, key, type, ...) CONFIG_TYPE_##type id;
#define KEY(key)
#include "app/config.def"
#undef KEY
#undef CONFIG

	/* the same and the rest, ready for use */
	enum priority min_priority;
	struct rule_selection *selections;
	size_t nselections;
	struct append_output *appends;
	size_t nappends;
	struct str *static_names, *static_values;
	size_t nstatic;
	struct str *rules_files;
	size_t nrules_files;
	bool container_plugin;

	/* what a person should know; for the log */
	struct str *warnings;
	size_t nwarnings, warnings_cap;
};

/*
 * Reads a configuration file (path NULL = none: defaults only), the files that it includes, and the assignments of the
 * command line. -EINVAL with the reason when it cannot be used as Falco could not.
 */
int config_load(const char *path, const char *const *assignments, size_t nassignments, struct config **ret_config,
		struct error *err);
/* The same from a text that is already there. */
int config_read(struct str name, struct str text, const char *const *assignments, size_t nassignments,
		struct config **ret_config, struct error *err);
void config_free(struct config *c); /* accepts NULL */
DEFINE_AUTO(struct config, config, config_free);
#define auto_config AUTO(config)

/* What the configuration says to the rule engine; borrows from c. */
struct engine_options config_engine_options(const struct config *c);

/* Remembers a warning; 0 or -ENOMEM. */
int config_warn(struct config *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The lists and maps (config_lists.c), from c->root. */
int config_lists(struct config *c, struct error *err);

#endif
